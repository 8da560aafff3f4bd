#pragma once
// Messages and key records as the suites keep them.

#include "support/memory_resolver.hpp"

#include <string>
#include <string_view>

namespace maild::policy::test {

// The suites' files have LF.
inline std::string with_crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n' && !out.ends_with('\r')) out += '\r';
        out += c;
    }
    return out;
}

// dkim-stalwart: lines "name record", which go into `dns`, an empty one, the message.
inline std::string take_records(std::string text, maild::test::MemoryResolver& dns) {
    while (!text.empty() && !text.starts_with('\n')) {
        const auto space = text.find(' ');
        const auto end = text.find('\n');
        dns.add_txt(text.substr(0, space), text.substr(space + 1, end - space - 1));
        text.erase(0, end + 1);
    }
    return with_crlf(text.substr(1));
}

} // namespace maild::policy::test
