#pragma once
// The envelope of a mail transaction (RFC 5321 §2.3.1): who sends, with which parameters, and to
// whom. Values made by the command parser, checked by the session, completed by the backend.

#include "maild/mail/address.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace maild::smtp {

// RFC 5321 §4.1.1.2. Source routes are checked and dropped (Appendix C).
struct ReversePath {
    std::optional<mail::Address> address; // none: the null reverse-path "<>" (§4.5.5)

    bool is_null() const { return !address; }
    std::string format() const {
        return address ? address->format() : std::string();
    } // without angle brackets
};

enum class Body : std::uint8_t { seven_bit, eight_bit_mime }; // RFC 6152

// MAIL FROM: with what follows it.
struct Mail {
    ReversePath reverse_path;
    std::optional<std::uint64_t> size; // RFC 1870: as declared, possibly wrong
    Body body = Body::seven_bit;
    bool smtputf8 = false; // RFC 6531 §3.4
    // RFC 4954 §5, xtext decoded; "<>" when the submitter is unknown.
    std::optional<std::string> auth;
};

// RCPT TO:. A domain is always there, but for the one address that needs none: "<Postmaster>", any
// case (RFC 5321 §4.1.1.3), which is { "postmaster", empty domain }.
struct Rcpt {
    mail::Address forward_path;
};

// Where a backend delivers an accepted recipient to: its own type behind this base, handed back to
// it in accept().
struct Route {
    virtual ~Route() = default;
};

struct Recipient {
    mail::Address forward_path;
    std::unique_ptr<Route> route;
};

struct Envelope {
    std::string id; // of this transaction: in log, Received and the 250; unique on this host,
                    // [0-9A-Za-z.-] only
    Mail mail;
    std::vector<Recipient> recipients; // accepted ones in the order of RCPT, duplicates kept
};

} // namespace maild::smtp
