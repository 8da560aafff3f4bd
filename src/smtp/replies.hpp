#pragma once
// The fixed replies of a session, as they go over the wire. Enhanced codes: RFC 3463; which reply
// fits: RFC 5321 §4.2.3 and §4.3.2, RFC 3207 §4, RFC 4954 §6. Replies to errors of the backend are
// made by reply_for() in reply.cpp.

#include "smtp/command.hpp"

#include <string_view>

namespace maild::smtp::replies {

inline constexpr std::string_view kOk = "250 2.0.0 Ok\r\n";
inline constexpr std::string_view kSenderOk = "250 2.1.0 Ok\r\n";
inline constexpr std::string_view kRecipientOk = "250 2.1.5 Ok\r\n";
inline constexpr std::string_view kCannotVerify = "252 2.1.5 Send the mail and see\r\n";
inline constexpr std::string_view kHelp = "214 2.0.0 RFC 5321\r\n";
inline constexpr std::string_view kBye = "221 2.0.0 Bye\r\n";
inline constexpr std::string_view kStartContent = "354 End data with <CR><LF>.<CR><LF>\r\n";
inline constexpr std::string_view kStartTls = "220 2.0.0 Ready to start TLS\r\n";
inline constexpr std::string_view kLoggedIn = "235 2.7.0 Authentication successful\r\n";

inline constexpr std::string_view kLineTooLong = "500 5.5.6 Line too long\r\n"; // §4.5.3.1.10
inline constexpr std::string_view kBadOctets = "500 5.5.2 NUL or bare CR or LF in a command\r\n";
inline constexpr std::string_view kNotImplemented = "502 5.5.1 Command not implemented\r\n";
inline constexpr std::string_view kWrongHello = "500 5.5.1 Not the greeting of this protocol\r\n";
inline constexpr std::string_view kBadSequence = "503 5.5.1 Bad sequence of commands\r\n";
inline constexpr std::string_view kNeedsBdat = "503 5.5.1 BINARYMIME needs BDAT\r\n";
inline constexpr std::string_view kHelloFirst = "503 5.5.1 Greet first\r\n";
inline constexpr std::string_view kNeedRecipient = "503 5.5.1 Need a valid recipient first\r\n";
inline constexpr std::string_view kTooManyRecipients = "452 4.5.3 Too many recipients\r\n";
inline constexpr std::string_view kTooLarge = "552 5.3.4 Message too large\r\n";
inline constexpr std::string_view kNoMemory = "452 4.3.1 Too much mail in transit\r\n";

inline constexpr std::string_view kLoginFirst = "530 5.7.0 Authentication required\r\n";
inline constexpr std::string_view kTlsFirst = "530 5.7.0 Must issue a STARTTLS command first\r\n";
inline constexpr std::string_view kLoginNeedsTls = "538 5.7.11 Encryption required to log in\r\n";
inline constexpr std::string_view kUnknownMechanism = "504 5.5.4 Unknown mechanism\r\n";
inline constexpr std::string_view kBadExchange = "501 5.5.2 Cannot decode response\r\n";
inline constexpr std::string_view kCancelled = "501 5.7.0 Authentication cancelled\r\n";

// The session ends with these.
inline constexpr std::string_view kTooManyErrors = "421 4.7.0 Too many errors\r\n";
inline constexpr std::string_view kTooManyCommands = "421 4.7.0 Too many commands\r\n";
inline constexpr std::string_view kTooIdle = "421 4.7.0 Too many commands without mail\r\n";
inline constexpr std::string_view kTooManyLogins = "421 4.7.0 Too many failed logins\r\n";
inline constexpr std::string_view kTooManyUnknown = "421 4.7.0 Too many refused recipients\r\n";
inline constexpr std::string_view kNotHttp = "421 4.7.0 This is no web server\r\n";
inline constexpr std::string_view kUnasked = "421 4.7.0 Input before the reply to wait for\r\n";
inline constexpr std::string_view kTalksFirst = "554 5.5.1 Input before the greeting\r\n";
// Octets of a chunk would be taken for commands, so nothing more is read (RFC 3030 §2): it is not
// known where it ends, or more was discarded already than is reasonable.
inline constexpr std::string_view kBadChunk = "501 5.5.4 Syntax error in arguments\r\n"
                                              "421 4.7.0 Cannot go on behind BDAT\r\n";
inline constexpr std::string_view kHugeChunk = "552 5.3.4 Message too large\r\n"
                                               "421 4.7.0 Cannot go on behind BDAT\r\n";
inline constexpr std::string_view kTooManyChunks = "421 4.7.0 Too many chunks\r\n";
inline constexpr std::string_view kTimedOut = "421 4.4.2 Timeout\r\n";
inline constexpr std::string_view kStopping = "421 4.3.2 Service closing, try again\r\n";
// RFC 3463 §3.4 has no closer code.
inline constexpr std::string_view kKicked = "421 4.3.2 The administrator ended this session\r\n";
inline constexpr std::string_view kExpired = "421 4.7.0 The password has expired\r\n";
inline constexpr std::string_view kCrowdedOut = "421 4.7.0 Too many connections, others wait\r\n";
inline constexpr std::string_view kEndlessLine = "421 4.7.0 Line without end\r\n";
inline constexpr std::string_view kEndlessCommand = "500 5.5.6 Line too long\r\n"
                                                    "421 4.7.0 Line without end\r\n";

// RFC 5321 §4.3.2 and §4.1.1.11, RFC 6531 §3.5
constexpr std::string_view of(Problem problem) {
    switch (problem) {
    case Problem::unknown_verb: return "500 5.5.2 Command not recognized\r\n";
    case Problem::syntax: return "501 5.5.4 Syntax error in arguments\r\n";
    case Problem::hello_name: return "501 5.5.4 Domain or address literal expected\r\n";
    case Problem::reverse_path: return "501 5.1.7 Bad sender address syntax\r\n";
    case Problem::forward_path: return "501 5.1.3 Bad recipient address syntax\r\n";
    case Problem::parameter_value: return "501 5.5.4 Bad parameter value\r\n";
    case Problem::unknown_parameter: return "555 5.5.4 Parameter not recognized\r\n";
    case Problem::sender_needs_smtputf8: return "550 5.6.7 Address needs SMTPUTF8\r\n";
    case Problem::recipient_needs_smtputf8: return "553 5.6.7 Address needs SMTPUTF8\r\n";
    }
    return "501 5.5.4 Syntax error\r\n";
}

} // namespace maild::smtp::replies
