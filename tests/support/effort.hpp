#pragma once
// How much of a random test runs: the usual number, what the environment asks for instead, or a
// tenth under a sanitizer, which makes each step some ten times as slow.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace maild::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

inline std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

inline std::uint64_t rounds(const char* variable, std::uint64_t usual) {
    return number_from(variable, kIsSanitized ? std::max<std::uint64_t>(usual / 10, 1) : usual);
}

} // namespace maild::test
