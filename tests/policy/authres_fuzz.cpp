// Input: the body of a field. What can be read is written and read again; and a header section
// without the forged fields has none.
#include "maild/base/ensure.hpp"
#include "maild/policy/authres.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)policy::parse_authentication_results(text, mail::Utf8::refused);
    const auto results = policy::parse_authentication_results(text);
    if (results) {
        const auto field = policy::format_authentication_results(*results);
        const auto again = policy::parse_authentication_results(
            std::string_view(field).substr(field.find(':') + 1));
        ensure(again && *again == *results, "it does not read what it wrote");
    }
    std::string content(text);
    const auto id = results ? results->authserv_id : std::string("a.example");
    const auto forged = policy::forged_results(content, id);
    for (auto range = forged.rbegin(); range != forged.rend(); ++range)
        content.erase(range->begin, range->end - range->begin);
    ensure(policy::forged_results(content, id).empty(), "a forged field is left");
    return 0;
}
