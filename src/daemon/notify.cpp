#include "daemon/notify.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <unistd.h>

namespace maild::daemon::notify {

void ready(std::string_view status) {
    ::sd_notify(
        0, ("READY=1\nMAINPID=" + std::to_string(::getpid()) + "\nSTATUS=" + std::string(status))
               .c_str());
}

void reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto usec = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    ::sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec)).c_str());
}

void stopping() { ::sd_notify(0, "STOPPING=1"); }

void alive() { ::sd_notify(0, "WATCHDOG=1"); }

std::optional<std::chrono::microseconds> watchdog_interval() {
    std::uint64_t usec = 0;
    if (::sd_watchdog_enabled(0, &usec) <= 0) return std::nullopt;
    return std::chrono::microseconds(usec / 2);
}

} // namespace maild::daemon::notify
