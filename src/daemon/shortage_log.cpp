#include "daemon/shortage_log.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"

namespace maild::daemon {

void ShortageLog::note(std::size_t& count) {
    ++count;
    if (is_pausing_) return;
    is_pausing_ = true;
    write();
    net::spawn(io_, pause(), "shortage_log");
}

net::Task<void> ShortageLog::pause() {
    while (true) {
        co_await net::sleep_for(pause_);
        if (mail_ + connections_ == 0) break;
        write();
    }
    is_pausing_ = false;
}

void ShortageLog::write() {
    std::string raise = mail_ > 0 ? remedies_.mail : std::string();
    if (connections_ > 0 && raise != remedies_.connections)
        raise += (raise.empty() ? "" : ", ") + remedies_.connections;
    log::warning("room_short", {{"messages_refused", std::exchange(mail_, 0)},
                                {"connections_turned_away", std::exchange(connections_, 0)},
                                {"raise", raise}});
}

} // namespace maild::daemon
