// Base64 and hexadecimal: strict, so whatever decodes encodes to the same text again; and UTF-8,
// whose validity cannot depend on what stands behind a whole character.
#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/base/ensure.hpp"
#include "maild/base/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const auto bytes = base64_decode(input))
        ensure(base64_encode(*bytes) == input, "one base64 text for each octet string");
    if (const auto bytes = hex_decode(input))
        ensure(hex_encode(*bytes) == ascii::to_lower(input), "one hexadecimal text");
    ensure(base64_decode(base64_encode(input)) == input, "base64 there and back");
    ensure(hex_decode(hex_encode(input)) == input, "hexadecimal there and back");
    const std::string twice = std::string(input) + std::string(input);
    if (is_utf8(input)) ensure(is_utf8(twice), "valid text twice is valid");
    return 0;
}
