#include "daemon/sts_keeper.hpp"

#include "daemon/note_messages.hpp"
#include "daemon/notes.hpp"

#include "maild/base/log.hpp"
#include "maild/net/timer.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

constexpr std::chrono::seconds kAnswerTime{5};

// Asked again, it may be answered.
bool may_pass(Errc code) {
    return code == Errc::unavailable || code == Errc::timed_out || code == Errc::busy ||
           code == Errc::closed;
}

} // namespace

StsKeeper::StsKeeper(ipc::Client& trace, const Clock& clock, relay::StsCache& cache,
                     relay::StsPolicies& policies, Options options)
    : trace_(trace), clock_(clock), cache_(cache), policies_(policies), options_(options) {
    policies_.set_loading(true);
}

net::Task<void> StsKeeper::run(StsKeeper& self) {
    const auto& options = self.options_;
    const auto until = self.clock_.steady_now() + options.patience;
    bool is_awaited = true;
    while (!self.is_loaded_) {
        if (self.is_wanted_) co_await self.load();
        const bool is_late = !self.is_wanted_ || self.clock_.steady_now() >= until;
        if (is_awaited && (self.is_loaded_ || is_late)) {
            if (self.is_wanted_ && !self.is_loaded_) log::warning("sts_policies_not_loaded");
            self.policies_.set_loading(false);
            is_awaited = false;
        }
        if (!self.is_loaded_) co_await net::sleep_for(is_awaited ? options.again : options.later);
    }
    for (;;) {
        co_await net::sleep_for(options.gather);
        if (!self.has_news()) continue;
        co_await self.keep(kAnswerTime);
        co_await net::sleep_for(options.pause);
    }
}

net::Task<void> StsKeeper::load() {
    NoteName asked{std::string(kStsNote)};
    const auto note = co_await trace_.call<KeptNote>(kLoadNote, std::move(asked), kAnswerTime);
    if (!note && may_pass(note.error().code)) co_return;
    is_loaded_ = true;
    if (note)
        take(note->text);
    else
        log::warning("sts_policies_lost", {{"reason", note.error().internal}});
}

void StsKeeper::take(const std::string& text) {
    std::size_t damaged = 0;
    auto kept = relay::StsCache::parse(text, relay::StsCache::kMost, &damaged);
    kept.settle(clock_.now());
    log::info("sts_policies_loaded", {{"count", kept.size()}});
    if (damaged > 0) {
        log::warning("sts_policies_damaged", {{"lines", damaged}});
        has_news_ = true; // so that it is told once
    }
    cache_.merge(std::move(kept));
}

bool StsKeeper::has_news() {
    has_news_ = policies_.take_changed() || has_news_;
    return has_news_ && is_loaded_ && is_wanted_;
}

net::Task<void> StsKeeper::keep(std::chrono::milliseconds patience) {
    has_news_ = false;
    cache_.settle(clock_.now());
    KeptNote note{std::string(kStsNote), cache_.format(kMaxNoteText)};
    const auto kept = co_await trace_.call<ipc::Nothing>(kKeepNote, std::move(note), patience);
    if (!kept) has_news_ = true;
    if (!kept && !is_troubled_)
        log::warning("sts_policies_not_kept", {{"reason", kept.error().internal}});
    is_troubled_ = !kept;
}

net::Task<void> StsKeeper::finish(std::chrono::milliseconds patience) {
    if (has_news()) co_await keep(patience);
}

} // namespace maild::daemon
