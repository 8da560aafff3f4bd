#include "daemon/startup_report.hpp"

#include <array>
#include <cerrno>
#include <sysexits.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

// One write of at most PIPE_BUF bytes: the exit code, then the reason.
constexpr std::size_t kMaxReport = 4096;

void report(UniqueFd& pipe, int exit_code, std::string_view reason) {
    if (!pipe) return;
    std::string text(1, static_cast<char>(exit_code));
    text += reason.substr(0, kMaxReport - 1);
    // Nobody may wait any more (^C); SIGPIPE is ignored.
    [[maybe_unused]] const auto written = ::write(pipe.get(), text.data(), text.size());
    pipe.reset();
}

} // namespace

void StartupReport::ready() { report(pipe_, EX_OK, {}); }

void StartupReport::failed(int exit_code, std::string_view reason) {
    report(pipe_, exit_code, reason);
}

StartupOutcome await_startup(UniqueFd pipe) {
    std::string text;
    std::array<char, kMaxReport> piece{};
    for (;;) {
        const auto count = ::read(pipe.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
    if (text.empty()) return {EX_SOFTWARE, "the daemon died before it was ready; see the log"};
    return {static_cast<unsigned char>(text.front()), text.substr(1)};
}

int exit_code_for(Errc code) {
    switch (code) {
    case Errc::invalid_argument:
    case Errc::already_exists:
    case Errc::cannot: return EX_CONFIG;
    case Errc::not_permitted: return EX_NOPERM;
    case Errc::io:
    case Errc::no_space: return EX_IOERR;
    case Errc::busy:
    case Errc::unavailable:
    case Errc::timed_out: return EX_TEMPFAIL;
    default: return EX_SOFTWARE;
    }
}

} // namespace maild::daemon
