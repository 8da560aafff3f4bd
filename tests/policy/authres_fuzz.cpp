// Input: the body of a field. What can be read is written and read again; whatever stands in
// results, it is one field; and a header section without the forged fields has none.
#include "policy/authres_property.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;

// Every piece of the text in another place.
static policy::AuthenticationResults results_of(std::string_view text) {
    policy::AuthenticationResults results;
    results.version = static_cast<unsigned>(text.size());
    const auto piece = [&text] {
        const auto end = std::min(text.find('|'), text.size());
        const std::string out(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        return out;
    };
    results.authserv_id = piece();
    while (!text.empty() && results.results.size() < 200) {
        policy::MethodResult result{piece(), 1, piece(), piece(), piece()};
        while (text.starts_with('.')) result.properties.push_back({piece(), piece(), piece()});
        results.results.push_back(std::move(result));
    }
    return results;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)policy::parse_authentication_results(text, mail::Utf8::refused);
    const auto results = policy::parse_authentication_results(text);
    if (results) ensure(policy::test::problem_of(*results).empty(), "written, it reads otherwise");
    ensure(policy::test::problem_of(results_of(text)).empty(), "it is not one field");
    std::string content(text);
    const auto id = results ? results->authserv_id : std::string("a.example");
    const auto forged = policy::forged_results(content, id);
    for (auto range = forged.rbegin(); range != forged.rend(); ++range)
        content.erase(range->begin, range->end - range->begin);
    ensure(policy::forged_results(content, id).empty(), "a forged field is left");
    return 0;
}
