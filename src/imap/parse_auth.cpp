// LOGIN, AUTHENTICATE, ID, ENABLE.
#include "imap/limits.hpp"
#include "imap/parse.hpp"

#include "maild/base/ascii.hpp"

namespace maild::imap {

namespace {

bool is_base64_char(char c) { return ascii::is_alnum(c) || c == '+' || c == '/' || c == '='; }

Parsed<bool> parse_id_pair(Cursor& in, Id& id) {
    if (id.fields.size() == kMaxIdPairs) return in.expected("at most 30 fields");
    auto field = parse_string(in);
    if (!field) return std::unexpected(field.error());
    if (!in.take(' ')) return in.expected("space");
    auto value = parse_nstring(in);
    if (!value) return std::unexpected(value.error());
    if (field->size() > kMaxIdField || (*value && (*value)->size() > kMaxIdValue))
        return in.expected("shorter field");
    id.fields.emplace_back(std::move(*field), std::move(*value));
    return true;
}

} // namespace

// login = "LOGIN" SP userid SP password
Parsed<Arguments> parse_login(Cursor& in) {
    if (!in.take(' ')) return in.expected("user name");
    auto user = parse_astring(in);
    if (!user) return std::unexpected(user.error());
    if (!in.take(' ')) return in.expected("password");
    auto password = parse_astring(in);
    if (!password) return std::unexpected(password.error());
    return Login{std::move(*user), std::move(*password)};
}

// authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]
Parsed<Arguments> parse_authenticate(Cursor& in) {
    if (!in.take(' ')) return in.expected("mechanism");
    const auto mechanism = parse_atom(in);
    if (!mechanism) return std::unexpected(mechanism.error());
    if (!in.take(' ')) return Authenticate{*mechanism, std::nullopt};
    const auto response = in.take_while(is_base64_char);
    if (response.empty()) return in.expected("base64");
    return Authenticate{*mechanism, response};
}

// id = "ID" SP ("(" *(string SP nstring) ")" / nil), RFC 2971 §4
Parsed<Arguments> parse_id(Cursor& in) {
    if (!in.take(' ')) return in.expected("parameter list");
    Id id;
    if (in.take_icase("NIL")) return id;
    if (!in.take('(')) return in.expected("(");
    if (in.take(')')) return id;
    do {
        const auto pair = parse_id_pair(in, id);
        if (!pair) return std::unexpected(pair.error());
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return id;
}

// enable = "ENABLE" 1*(SP capability), RFC 5161 §4
Parsed<Arguments> parse_enable(Cursor& in) {
    Enable enable;
    while (in.take(' ')) {
        const auto capability = parse_atom(in);
        if (!capability) return std::unexpected(capability.error());
        if (enable.capabilities.size() == kMaxEnable) return in.expected("fewer capabilities");
        enable.capabilities.push_back(*capability);
    }
    if (enable.capabilities.empty()) return in.expected("capability");
    return enable;
}

// compress = "COMPRESS" SP "DEFLATE", RFC 4978 §5
Parsed<Arguments> parse_compress(Cursor& in) {
    if (!in.take(' ') || !in.take_icase("DEFLATE")) return in.expected("DEFLATE");
    return NoArguments{};
}

} // namespace maild::imap
