#include "sendmail/handle.hpp"

#include "sendmail/message.hpp"
#include "sendmail/spool.hpp"

#include "maild/base/clock.hpp"

#include <filesystem>

namespace maild::sendmail {

Places places_of(const std::string& program) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const auto root = fs::path(program).parent_path().parent_path();
    const auto mailctl = (root / "bin" / "mailctl").string();
    if (fs::exists(root / "etc" / "maild.toml", ignored))
        return {(root / "run" / "submit.sock").string(),
                (root / "var" / "lib" / "maildrop").string(), mailctl};
    return {"/run/maild/submit.sock", "/var/lib/maild/maildrop", mailctl};
}

bool tell_sender(const Submission& submission, const Outcome& outcome, const Places& places) {
    if (submission.sender && submission.sender->empty()) return false; // RFC 5321 §4.5.5
    if (outcome.user.empty()) return false;
    auto notice = notice_of(submission, outcome);
    SystemRandom random;
    const auto unique = "notice." + std::to_string(random.next());
    notice.content = missing_stamps(notice.content, unique, own_hostname(), SystemClock().now()) +
                     notice.content;
    const auto told = submit(notice, places.socket);
    if (told.kind == Outcome::Kind::accepted) return true;
    return told.kind != Outcome::Kind::refused && leave(places.maildrop, notice).has_value();
}

Result<void> leave_rest(const Submission& submission, const Outcome& outcome,
                        const Places& places) {
    auto rest = submission;
    if (outcome.kind == Outcome::Kind::accepted) rest.recipients = outcome.waiting;
    return leave(places.maildrop, rest);
}

} // namespace maild::sendmail
