#include "daemon/log_output.hpp"

#include "maild/base/log.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

log::Level level_of(LogLevel level) {
    switch (level) {
    case LogLevel::debug: return log::Level::debug;
    case LogLevel::info: return log::Level::info;
    case LogLevel::warning: return log::Level::warning;
    case LogLevel::error: return log::Level::error;
    }
    return log::Level::info;
}

UniqueFd open_target(const LogSettings& settings) {
    switch (settings.target) {
    case LogSettings::Target::file:
        return UniqueFd(::open(settings.path.c_str(),
                               O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
                               0640));
    case LogSettings::Target::syslog:
        return UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    case LogSettings::Target::standard_error:
        return UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    }
    return {};
}

} // namespace

Result<UniqueFd> open_log(const LogSettings& settings) {
    auto descriptor = open_target(settings);
    if (!descriptor) return fail_errno("log " + settings.path);
    return descriptor;
}

UniqueFd open_log_reader(const LogSettings& settings) {
    if (settings.target != LogSettings::Target::file) return {};
    return UniqueFd(
        ::open(settings.path.c_str(), O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
}

void use_log(const LogOutput& output, int descriptor) {
    if (output.target == LogSettings::Target::syslog)
        log::to_syslog_socket(descriptor, "maild");
    else
        log::to_descriptor(descriptor);
    log::set_level(level_of(output.level));
}

} // namespace maild::daemon
