#include "maild/mail/address.hpp"

#include "mail/lexer.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

namespace maild::mail {
namespace {

bool is_atom_octet(char c, Utf8 utf8) {
    return is_atext(c) || (utf8 == Utf8::allowed && ascii::is_8bit(c)); // RFC 6531 §3.3
}

// qtextSMTP, RFC 5321 §4.1.2: printable but '"' and '\'.
bool is_qtext(char c, Utf8 utf8) {
    if (ascii::is_8bit(c)) return utf8 == Utf8::allowed;
    return !ascii::is_control(c) && c != '"' && c != '\\';
}

bool is_dot_string(std::string_view text) {
    char before = '.';
    for (const char c : text) {
        const bool fits = c == '.' ? before != '.' : is_atom_octet(c, Utf8::allowed);
        if (!fits) return false;
        before = c;
    }
    return before != '.';
}

// Dot-string = Atom *("." Atom)
Result<std::string, SyntaxError> parse_dot_string(Cursor& in, Utf8 utf8) {
    const auto text = in.rest();
    const auto begin = in.offset();
    do {
        const auto atom = in.take_while([utf8](char c) { return is_atom_octet(c, utf8); });
        if (atom.empty()) return in.expected("localpart");
    } while (in.take('.'));
    return std::string(text.substr(0, std::min(in.offset() - begin, kMaxLocalpartLength)));
}

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE. It may be empty; whether such a user exists is not
// our question.
Result<std::string, SyntaxError> parse_quoted_string(Cursor& in, Utf8 utf8) {
    in.take('"');
    std::string decoded;
    while (!in.take('"')) {
        if (in.take('\\')) { // quoted-pairSMTP = %d92 %d32-126
            if (in.at_end() || ascii::is_control(in.peek()) || ascii::is_8bit(in.peek())) {
                return in.expected("printable character after \\");
            }
            decoded += in.take_bytes(1);
            continue;
        }
        const auto text = in.take_while([utf8](char c) { return is_qtext(c, utf8); });
        if (text.empty()) return in.expected("closing quote");
        decoded += text;
        if (decoded.size() > kMaxLocalpartLength) break; // the caller measures and refuses
    }
    return decoded;
}

} // namespace

Result<std::string, SyntaxError> parse_local_part(Cursor& in, Utf8 utf8) {
    const auto begin = in;
    auto localpart = in.next_is('"') ? parse_quoted_string(in, utf8) : parse_dot_string(in, utf8);
    if (!localpart) return localpart;
    if (in.offset() - begin.offset() > kMaxLocalpartLength) {
        return begin.expected("localpart of at most 64 octets");
    }
    if (!is_utf8(*localpart)) return begin.expected("valid UTF-8");
    return localpart;
}

Result<Address, SyntaxError> parse_mailbox(Cursor& in, Utf8 utf8) {
    const auto begin = in;
    auto localpart = parse_local_part(in, utf8);
    if (!localpart) return std::unexpected(localpart.error());
    if (!in.take('@')) return in.expected("@");
    auto domain = in.next_is('[') ? parse_address_literal(in) : parse_domain(in, utf8);
    if (!domain) return std::unexpected(domain.error());
    Address address{std::move(*localpart), std::move(*domain)};
    const auto written = in.offset() - begin.offset();
    if (std::max(written, address.format().size()) > kMaxMailboxLength) {
        return begin.expected("address of at most 254 octets");
    }
    return address;
}

Result<Address, SyntaxError> parse_address(std::string_view text, Utf8 utf8) {
    Cursor in(text);
    auto address = parse_mailbox(in, utf8);
    if (address && !in.at_end()) return in.expected("end of address");
    return address;
}

std::string format_localpart(std::string_view localpart) {
    return is_dot_string(localpart) ? std::string(localpart) : quoted_string(localpart);
}

std::string Address::format() const { return format_localpart(localpart) + "@" + domain.ascii(); }

} // namespace maild::mail
