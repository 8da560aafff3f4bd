#pragma once
// What an SMTP or LMTP server answers (RFC 5321 §4.2), as its client reads it: lines to a reply
// with its enhanced status code (RFC 2034, RFC 3463). Pure and total over all bytes. A reply that
// breaks the grammar ends the session, because nobody knows any more which command the next line
// answers. What a server says is kept for people, without anything that could do harm where it is
// shown: no controls, and valid UTF-8.

#include "maild/base/cursor.hpp"
#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::relay {

// RFC 5321 §4.5.3.1.5 allows 512 octets with CRLF; servers that explain a policy send more. What is
// behind this is left out of the words.
inline constexpr std::size_t kMaxReplyLine = 2048;
inline constexpr std::size_t kMaxReplyLines = 100;
inline constexpr std::size_t kMaxReplyOctets = 64 * 1024; // of all lines together

// class "." subject "." detail, RFC 3463 §2
struct Status {
    std::uint16_t kind = 0; // 2, 4 or 5
    std::uint16_t subject = 0;
    std::uint16_t detail = 0;

    std::string format() const; // "5.1.1"
    friend bool operator==(const Status&, const Status&) = default;
};

// The whole text is one; a class of 2, 4 or 5, no leading zeros.
std::optional<Status> parse_status(std::string_view text);

// One line without its CRLF: code, whether more follow, and what stands behind.
struct ReplyLine {
    int code = 0;
    bool is_last = true;
    std::string_view text;
};
// Reply-line, §4.2: a code from 200 to 599; SP, "-" or the end behind it.
Result<ReplyLine, SyntaxError> parse_reply_line(std::string_view line);

struct Reply {
    int code = 0;
    std::optional<Status> status;   // of the first line that has one of the code's own class
    std::vector<std::string> lines; // cleaned texts, status included; never empty

    int kind() const { return code / 100; } // 2 to 5
    bool is_positive() const { return kind() == 2; }
    bool is_transient() const { return kind() == 4; }
    bool is_permanent() const { return kind() == 5; }
    // The status, or X.0.0 of the code's class.
    Status status_or_class() const;
    // In one line, as a DSN's Diagnostic-Code has it behind "smtp;": "550 5.1.1 No such user".
    std::string words() const;
};

// Collects the lines of one reply.
class ReplyBuilder {
public:
    // True when the reply is whole: take() it. protocol_error: no reply line, or another code than
    // the line before (§4.2.1); too_large: beyond a limit.
    Result<bool> put(std::string_view line);
    Reply take(); // and begin anew

private:
    Reply reply_;
    std::size_t octets_ = 0;
};

// For people: controls become spaces, and octets that are no UTF-8 become "?".
std::string cleaned(std::string_view text);

} // namespace maild::relay
