#pragma once
// Mail addresses as SMTP knows them (RFC 5321 §4.1.2, §4.1.3; with UTF-8: RFC 6531 §3.3). Values
// without ties to anything; every function is pure and total over all byte strings. The rule
// functions parse_x(Cursor&) take what the rule matches and leave the rest; after a failure the
// cursor's position means nothing, so copy it first to fall back. Limits: RFC 5321 §4.5.3.1,
// checked before anything is copied.

#include "maild/base/cursor.hpp"
#include "maild/base/error.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::mail {

// Octets as written, quotes included, §4.5.3.1.1.
inline constexpr std::size_t kMaxLocalpartLength = 64;
inline constexpr std::size_t kMaxDomainLength = 255; // octets, §4.5.3.1.2
inline constexpr std::size_t kMaxLabelLength = 63;   // octets, RFC 1035 §2.3.4
// A path is at most 256 with its brackets, §4.5.3.1.3.
inline constexpr std::size_t kMaxMailboxLength = 254;

// Whether octets above 0x7f may appear: after SMTPUTF8, in a UTF-8 header, in what an admin types.
enum class Utf8 : std::uint8_t { refused, allowed };

// A domain name in A-labels and lower case, so that equal domains are equal bytes; or an address
// literal with its brackets in one spelling ("[192.0.2.1]", "[IPv6:2001:db8::1]"). Default: no
// domain, ascii() is empty.
class Domain {
public:
    Domain() = default;
    // The whole text: a domain or a literal. U-labels become A-labels (IDNA 2008 with UTS #46
    // mapping).
    static Result<Domain, SyntaxError> parse(std::string_view text, Utf8 utf8 = Utf8::allowed);

    const std::string& ascii() const { return ascii_; }
    // With U-labels, to show to people; what cannot be decoded stays as it is.
    std::string unicode() const;
    bool is_literal() const { return ascii_.starts_with('['); }
    bool empty() const { return ascii_.empty(); }

    friend auto operator<=>(const Domain&, const Domain&) = default;

private:
    friend Result<Domain, SyntaxError> parse_domain(Cursor& in, Utf8 utf8);
    friend Result<Domain, SyntaxError> parse_address_literal(Cursor& in);
    explicit Domain(std::string ascii) : ascii_(std::move(ascii)) {}
    std::string ascii_;
};

// What RFC 5321 calls Mailbox. The localpart is decoded: without quotes and backslashes, so
// `"ada"@d` equals `ada@d`. Its case is kept and counts (§2.4); folding it is the directory's
// decision.
struct Address {
    std::string localpart;
    Domain domain;

    std::string format() const; // as in a path, the localpart quoted again where it must be
    friend auto operator<=>(const Address&, const Address&) = default;
};

// The localpart as it is written: as it is if it is a Dot-string, otherwise quoted.
std::string format_localpart(std::string_view localpart);

// Local-part = Dot-string / Quoted-string; the result is decoded. With Utf8::allowed it is valid
// UTF-8.
Result<std::string, SyntaxError> parse_local_part(Cursor& in, Utf8 utf8);
// Domain = sub-domain *("." sub-domain), as EHLO also takes it. No trailing dot.
Result<Domain, SyntaxError> parse_domain(Cursor& in, Utf8 utf8);
// address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"; no other tag is
// registered.
Result<Domain, SyntaxError> parse_address_literal(Cursor& in);
// Mailbox = Local-part "@" ( Domain / address-literal )
Result<Address, SyntaxError> parse_mailbox(Cursor& in, Utf8 utf8);

// The whole text is one Mailbox.
Result<Address, SyntaxError> parse_address(std::string_view text, Utf8 utf8);

} // namespace maild::mail
