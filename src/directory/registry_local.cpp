// What programs of this host submit, of whom the kernel and no login says whose they are.
#include "directory/repository.hpp"
#include "directory/sent_counts.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/registry.hpp"
#include "maild/directory/resolve.hpp"

#include <algorithm>
#include <utility>

namespace maild::directory {
namespace {

using Refusal = SubmissionVerdict::Refusal;

// Reached by no alias: what others lead here is not the account's own name.
bool is_account_itself(const Route& route) {
    return route.local.size() == 1 && route.relay.empty() && route.steps.size() == 1 &&
           route.steps.front().rule == "account";
}

void judge_limits(const SentCounts::Count& sent, const SendLimits& limits, std::uint32_t recipients,
                  SubmissionVerdict& verdict) {
    if (limits.messages_per_day != 0 && sent.messages >= limits.messages_per_day) {
        verdict.refusal = Refusal::messages;
        verdict.limit = limits.messages_per_day;
    } else if (limits.recipients_per_day != 0 &&
               std::uint64_t{sent.recipients} + recipients > limits.recipients_per_day) {
        verdict.refusal = Refusal::recipients;
        verdict.limit = limits.recipients_per_day;
    }
}

} // namespace

void Registry::set_local_rules(LocalRules rules) { local_rules_ = std::move(rules); }

bool Registry::is_signed_locally(const mail::Address& author) const {
    if (!local_rules_.is_enabled) return false;
    const auto canonical = canonical_address(author.format());
    if (!canonical) return false;
    const auto address = canonical->format();
    return address == "root@" + local_rules_.domain ||
           std::ranges::find(local_rules_.signs_as, address) != local_rules_.signs_as.end();
}

// Its own address; with an account of that very address, whatever leads to it; whom the admin
// trusts, any address of ours.
Result<bool> Registry::is_local_senders(const LocalSender& sender, const std::string& address) {
    const auto meant = canonical_address(address);
    const auto own = canonical_address(sender.name + '@' + local_rules_.domain);
    if (!meant || !own) return false;
    if (*meant == *own) return true;
    const auto& trusted = local_rules_.trusted;
    if (std::ranges::find(trusted, sender.name) != trusted.end()) {
        const auto route = find_route(*rows_, address);
        if (!route) return std::unexpected(route.error());
        return route->verdict != Verdict::not_local && route->verdict != Verdict::domain_disabled;
    }
    const auto route = find_route(*rows_, own->format());
    if (!route) return std::unexpected(route.error());
    if (!is_account_itself(*route)) return false;
    return leads_to(route->local.front().account, address);
}

Result<SubmissionVerdict> Registry::submit_locally(const Submission& submission) {
    if (!local_rules_.is_enabled) return fail(Errc::not_permitted, "no local submission");
    const auto& sender = *submission.local;
    SubmissionVerdict verdict;
    for (const auto& address : submission.claimed) {
        const auto owned = is_local_senders(sender, address);
        if (!owned) return std::unexpected(owned.error());
        if (*owned) continue;
        verdict.refusal = Refusal::foreign;
        verdict.foreign = address;
        return verdict;
    }
    if (submission.recipients == 0 || sender.uid == 0) return verdict;
    sent_locally_->turn_to(std::chrono::floor<std::chrono::days>(clock_.now()));
    verdict.resets = sent_locally_->day() + std::chrono::days(1);
    const AccountId key(sender.uid);
    judge_limits(sent_locally_->of(key), local_rules_.limits, submission.recipients, verdict);
    if (verdict.refusal == Refusal::none) {
        sent_locally_->add(key, submission.recipients);
        return verdict;
    }
    ++(verdict.refusal == Refusal::messages ? tally_.messages : tally_.recipients);
    log::warning("submission_limit_reached", {{"local_user", sender.name},
                                              {"uid", sender.uid},
                                              {"limit", verdict.limit},
                                              {"recipients", submission.recipients}});
    return verdict;
}

} // namespace maild::directory
