#include "maild/base/ascii.hpp"
#include "maild/directory/resolve.hpp"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>

namespace maild::directory {

std::string canonical_localpart(std::string_view localpart) {
    auto lower = ascii::to_lower(localpart);
    if (std::ranges::none_of(lower, ascii::is_8bit)) return lower;
    UErrorCode status = U_ZERO_ERROR;
    const auto* nfc = icu::Normalizer2::getNFCInstance(status);
    if (U_FAILURE(status)) return lower;
    const auto composed = nfc->normalize(icu::UnicodeString::fromUTF8(lower), status);
    if (U_FAILURE(status)) return lower;
    std::string out;
    composed.toUTF8String(out);
    return out;
}

Result<mail::Address> canonical_address(std::string_view text) {
    auto parsed = mail::parse_address(text, mail::Utf8::allowed);
    if (!parsed) return fail(Errc::invalid_argument, "'" + std::string(text) + "' is no address");
    parsed->localpart = canonical_localpart(parsed->localpart);
    return std::move(*parsed);
}

// The greedy match of glob(7) with one point to come back to: the last '*' that was passed.
bool matches_pattern(std::string_view pattern, std::string_view localpart) {
    std::size_t p = 0, i = 0;
    std::size_t star = std::string_view::npos, resume = 0;
    while (i < localpart.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = i;
        } else if (p < pattern.size() && pattern[p] == localpart[i]) {
            ++p;
            ++i;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            i = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

} // namespace maild::directory
