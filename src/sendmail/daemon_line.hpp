#pragma once
// A conversation with the daemon over its Unix socket: SMTP, one command after the other, in
// blocking calls with a time limit each. Errors are unavailable: nobody listens there; closed,
// timed_out, protocol_error: it went wrong later.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace maild::sendmail {

struct Reply {
    int code = 0;
    std::string text; // without codes; '\n' parts the lines

    bool is_good() const { return code / 100 == 2; }
    bool is_transient() const { return code / 100 == 4; }
    std::string words() const { return std::to_string(code) + ' ' + text; }
};

inline constexpr std::chrono::seconds kCommandTime{120};
inline constexpr std::chrono::seconds kContentTime{600}; // RFC 5321 §4.5.3.2.6

Result<UniqueFd> connect_to(const std::string& socket);

class DaemonLine {
public:
    // Connected, greeted, and EHLO said.
    static Result<DaemonLine> open(const std::string& socket, const std::string& hostname);

    // The command without CRLF; what may stand in it, its maker has seen to.
    Result<Reply> ask(std::string_view command);
    // Octets that need no answer yet; then the answer that comes after a while.
    Result<void> write(std::string_view octets);
    Result<Reply> read_reply(std::chrono::seconds patience);

    const std::string& user() const { return user_; } // who we are to the daemon
    const std::string& domain() const { return domain_; }

private:
    explicit DaemonLine(UniqueFd socket) : socket_(std::move(socket)) {}
    Result<void> greet(const std::string& hostname);
    Result<std::string> read_line();

    UniqueFd socket_;
    std::string in_; // what was read and not used
    std::string user_;
    std::string domain_;
};

} // namespace maild::sendmail
