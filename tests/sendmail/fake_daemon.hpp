#pragma once
// What listens on the daemon's socket, in a thread: answers each command as the test says, and
// keeps what it was told.

#include "maild/base/unique_fd.hpp"

#include <cerrno>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace maild::test {

class FakeDaemon {
public:
    // What a command is answered, without CRLF; empty: the usual. "close" ends the connection.
    using Answer = std::function<std::string(const std::string& command)>;

    explicit FakeDaemon(std::string path, Answer answer = {})
        : path_(std::move(path)), answer_(std::move(answer)) {
        listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
        ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::listen(listener_.get(), 16);
        thread_ = std::thread([this] { serve(); });
    }
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;
    ~FakeDaemon() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
        ::unlink(path_.c_str());
    }

    std::vector<std::string> commands() const {
        const std::lock_guard lock(mutex_);
        return commands_;
    }
    std::vector<std::string> contents() const {
        const std::lock_guard lock(mutex_);
        return contents_;
    }

private:
    void serve() {
        while (true) {
            const UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
            if (!client) return;
            in_.clear();
            say(client.get(), "220 mail.x.test");
            while (converse(client.get())) {
            }
        }
    }

    bool converse(int client) {
        const auto line = read_line(client);
        if (line.empty()) return false;
        {
            const std::lock_guard lock(mutex_);
            commands_.push_back(line);
        }
        if (line.starts_with("BDAT ")) read_content(client, std::stoul(line.substr(5)));
        auto reply = answer_ ? answer_(line) : std::string();
        if (reply == "close") return false;
        if (reply.empty())
            reply = line.starts_with("EHLO") ? "250-mail.x.test\r\n250-XLOCAL ada x.test\r\n250 DSN"
                                             : "250 2.0.0 OK";
        say(client, reply);
        return !line.starts_with("QUIT");
    }

    void say(int client, const std::string& reply) {
        const auto text = reply + "\r\n";
        (void)!::send(client, text.data(), text.size(), MSG_NOSIGNAL);
    }
    bool read_more(int client) {
        char piece[4096];
        const auto count = ::recv(client, piece, sizeof piece, 0);
        if (count > 0) in_.append(piece, static_cast<std::size_t>(count));
        return count > 0;
    }
    std::string read_line(int client) {
        while (!in_.contains("\r\n"))
            if (!read_more(client)) return {};
        auto line = in_.substr(0, in_.find("\r\n"));
        in_.erase(0, line.size() + 2);
        return line;
    }
    void read_content(int client, std::size_t size) {
        while (in_.size() < size)
            if (!read_more(client)) return;
        const std::lock_guard lock(mutex_);
        contents_.push_back(in_.substr(0, size));
        in_.erase(0, size);
    }

    std::string path_;
    Answer answer_;
    UniqueFd listener_;
    std::string in_;
    mutable std::mutex mutex_;
    std::vector<std::string> commands_;
    std::vector<std::string> contents_;
    std::thread thread_;
};

} // namespace maild::test
