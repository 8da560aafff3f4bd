// Records and macros of any octets: what parses keeps to the grammar, expands within its bound, and
// the domain-specs in it are those that the macro language takes.
#include "policy/spf_macro.hpp"
#include "policy/spf_record.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/ensure.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;
using namespace maild::policy::spf;

namespace {

MacroValues values() {
    MacroValues out;
    out.local_part = "strong-bad+x=y";
    out.sender_domain = out.domain = "email.example.com";
    out.ip = net::parse_ip("2001:db8::cb01").value();
    out.helo = "[192.0.2.1]";
    return out;
}

void check_spec(std::string_view spec) {
    ensure(spec.empty() || is_domain_spec(spec), "a domain-spec");
    const auto name = expand_domain(spec, values());
    ensure(name && name->size() <= 2 * kMaxExpansion, "an expansion within its bound");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (is_explain_string(input))
        ensure(expand(input, values()).has_value(), "what is one expands");
    if (is_domain_spec(input)) {
        ensure(is_explain_string(input), "a domain-spec is a macro-string");
        check_spec(input);
    }
    const auto record = parse_record(input);
    if (!record) {
        ensure(record.error().offset <= std::max(input.size(), kMaxRecord), "an offset inside");
        return 0;
    }
    ensure(is_record(input) && std::ranges::none_of(input, ascii::is_8bit), "ASCII, §3.1");
    for (const auto& directive : record->directives) {
        ensure(directive.ip4_prefix <= 32 && directive.ip6_prefix <= 128, "prefixes");
        ensure(input.contains(directive.text), "as it is written");
        check_spec(directive.domain_spec);
    }
    if (record->redirect) check_spec(*record->redirect);
    if (record->explanation) check_spec(*record->explanation);
    return 0;
}
