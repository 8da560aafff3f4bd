// LIST patterns against a plain recursive matcher, where that is affordable.
#include "imap/list_pattern.hpp"

#include "maild/base/ensure.hpp"

namespace {
bool slow_match(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) return name.empty();
    const char c = pattern.front();
    if (c != '*' && c != '%')
        return !name.empty() && name.front() == c && slow_match(pattern.substr(1), name.substr(1));
    if (slow_match(pattern.substr(1), name)) return true;
    return !name.empty() && (c == '*' || name.front() != '/') &&
           slow_match(pattern, name.substr(1));
}
} // namespace

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto cut = input.find('\n');
    if (cut == std::string_view::npos) return 0;
    const auto pattern = input.substr(0, cut);
    const auto name = input.substr(cut + 1);
    const bool got = imap::ListPattern(pattern).matches(name);
    if (pattern.size() <= 8 && name.size() <= 12 && !name.starts_with("INBOX"))
        ensure(got == slow_match(pattern, name), "matches like the definition");
    return 0;
}
