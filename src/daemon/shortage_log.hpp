#pragma once
// What a worker turned away because limits.memory, or limits.connections, left no room: one line
// in the log for the admin, with what to raise; at once, and then at most once a minute with a
// count. Belongs to one thread, and to its io_context, with which it ends.

#include "maild/net/task.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace maild::daemon {

class ShortageLog {
public:
    // Settings as the configuration spells them.
    struct Remedies {
        std::string mail;
        std::string connections;
    };

    explicit ShortageLog(boost::asio::io_context& io,
                         std::chrono::milliseconds pause = std::chrono::minutes(1))
        : io_(io), pause_(pause) {}

    void set_remedies(Remedies remedies) { remedies_ = std::move(remedies); }
    void mail_refused() { note(mail_); }
    // One without an account told to make room for another, or one who comes refused.
    void connection_turned_away() { note(connections_); }

private:
    void note(std::size_t& count);
    net::Task<void> pause();
    void write();

    boost::asio::io_context& io_;
    std::chrono::milliseconds pause_;
    Remedies remedies_;
    std::size_t mail_ = 0;
    std::size_t connections_ = 0;
    bool is_pausing_ = false;
};

} // namespace maild::daemon
