#pragma once
// What systemd hears (sd_notify(3)): nothing happens where it did not start us.

#include <chrono>
#include <optional>
#include <string_view>

namespace maild::daemon::notify {

void ready(std::string_view status);
void reloading();
void stopping();
void alive(); // WATCHDOG=1

// How often alive() is wanted: half of WatchdogSec.
std::optional<std::chrono::microseconds> watchdog_interval();

} // namespace maild::daemon::notify
