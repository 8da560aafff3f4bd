#include "policy/spf_record.hpp"

#include "policy/spf_macro.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::policy::spf {
namespace {

constexpr std::string_view kVersion = "v=spf1";

using Failure = std::unexpected<SyntaxError>;

struct MechanismName {
    std::string_view name;
    Mechanism mechanism;
};
constexpr MechanismName kMechanisms[] = {
    {"all", Mechanism::all}, {"include", Mechanism::include}, {"a", Mechanism::a},
    {"mx", Mechanism::mx},   {"ptr", Mechanism::ptr},         {"ip4", Mechanism::ip4},
    {"ip6", Mechanism::ip6}, {"exists", Mechanism::exists},
};

// name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )
bool is_name_char(char c) { return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.'; }

// "0" / %x31-39 *DIGIT up to the limit: no leading zero.
std::optional<unsigned> prefix_of(std::string_view digits, unsigned limit) {
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0'))
        return std::nullopt;
    unsigned value = 0;
    for (const char c : digits) {
        if (!ascii::is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value <= limit ? std::optional(value) : std::nullopt;
}

// Takes a slash and the digits behind it from the end; nothing if there are none.
std::optional<std::string_view> take_last_prefix(std::string_view& text) {
    const auto end = text.find_last_not_of("0123456789");
    if (end == text.npos || text[end] != '/') return std::nullopt;
    const auto digits = text.substr(end + 1);
    if (digits.empty()) return std::nullopt;
    text = text.substr(0, end);
    return digits;
}

// dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ], at the end of the term: a
// domain-spec may have slashes, but does not end with digits behind one.
bool take_dual_cidr(std::string_view& text, Directive& out) {
    auto digits = take_last_prefix(text);
    if (!digits) return true;
    if (text.ends_with('/')) {
        text.remove_suffix(1);
        const auto prefix = prefix_of(*digits, 128);
        if (!prefix) return false;
        out.ip6_prefix = *prefix;
        digits = take_last_prefix(text);
        if (!digits) return true;
    }
    const auto prefix = prefix_of(*digits, 32);
    if (prefix) out.ip4_prefix = *prefix;
    return prefix.has_value();
}

// ip4-network [ ip4-cidr-length ]; ip6-network [ ip6-cidr-length ]
bool parse_network(std::string_view text, Directive& out) {
    const bool is_v4 = out.mechanism == Mechanism::ip4;
    const auto slash = text.find('/');
    const auto address = text.substr(0, slash);
    const auto parsed = net::parse_ip(address);
    if (!parsed || address.contains(':') == is_v4) return false;
    out.network = *parsed;
    if (slash == text.npos) return true;
    const auto prefix = prefix_of(text.substr(slash + 1), is_v4 ? 32 : 128);
    if (!prefix) return false;
    (is_v4 ? out.ip4_prefix : out.ip6_prefix) = *prefix;
    return true;
}

// What stands behind a mechanism's name.
bool parse_argument(std::string_view text, Directive& out) {
    const auto mechanism = out.mechanism;
    if (mechanism == Mechanism::all) return text.empty();
    if (mechanism == Mechanism::a || mechanism == Mechanism::mx) {
        if (!take_dual_cidr(text, out)) return false;
    }
    const bool is_optional =
        mechanism == Mechanism::a || mechanism == Mechanism::mx || mechanism == Mechanism::ptr;
    if (text.empty()) return is_optional;
    if (!text.starts_with(':')) return false;
    text.remove_prefix(1);
    if (mechanism == Mechanism::ip4 || mechanism == Mechanism::ip6) return parse_network(text, out);
    out.domain_spec = text;
    return is_domain_spec(text);
}

Qualifier take_qualifier(Cursor& in) {
    if (in.take('-')) return Qualifier::fail;
    if (in.take('~')) return Qualifier::softfail;
    if (in.take('?')) return Qualifier::neutral;
    in.take('+');
    return Qualifier::pass;
}

// directive = [ qualifier ] mechanism
Result<Directive, SyntaxError> parse_directive(std::string_view term, std::size_t offset) {
    Cursor in(term);
    Directive out;
    out.qualifier = take_qualifier(in);
    out.text = in.rest();
    const auto name = in.take_while(is_name_char);
    const auto* known = std::ranges::find_if(
        kMechanisms, [&](const MechanismName& row) { return ascii::equals_icase(row.name, name); });
    if (known == std::end(kMechanisms)) return Failure({offset, "a mechanism"});
    out.mechanism = known->mechanism;
    if (!parse_argument(in.rest(), out))
        return Failure({offset + in.offset(), "what goes with this mechanism"});
    return out;
}

// modifier = redirect / explanation / unknown-modifier, its name and "=" taken.
Result<void, SyntaxError> add_modifier(std::string_view name, std::string_view value,
                                       std::size_t offset, Record& record) {
    const bool is_redirect = ascii::equals_icase(name, "redirect");
    if (!is_redirect && !ascii::equals_icase(name, "exp")) {
        if (is_macro_string(value, MacroUse::explanation)) return {}; // §6: ignored, but checked
        return Failure({offset, "a macro-string"});
    }
    auto& place = is_redirect ? record.redirect : record.explanation;
    if (place) return Failure({offset, "this modifier only once"}); // §6
    if (!is_domain_spec(value)) return Failure({offset, "a domain-spec"});
    place = value;
    return {};
}

Result<void, SyntaxError> add_term(std::string_view term, std::size_t offset, Record& record) {
    Cursor in(term);
    const auto name = in.take_while(is_name_char);
    if (!name.empty() && ascii::is_alpha(name[0]) && in.take('='))
        return add_modifier(name, in.rest(), offset, record);
    auto directive = parse_directive(term, offset);
    if (!directive) return std::unexpected(directive.error());
    record.directives.push_back(std::move(*directive));
    return {};
}

} // namespace

bool is_record(std::string_view text) {
    return ascii::starts_with_icase(text, kVersion) &&
           (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

Result<Record, SyntaxError> parse_record(std::string_view text) {
    if (!is_record(text)) return Failure({0, kVersion});
    if (text.size() > kMaxRecord) return Failure({kMaxRecord, "a shorter record"});
    Cursor in(text);
    in.take_bytes(kVersion.size());
    Record record;
    for (;;) {
        in.take_while([](char c) { return c == ' '; });
        if (in.at_end()) return record;
        const auto offset = in.offset();
        const auto term = in.take_while([](char c) { return c != ' '; });
        if (auto added = add_term(term, offset, record); !added)
            return std::unexpected(added.error());
    }
}

} // namespace maild::policy::spf
