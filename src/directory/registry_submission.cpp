// What an account submits: as whom, and how much of it in a day.
#include "directory/repository.hpp"
#include "directory/rules.hpp"
#include "directory/sent_counts.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/registry.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace maild::directory {
namespace {

using Refusal = SubmissionVerdict::Refusal;

SentCounts::Day day_of(WallTime time) { return std::chrono::floor<std::chrono::days>(time); }

constexpr std::size_t kMostListed = 1'000; // in one answer

} // namespace

void Registry::set_send_limits(const SendLimits& limits) { send_limits_ = limits; }

// At a start. What was written on another day is of no use.
Result<void> Registry::recall_sent() {
    sent_->turn_to(day_of(clock_.now()));
    const auto counts = rows_->list_sent_counts(sent_->day());
    if (!counts) return std::unexpected(counts.error());
    for (const auto& [account, count] : *counts) sent_->put(account, count);
    return {};
}

// Into the transaction that the caller has begun.
Result<void> Registry::write_sent() {
    if (auto done = rows_->delete_sent_counts_before(sent_->day()); !done) return done;
    for (const auto account : sent_->changed())
        if (auto done = rows_->store_sent_count(account, sent_->day(), sent_->of(account)); !done)
            return done;
    return {};
}

Result<bool> Registry::leads_to(AccountId account, const std::string& address) {
    const auto route = find_route(*rows_, address);
    if (!route) return std::unexpected(route.error());
    return std::ranges::any_of(route->local,
                               [&](const LocalHit& hit) { return hit.account == account; });
}

net::Task<Result<bool>> Registry::may_send_as(AccountId account, std::string address) {
    co_return leads_to(account, address);
}

Result<SubmissionVerdict> Registry::judge_claims(const Submission& submission) {
    SubmissionVerdict verdict;
    for (const auto& address : submission.claimed) {
        const auto owned = leads_to(submission.account, address);
        if (!owned) return std::unexpected(owned.error());
        if (*owned) continue;
        verdict.refusal = Refusal::foreign;
        verdict.foreign = address;
        break;
    }
    return verdict;
}

// Whether the account may send one more today, which is then counted.
void Registry::judge_amount(const Submission& submission, const SendSettings& settings,
                            SubmissionVerdict& verdict) {
    sent_->turn_to(day_of(clock_.now()));
    verdict.resets = sent_->day() + std::chrono::days(1);
    const auto sent = sent_->of(submission.account);
    const auto messages = settings.messages_per_day.value_or(send_limits_.messages_per_day);
    const auto recipients = settings.recipients_per_day.value_or(send_limits_.recipients_per_day);
    if (messages != 0 && sent.messages >= messages) {
        verdict.refusal = Refusal::messages;
        verdict.limit = messages;
    } else if (recipients != 0 &&
               std::uint64_t{sent.recipients} + submission.recipients > recipients) {
        verdict.refusal = Refusal::recipients;
        verdict.limit = recipients;
    } else {
        sent_->add(submission.account, submission.recipients);
    }
}

net::Task<Result<SubmissionVerdict>> Registry::submit(Submission submission) {
    if (submission.claimed.size() > kMaxClaimed) co_return fail(Errc::limit_exceeded, "addresses");
    if (submission.local) co_return submit_locally(submission);
    const auto account = rows_->load_account(submission.account);
    if (!account) co_return std::unexpected(account.error());
    if (!*account || (*account)->is_disabled) co_return fail(Errc::disabled, "submitting account");
    auto verdict = judge_claims(submission);
    if (!verdict || verdict->refusal != Refusal::none) co_return verdict;
    auto token = grant(**account, auth::Right::deliver);
    if (!token) co_return std::unexpected(std::move(token.error()));
    judge_amount(submission, (*account)->sending, *verdict);
    if (verdict->refusal != Refusal::none) {
        ++(verdict->refusal == Refusal::messages ? tally_.messages : tally_.recipients);
        log::warning("submission_limit_reached", {{"account", (*account)->address},
                                                  {"limit", verdict->limit},
                                                  {"recipients", submission.recipients}});
        co_return verdict;
    }
    verdict->address = (*account)->address;
    verdict->grant = std::move(*token);
    verdict->saves_sent = (*account)->sending.saves_sent;
    verdict->hold_for = (*account)->sending.hold_for;
    co_return verdict;
}

net::Task<Result<std::vector<SentToday>>> Registry::list_sent() {
    sent_->turn_to(day_of(clock_.now()));
    std::vector<std::pair<AccountId, SentCounts::Count>> most(sent_->all().begin(),
                                                              sent_->all().end());
    const auto by_messages = [](const auto& a, const auto& b) {
        return a.second.messages > b.second.messages;
    };
    std::ranges::stable_sort(most, by_messages);
    if (most.size() > kMostListed) most.resize(kMostListed);
    std::vector<SentToday> out;
    for (const auto& [id, count] : most) {
        const auto account = rows_->load_account(id);
        if (!account) co_return std::unexpected(account.error());
        if (*account) out.push_back({(*account)->address, count.messages, count.recipients});
    }
    co_return out;
}

net::Task<Result<Changed>> Registry::forget_sent(std::string address) {
    const auto account = rules::find_account(*rows_, address);
    if (!account) co_return std::unexpected(account.error());
    sent_->turn_to(day_of(clock_.now()));
    const bool was_counted = sent_->forget(account->id);
    const bool was_guessed = guard_.forget_account(std::to_string(account->id.value));
    const bool changed = was_counted || was_guessed;
    if (changed) log::info("directory_changed", {{"what", "forget sent"}, {"whom", address}});
    co_return Changed{changed};
}

net::Task<Result<Changed>> Registry::forget_failures(net::Network network) {
    bool changed = guard_.forget_network(network.address);
    constexpr auto kAll = std::numeric_limits<std::size_t>::max();
    for (const auto& suspect : guard_.suspects(kAll))
        if (net::in_network(suspect.network.address, network))
            changed = guard_.forget_network(suspect.network.address) || changed;
    co_return Changed{changed};
}

net::Task<Result<LimitTally>> Registry::limit_tally() {
    auto tally = tally_;
    tally.delayed_logins = guard_.delayed();
    tally.turned_away = guard_.turned_away();
    co_return tally;
}

} // namespace maild::directory
