#pragma once
// What an SMTP server answers (RFC 5321 §4.2) with its enhanced status code (RFC 2034, RFC 3463),
// and the one place where an Errc becomes wire text. Texts are ours: no peer byte ever stands in a
// reply.

#include "maild/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::smtp {

// subject and detail of RFC 3463 §2; the class is the reply code's first digit. Absent in the
// greeting, in answers to EHLO, HELO and LHLO, and in 3yz replies (RFC 2034 §3, §4).
struct Status {
    std::uint8_t subject = 0;
    std::uint8_t detail = 0;
    friend bool operator==(Status, Status) = default;
};

struct Reply {
    int code = 0;
    std::optional<Status> status;
    std::string text; // without CR; '\n' parts the lines of a multiline reply
    friend bool operator==(const Reply&, const Reply&) = default;
};

// With CRLF; every line carries code and status.
void append_reply(std::string& out, const Reply& reply);
std::string format_reply(const Reply& reply);

// Which question an error answers: the same Errc reads differently at MAIL and at RCPT.
enum class Step : std::uint8_t { login, sender, recipient, content };

//   no_such_account, not_found   550 5.1.1        disabled                       550 5.2.1
//   no_such_domain               554 5.7.1        over_quota                     452 4.2.2
//   no_space                     452 4.3.1        too_large                      552 5.3.4
//   limit_exceeded               452 4.5.3        busy, unavailable, io, others  451 4.3.0
//   not_permitted   sender 553 5.7.1, else 550 5.7.1
//   cannot          recipient 550 5.1.3, content 554 5.4.6 (loop), else 550 5.7.1
//   authentication_failed        535 5.7.8; at login, busy and its kin are 454 4.7.0 (RFC 4954 §6)
Reply reply_for(Errc code, Step step);

// Why a backend says no: an Error, or the very reply where only the backend knows what to say (a
// policy's verdict, a script's reject). `error.internal` goes to the log in both cases.
struct Refusal {
    Refusal(Error e)
        : error(std::move(e)) {
    } // NOLINT(google-explicit-constructor): `return fail(…)` stays as it is
    Refusal(Reply r, std::string internal = {})
        : error{Errc::not_permitted, std::move(internal)}, reply(std::move(r)) {}

    Error error;
    std::optional<Reply> reply;
};
Reply reply_for(const Refusal& refusal, Step step);

} // namespace maild::smtp
