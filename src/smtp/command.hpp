#pragma once
// Commands of SMTP and LMTP as values (RFC 5321 §4.1.1, RFC 2033 §4.1, RFC 3207, RFC 4954). Pure,
// total over all byte strings. Views point into the line.

#include "maild/smtp/dialect.hpp"
#include "maild/smtp/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <variant>

namespace maild::smtp {

inline constexpr std::size_t kMaxHelloName = 255; // RFC 5321 §4.5.3.1.2
inline constexpr std::size_t kMaxParameters = 16; // of one MAIL or RCPT

struct Hello {
    HelloKind kind;
    std::string_view name; // letters, digits, "-", "_", "." or an address literal
};
struct Data {};
struct Rset {};
struct Noop {};
struct Vrfy {};
struct Help {};
struct Quit {};
struct StartTls {};
struct Auth {
    std::string_view mechanism;
    std::optional<std::string_view> initial_response;
};
struct NotImplemented {};              // EXPN, ETRN, TURN, ATRN, BURL …: known, not ours
struct Bdat {                          // RFC 3030 §2
    std::optional<std::uint64_t> size; // none: not to be understood, and a chunk follows
    bool is_last = false;
};
struct Http {}; // a browser that was led here (ALPACA)

using Command = std::variant<Hello, Mail, Rcpt, Data, Rset, Noop, Vrfy, Help, Quit, StartTls, Auth,
                             NotImplemented, Bdat, Http>;

enum class Problem : std::uint8_t {
    unknown_verb,
    syntax, // of arguments
    hello_name,
    reverse_path,
    forward_path,
    parameter_value,
    unknown_parameter,     // RFC 5321 §4.1.1.11
    sender_needs_smtputf8, // RFC 6531 §3.5
    recipient_needs_smtputf8,
};

struct CommandError {
    Problem problem = Problem::syntax;
    std::size_t offset = 0;    // in the line
    std::string_view expected; // a literal of ours
};

// `line` without CRLF. `utf8`: whether the transaction has SMTPUTF8, for RCPT; MAIL says it itself.
std::expected<Command, CommandError> parse_command(std::string_view line, mail::Utf8 utf8);

// Facts of a verb that the session asks before it handles the command.
struct Rules {
    bool before_hello = false;  // also without a greeting
    bool in_transaction = true; // also after MAIL
    bool last_in_group = true;  // nothing may be pipelined behind it, RFC 2920 §3.1
    bool is_idle = false;       // gets no mail anywhere; counted
};
const Rules& rules_of(const Command& command);

} // namespace maild::smtp
