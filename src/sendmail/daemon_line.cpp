#include "sendmail/daemon_line.hpp"

#include "maild/base/ascii.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace maild::sendmail {
namespace {

constexpr std::size_t kMaxReplyLine = 4'096;
constexpr std::size_t kMaxReplyLines = 200;

void set_patience(int socket, int option, std::chrono::seconds patience) {
    timeval time{};
    time.tv_sec = patience.count();
    ::setsockopt(socket, SOL_SOCKET, option, &time, sizeof time);
}

std::unexpected<Error> failed(std::string_view what) {
    const int number = errno;
    if (number == EAGAIN || number == EWOULDBLOCK)
        return fail(Errc::timed_out, std::string(what) + ": the daemon takes too long");
    return fail(Errc::closed, std::string(what) + ": " + std::strerror(number));
}

// "XLOCAL user domain"
bool take_names(std::string_view line, std::string& user, std::string& domain) {
    constexpr std::string_view kKeyword = "XLOCAL ";
    if (!line.starts_with(kKeyword)) return false;
    line.remove_prefix(kKeyword.size());
    const auto space = line.find(' ');
    if (space == line.npos) return false;
    user = line.substr(0, space);
    domain = line.substr(space + 1);
    return !user.empty() && !domain.empty();
}

} // namespace

Result<UniqueFd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(Errc::unavailable, path + ": too long for a socket");
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return fail(Errc::unavailable, std::string("socket: ") + std::strerror(errno));
    set_patience(socket.get(), SO_SNDTIMEO, kCommandTime);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(Errc::unavailable, path + ": " + std::strerror(errno));
    return socket;
}

Result<DaemonLine> DaemonLine::open(const std::string& socket, const std::string& hostname) {
    auto connected = connect_to(socket);
    if (!connected) return std::unexpected(std::move(connected.error()));
    DaemonLine line(std::move(*connected));
    if (auto greeted = line.greet(hostname); !greeted)
        return std::unexpected(std::move(greeted.error()));
    return line;
}

Result<void> DaemonLine::greet(const std::string& hostname) {
    const auto greeting = read_reply(kCommandTime);
    if (!greeting) return std::unexpected(greeting.error());
    if (!greeting->is_good()) return fail(Errc::unavailable, greeting->words());
    const auto hello = ask("EHLO " + hostname);
    if (!hello) return std::unexpected(hello.error());
    if (!hello->is_good()) return fail(Errc::protocol_error, hello->words());
    std::string_view lines = hello->text;
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        if (take_names(line, user_, domain_)) return {};
    }
    return fail(Errc::protocol_error, "what listens there is not for programs of this host");
}

Result<Reply> DaemonLine::ask(std::string_view command) {
    if (auto written = write(std::string(command) + "\r\n"); !written)
        return std::unexpected(std::move(written.error()));
    return read_reply(kCommandTime);
}

Result<void> DaemonLine::write(std::string_view octets) {
    while (!octets.empty()) {
        const auto sent = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return failed("write");
        octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<std::string> DaemonLine::read_line() {
    std::array<char, 4096> piece{};
    while (true) {
        if (const auto end = in_.find('\n'); end != in_.npos) {
            auto line = in_.substr(0, end);
            in_.erase(0, end + 1);
            if (line.ends_with('\r')) line.pop_back();
            return line;
        }
        if (in_.size() > kMaxReplyLine) return fail(Errc::protocol_error, "a reply without end");
        const auto count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("read");
        if (count == 0) return fail(Errc::closed, "the daemon has ended the connection");
        in_.append(piece.data(), static_cast<std::size_t>(count));
    }
}

// RFC 5321 §4.2
Result<Reply> DaemonLine::read_reply(std::chrono::seconds patience) {
    set_patience(socket_.get(), SO_RCVTIMEO, patience);
    Reply reply;
    for (std::size_t i = 0; i < kMaxReplyLines; ++i) {
        const auto line = read_line();
        if (!line) return std::unexpected(line.error());
        const bool is_reply = line->size() >= 3 && ascii::is_digit((*line)[0]) &&
                              ascii::is_digit((*line)[1]) && ascii::is_digit((*line)[2]);
        if (!is_reply) return fail(Errc::protocol_error, "no reply of SMTP");
        reply.code = ((*line)[0] - '0') * 100 + ((*line)[1] - '0') * 10 + ((*line)[2] - '0');
        if (i > 0) reply.text += '\n';
        if (line->size() > 4) reply.text += line->substr(4);
        if (line->size() == 3 || (*line)[3] != '-') return reply;
    }
    return fail(Errc::protocol_error, "a reply without end");
}

} // namespace maild::sendmail
