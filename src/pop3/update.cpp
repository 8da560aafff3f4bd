// UPDATE (RFC 1939 §6): what QUIT brings about, and nothing else does.
#include "pop3/session.hpp"

#include "maild/base/log.hpp"

#include <algorithm>

namespace maild::pop3 {
namespace {

constexpr std::size_t kRangesAtOnce = 10'000; // of UIDs, in one request to the store

} // namespace

net::Task<Reply> Session::do_quit() {
    expects_ = Expects::end;
    if (state_ == State::authorization) co_return ok("Goodbye");
    // As Dovecot does by default: what was retrieved is \Seen for the IMAP clients of this account.
    // It is no part of the bargain with this client, so that a failure is for the log alone.
    const auto seen = co_await change(maildrop_.seen(), store::kSeen, false);
    if (!seen)
        log::warning("pop3_flags_failed", {{"account", identity_->address},
                                           {"error", name_of(seen.error().code)},
                                           {"detail", seen.error().internal}});
    const auto removed = co_await remove_deleted();
    // Whoever hears the reply may log in again at once, on another worker as well: so the store has
    // answered that the claim is given up before it is sent.
    (void)co_await server_.backend.claims().claim(*store_session_, store::MailboxName());
    close_maildrop();
    if (removed) co_return ok("Goodbye");
    log::warning("pop3_expunge_failed", {{"account", identity_->address},
                                         {"error", name_of(removed.error().code)},
                                         {"detail", removed.error().internal}});
    co_return err("[SYS/TEMP] Some messages were not removed, try again");
}

net::Task<Result<void>> Session::remove_deleted() {
    const auto count = maildrop_.deleted_count();
    const auto done = co_await change(maildrop_.deleted(), store::kDeleted, true);
    if (done) removed_ = count;
    co_return done;
}

net::Task<Result<void>> Session::change(store::UidSet uids, std::uint64_t flag, bool expunge) {
    for (std::size_t begin = 0; begin < uids.size(); begin += kRangesAtOnce) {
        const auto first = uids.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto count = std::min(kRangesAtOnce, uids.size() - begin);
        const store::UidSet some(first, first + static_cast<std::ptrdiff_t>(count));
        const auto changed = co_await store().change_flags(
            *store_session_, some, store::FlagChange::add, {flag, {}}, std::nullopt);
        if (!changed) co_return std::unexpected(changed.error());
        if (!expunge) continue;
        const auto expunged = co_await store().expunge(*store_session_, some);
        if (!expunged) co_return expunged;
    }
    co_return Result<void>{};
}

} // namespace maild::pop3
