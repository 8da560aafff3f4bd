#include "auth/password_hash.hpp"

#include "maild/auth/password.hpp"
#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/base/encoding.hpp"

#include <optional>

namespace maild::auth {
namespace {

std::unexpected<Error> refused(std::string sentence) {
    return fail(Errc::invalid_argument, std::move(sentence));
}
std::unexpected<Error> broken(std::string_view scheme) {
    return refused("the " + std::string(scheme) + " password hash is damaged");
}
std::unexpected<Error> too_costly(std::string_view scheme) {
    return refused("the " + std::string(scheme) +
                   " password hash asks for more memory or time than a login may take");
}

// '.', '/' and alphanumerics: the alphabet of crypt(5) in all its forms.
bool is_crypt_char(char c) { return ascii::is_alnum(c) || c == '.' || c == '/'; }

// PHC's base64 has no padding; strict like libargon2, so that what is stored can be verified.
std::optional<std::size_t> phc_bytes(std::string_view text) {
    std::string padded(text);
    while (padded.size() % 4 != 0) padded += '=';
    const auto bytes = base64_decode(padded);
    if (!bytes || base64_encode(*bytes) != padded) return std::nullopt;
    return bytes->size();
}

// $argon2id$v=19$m=…,t=…,p=…$salt$hash
Result<ParsedHash> parse_argon2(std::string_view text, Scheme scheme, std::string_view name) {
    Cursor in(text);
    in.take(name);
    if (!in.take("v=19$m=")) return broken("argon2");
    const auto memory = in.take_number(UINT32_MAX);
    if (!memory || !in.take(",t=")) return broken("argon2");
    const auto passes = in.take_number(UINT32_MAX);
    if (!passes || !in.take(",p=")) return broken("argon2");
    const auto lanes = in.take_number(UINT32_MAX);
    if (!lanes || !in.take('$')) return broken("argon2");
    const auto not_dollar = [](char c) { return c != '$'; };
    const auto salt = phc_bytes(in.take_while(not_dollar));
    if (!salt || !in.take('$')) return broken("argon2");
    const auto hash = phc_bytes(in.rest());
    const bool whole = hash && *salt >= 8 && *salt <= 64 && *hash >= 16 && *hash <= 64;
    if (!whole || *passes == 0 || *lanes == 0 || *memory < 8 * *lanes) return broken("argon2");
    if (*memory > kMaxArgon2Memory || *passes > kMaxArgon2Passes || *lanes > kMaxArgon2Lanes)
        return too_costly("argon2");
    return ParsedHash{.scheme = scheme, .text = std::string(text)};
}

// $2b$10$ and 53 characters: salt and hash
Result<ParsedHash> parse_bcrypt(std::string_view text) {
    Cursor in(text.substr(4));
    const auto cost = in.take_bytes(2);
    if (cost.size() != 2 || !ascii::is_digit(cost[0]) || !ascii::is_digit(cost[1]) || !in.take('$'))
        return broken("bcrypt");
    const auto rest = in.take_while(is_crypt_char);
    const auto rounds = static_cast<std::uint32_t>((cost[0] - '0') * 10 + (cost[1] - '0'));
    if (!in.at_end() || rest.size() != 53 || rounds < 4) return broken("bcrypt");
    if (rounds > kMaxBcryptCost) return too_costly("bcrypt");
    return ParsedHash{.scheme = Scheme::crypt, .text = std::string(text)};
}

// $6$[rounds=N$]salt$hash
Result<ParsedHash> parse_sha_crypt(std::string_view text, std::size_t hash_length) {
    Cursor in(text.substr(3));
    if (in.take("rounds=")) {
        const auto rounds = in.take_number(UINT32_MAX);
        if (!rounds || *rounds < 1'000 || !in.take('$')) return broken("SHA-crypt");
        if (*rounds > kMaxShaCryptRounds) return too_costly("SHA-crypt");
    }
    const auto salt = in.take_while(is_crypt_char);
    if (salt.empty() || salt.size() > 16 || !in.take('$')) return broken("SHA-crypt");
    const auto hash = in.take_while(is_crypt_char);
    if (!in.at_end() || hash.size() != hash_length) return broken("SHA-crypt");
    return ParsedHash{.scheme = Scheme::crypt, .text = std::string(text)};
}

// $y$j9T$salt$hash: yescrypt with the cost that Debian's passwd(1) uses; other costs are not
// decoded.
Result<ParsedHash> parse_yescrypt(std::string_view text) {
    Cursor in(text.substr(3));
    if (!in.take("j9T$")) return too_costly("yescrypt");
    const auto salt = in.take_while(is_crypt_char);
    if (salt.empty() || salt.size() > 86 || !in.take('$')) return broken("yescrypt");
    const auto hash = in.take_while(is_crypt_char);
    if (!in.at_end() || hash.size() != 43) return broken("yescrypt");
    return ParsedHash{.scheme = Scheme::crypt, .text = std::string(text)};
}

Result<ParsedHash> parse_dollar(std::string_view text) {
    if (text.starts_with("$argon2id$")) return parse_argon2(text, Scheme::argon2id, "$argon2id$");
    if (text.starts_with("$argon2i$")) return parse_argon2(text, Scheme::argon2i, "$argon2i$");
    if (text.starts_with("$2a$") || text.starts_with("$2b$") || text.starts_with("$2y$"))
        return parse_bcrypt(text);
    if (text.starts_with("$5$")) return parse_sha_crypt(text, 43);
    if (text.starts_with("$6$")) return parse_sha_crypt(text, 86);
    if (text.starts_with("$y$")) return parse_yescrypt(text);
    return refused("the password hash is of a scheme that is not supported; use argon2id, bcrypt, "
                   "SHA-512-crypt or a plain password");
}

// {SSHA}base64(digest salt)
Result<ParsedHash> parse_salted(std::string_view text, std::string_view base64, Digest digest) {
    const auto size = digest_of(digest, "").size();
    const auto bytes = base64_decode(base64);
    if (!bytes || bytes->size() <= size) return broken("salted");
    return ParsedHash{.scheme = Scheme::salted_digest,
                      .text = std::string(text),
                      .digest = digest,
                      .expected = bytes->substr(0, size),
                      .salt = bytes->substr(size)};
}

Result<ParsedHash> parse_braced(std::string_view text) {
    const auto end = text.find('}');
    const auto scheme = text.substr(1, end - 1), rest = text.substr(end + 1);
    if (ascii::equals_icase(scheme, "SSHA")) return parse_salted(text, rest, Digest::sha1);
    if (ascii::equals_icase(scheme, "SSHA256")) return parse_salted(text, rest, Digest::sha256);
    if (ascii::equals_icase(scheme, "SSHA512")) return parse_salted(text, rest, Digest::sha512);
    for (const auto known :
         {"ARGON2ID", "ARGON2I", "BLF-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT", "CRYPT"})
        if (ascii::equals_icase(scheme, known)) return parse_dollar(rest);
    return refused("the password scheme {" + std::string(scheme) +
                   "} is not supported; use argon2id, bcrypt, SHA-512-crypt or a plain password");
}

bool is_scheme_char(char c) { return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_'; }

} // namespace

bool is_password_hash(std::string_view text) {
    Cursor in(text);
    if (in.take('{')) return !in.take_while(is_scheme_char).empty() && in.take('}');
    if (in.take('$')) return !in.take_while(is_scheme_char).empty() && in.take('$');
    return false;
}

Result<ParsedHash> parse_hash(std::string_view text) {
    if (text.size() > kMaxHashLength) return refused("the password hash is too long");
    if (!is_password_hash(text)) return refused("this is no password hash");
    return text.front() == '{' ? parse_braced(text) : parse_dollar(text);
}

Result<std::string> parse_password_hash(std::string_view text) {
    auto parsed = parse_hash(text);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    return std::move(parsed->text);
}

} // namespace maild::auth
