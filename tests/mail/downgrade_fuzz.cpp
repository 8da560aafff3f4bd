// Surrogates of header sections: ASCII, bounded, and nothing is left to do, nor behind the empty
// line.
#include "maild/base/ascii.hpp"
#include "maild/base/ensure.hpp"
#include "maild/mail/downgrade.hpp"
#include "maild/mail/header.hpp"

#include <algorithm>
#include <cstdint>

using namespace maild;
using namespace maild::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view content(reinterpret_cast<const char*>(data), size);
    const auto header = content.substr(0, parse_header(content).body_begin);
    const auto out = downgrade_header(header);
    ensure(std::ranges::none_of(out, ascii::is_8bit), "ASCII");
    ensure(out.size() <= 10 * header.size() + 1000, "size");
    ensure(downgrade_header(out) == out, "once is enough");
    ensure(parse_header(out).body_begin == out.size(), "end");
    return 0;
}
