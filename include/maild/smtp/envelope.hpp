#pragma once
// The envelope of a mail transaction (RFC 5321 §2.3.1): who sends, with which parameters, and to
// whom. Values made by the command parser, checked by the session, completed by the backend.

#include "maild/base/clock.hpp"
#include "maild/mail/address.hpp"
#include "maild/trace/record.hpp"

#include <chrono>
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

enum class Body : std::uint8_t { seven_bit, eight_bit_mime, binary_mime }; // RFC 6152, RFC 3030

struct DeliverBy { // BY=, RFC 2852, counted from MAIL
    std::chrono::seconds time{};
    bool returns = false; // by-mode R, else N
    bool traces = false;  // by-trace
};

// MAIL FROM: with what follows it.
struct Mail {
    ReversePath reverse_path;
    std::optional<std::uint64_t> size; // RFC 1870: as declared, possibly wrong
    Body body = Body::seven_bit;
    bool smtputf8 = false; // RFC 6531 §3.4
    // RFC 4954 §5, xtext decoded; "<>" when the submitter is unknown.
    std::optional<std::string> auth;
    std::string return_content; // RET, RFC 3461 §4.3: "FULL", "HDRS" or empty
    std::string envelope_id;    // ENVID, §4.4: decoded, printable ASCII; empty without
    bool requiretls = false;    // RFC 8689 §2
    std::optional<std::chrono::seconds> hold_for; // RFC 4865; never both
    std::optional<WallTime> hold_until;
    std::optional<DeliverBy> deliver_by;
    std::optional<std::int8_t> priority; // MT-PRIORITY, RFC 6710: -9 to 9
};

// When a message may go, counted from MAIL (RFC 4865); none: at once.
inline std::optional<WallTime> release_time(const Mail& mail, WallTime begun) {
    if (mail.hold_for) return begun + *mail.hold_for;
    return mail.hold_until;
}

// RCPT TO:. A domain is always there, but for the one address that needs none: "<Postmaster>", any
// case (RFC 5321 §4.1.1.3), which is { "postmaster", empty domain }.
struct Rcpt {
    mail::Address forward_path;
    // NOTIFY, RFC 3461 §4.1: "NEVER", or of SUCCESS, FAILURE and DELAY what was said, in this order
    // and with commas; empty without.
    std::string notify;
    // ORCPT, §4.2: "addr-type;address", the type as it was written, the address decoded: printable
    // ASCII, or UTF-8 for the type utf-8 (RFC 6533 §3); empty without.
    std::string original_recipient;
};

// Where a backend delivers an accepted recipient to: its own type behind this base, handed back to
// it in accept().
struct Route {
    virtual ~Route() = default;
};

// What a backend has looked up of recipients before their turn came: its own type behind this base.
struct Lookups {
    virtual ~Lookups() = default;
};

struct Recipient {
    mail::Address forward_path;
    std::unique_ptr<Route> route;
    std::string notify = {}; // as in Rcpt
    std::string original_recipient = {};
};

struct Envelope {
    std::string id; // of this transaction: in log, Received and the 250; unique on this host,
                    // [0-9A-Za-z.-] only
    Mail mail;
    WallTime begun{}; // when MAIL came
    // What the backend has made of mail.priority, when it accepted the message (RFC 6710).
    std::optional<std::int8_t> priority = {};
    std::vector<Recipient> recipients; // accepted ones in the order of RCPT, duplicates kept
    // For the trace: whoever handles the transaction notes what it has seen, also where it may
    // change nothing else. A stage of the reception adds to record.verdicts; session and
    // connection fill in what they know.
    mutable trace::Record record{};
    mutable std::vector<trace::Step> steps{};   // of the recipient that is being verified
    mutable std::unique_ptr<Lookups> lookups{}; // the backend's
};

} // namespace maild::smtp
