#include "maild/sendmail/program.hpp"

#include "sendmail/arguments.hpp"
#include "sendmail/handle.hpp"
#include "sendmail/message.hpp"
#include "sendmail/relay.hpp"
#include "sendmail/spool.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/clock.hpp"
#include "maild/sendmail/pickup.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>

namespace maild::sendmail {
namespace {

constexpr std::size_t kMostRead = 1ull << 30; // octets of a message; the daemon's limit is lower

int complain(int exit, std::string_view text) {
    std::string shown(text);
    std::ranges::replace(shown, '\n', ' ');
    std::fprintf(stderr, "sendmail: %s\n", shown.c_str());
    return exit;
}

std::string own_path() {
    std::array<char, PATH_MAX> path{};
    const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
    return {path.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

// The first part of GECOS, in which "&" stands for the name (passwd(5)).
std::string full_name_of_user() {
    const passwd* entry = ::getpwuid(::getuid());
    if (entry == nullptr || entry->pw_gecos == nullptr) return {};
    const std::string_view gecos(entry->pw_gecos);
    std::string out;
    for (const char c : gecos.substr(0, gecos.find(','))) {
        if (c != '&') {
            out += ascii::is_control(c) ? '?' : c;
            continue;
        }
        std::string name(entry->pw_name);
        if (!name.empty()) name[0] = ascii::to_upper(name[0]);
        out += name;
    }
    return out;
}

Result<std::string> read_input() {
    std::string out;
    std::array<char, 65'536> piece{};
    while (true) {
        const auto count = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("standard input");
        if (count == 0) return out;
        out.append(piece.data(), static_cast<std::size_t>(count));
        if (out.size() > kMostRead) return fail(Errc::too_large, "the message is too large");
    }
}

std::string make_unique() {
    SystemRandom random;
    const auto now = SystemClock().now().time_since_epoch().count();
    return std::to_string(now) + '.' + std::to_string(random.next());
}

Result<std::vector<std::string>> all_recipients(const Invocation& invocation,
                                                std::string_view content) {
    std::vector<std::string> all;
    for (const auto& argument : invocation.recipients) {
        auto some = recipients_of(argument);
        if (!some) return some;
        std::ranges::move(*some, std::back_inserter(all));
    }
    if (!invocation.reads_recipients) return all;
    auto named = recipients_in(content);
    if (!named) return named;
    for (auto& address : *named)
        if (std::ranges::find(all, address) == all.end()) all.push_back(std::move(address));
    if (all.empty()) return fail(Errc::invalid_argument, "the message names no recipients");
    return all;
}

Result<Submission> make_submission(const Invocation& invocation) {
    auto raw = read_input();
    if (!raw) return std::unexpected(std::move(raw.error()));
    Submission out;
    out.content = make_lines(*raw, invocation.dot_ends);
    auto recipients = all_recipients(invocation, out.content);
    if (!recipients) return std::unexpected(std::move(recipients.error()));
    out.content = missing_stamps(out.content, make_unique(), own_hostname(), SystemClock().now()) +
                  out.content;
    out.recipients = std::move(*recipients);
    out.sender = invocation.sender;
    out.full_name = invocation.full_name.empty() ? full_name_of_user() : invocation.full_name;
    out.notify = invocation.notify;
    out.return_content = invocation.return_content;
    out.envelope_id = invocation.envelope_id;
    out.mails_errors = invocation.mails_errors;
    return out;
}

void show_refusals(const Outcome& outcome) {
    for (const auto& refused : outcome.refused)
        complain(0, refused.recipient + ": " + refused.words);
    if (outcome.refused.empty() && !outcome.why.empty()) complain(0, outcome.why);
}

// The exit code: what waits safely is as good as sent.
int conclude(const Submission& submission, const Outcome& outcome, const Places& places) {
    using Kind = Outcome::Kind;
    const bool waits = outcome.kind == Kind::later || outcome.kind == Kind::unreachable ||
                       (outcome.kind == Kind::accepted && !outcome.waiting.empty());
    if (waits) {
        const auto left = leave_rest(submission, outcome, places);
        if (!left)
            return complain(EX_TEMPFAIL, "it cannot be sent now (" + outcome.why +
                                             "), nor kept: " + left.error().internal);
        if (outcome.kind != Kind::accepted) return EX_OK;
    }
    const bool has_refusals = outcome.kind == Kind::refused || !outcome.refused.empty();
    if (!has_refusals) return EX_OK;
    show_refusals(outcome);
    if (submission.mails_errors) tell_sender(submission, outcome, places);
    return outcome.exit;
}

int submit_message(const Invocation& invocation, const Places& places) {
    const auto submission = make_submission(invocation);
    if (submission) return conclude(*submission, submit(*submission, places.socket), places);
    const auto& error = submission.error();
    const bool is_input = error.code == Errc::io || error.code == Errc::not_permitted;
    return complain(is_input ? EX_IOERR : EX_DATAERR, error.internal);
}

int verify(const Invocation& invocation, const Places& places) {
    auto line = DaemonLine::open(places.socket, own_hostname());
    if (!line) return complain(EX_TEMPFAIL, line.error().internal);
    const auto begun = line->ask("MAIL FROM:<>");
    if (!begun) return complain(EX_TEMPFAIL, begun.error().internal);
    if (!begun->is_good()) return complain(exit_for(*begun), begun->words());
    int exit = EX_OK;
    const auto recipients = all_recipients(invocation, {});
    if (!recipients) return complain(EX_DATAERR, recipients.error().internal);
    for (const auto& recipient : *recipients) {
        const bool is_said = std::ranges::none_of(
            recipient, [](char c) { return ascii::is_control(c) || c == '<' || c == '>'; });
        const auto reply =
            is_said ? line->ask("RCPT TO:<" + with_domain(recipient, line->domain()) + '>')
                    : Result<Reply>(Reply{553, "5.1.3 That is no address"});
        if (!reply) return complain(EX_TEMPFAIL, reply.error().internal);
        std::printf("%s: %s\n", recipient.c_str(),
                    reply->is_good() ? "deliverable" : reply->words().c_str());
        if (!reply->is_good()) exit = exit_for(*reply);
    }
    return exit;
}

// mailctl knows who may see and change the queue, and says so.
int run_mailctl(const Places& places, std::string_view word, const char* option) {
    const std::string command(word);
    const char* const arguments[] = {places.mailctl.c_str(), "queue", command.c_str(), option,
                                     nullptr};
    std::fflush(stdout);
    ::execv(places.mailctl.c_str(), const_cast<char* const*>(arguments));
    return complain(EX_OSFILE, places.mailctl + ": cannot be run");
}

int flush(const Places& places) {
    const PickupPlan plan{.maildrop = places.maildrop,
                          .socket = places.socket,
                          .report =
                              [](const PickedUp& file) {
                                  if (file.fate == PickedUp::Fate::submitted) return;
                                  complain(0,
                                           std::string(file.file) + ": " + std::string(file.why));
                              },
                          .is_stopping = {}};
    const auto done = pick_up(plan);
    if (!done && done.error().code == Errc::not_permitted)
        return complain(EX_NOPERM, "-q is for root: " + done.error().internal);
    if (!done && done.error().code != Errc::busy)
        return complain(EX_TEMPFAIL, done.error().internal);
    return run_mailctl(places, "retry", "--all");
}

int run(const Invocation& invocation) {
    auto places = places_of(own_path());
    if (!invocation.socket.empty()) places.socket = invocation.socket;
    if (!invocation.maildrop.empty()) places.maildrop = invocation.maildrop;
    switch (invocation.mode) {
    case Mode::submit: return submit_message(invocation, places);
    case Mode::verify: return verify(invocation, places);
    case Mode::flush: return flush(places);
    case Mode::list: return run_mailctl(places, "list", nullptr);
    case Mode::speak: break;
    }
    const auto spoken = speak(places.socket);
    if (spoken) return EX_OK;
    if (spoken.error().code == Errc::unavailable)
        std::fputs("421 4.3.0 The mail daemon is not there\r\n", stdout);
    return complain(EX_TEMPFAIL, spoken.error().internal);
}

} // namespace

int sendmail_main(int argc, char** argv) {
    // Whoever calls may have closed them, and then our socket would be standard output.
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) return EX_OSERR;
    ::signal(SIGPIPE, SIG_IGN);
    const std::string_view path(argc > 0 ? argv[0] : "sendmail");
    const auto name = path.substr(path.rfind('/') + 1);
    const auto count = argc > 0 ? static_cast<std::size_t>(argc - 1) : 0;
    const auto invocation = parse_arguments(name, std::span<const char* const>(argv + 1, count));
    if (!invocation) return complain(EX_USAGE, invocation.error());
    return run(*invocation);
}

} // namespace maild::sendmail
