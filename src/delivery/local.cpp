#include "maild/delivery/local.hpp"

#include "delivery/header_handling.hpp"

#include "maild/base/ascii.hpp"
#include "maild/directory/resolve.hpp"
#include "maild/mail/header.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace maild::delivery {
namespace {

std::string canonical(std::string_view address) {
    const auto parsed = directory::canonical_address(address);
    return parsed ? parsed->format() : std::string(address);
}

// The addresses that this content was delivered to already. Hosts write them with or without angle
// brackets.
std::unordered_set<std::string> delivered_before(std::string_view content) {
    std::unordered_set<std::string> addresses;
    for (const auto& field : mail::parse_header(content).fields) {
        if (!field.is("Delivered-To")) continue;
        const auto body = mail::unfold(field.body);
        auto address = ascii::trim(body);
        if (address.starts_with('<') && address.ends_with('>'))
            address = address.substr(1, address.size() - 2);
        addresses.insert(canonical(address));
    }
    return addresses;
}

bool is_relayed(const Recipient& recipient) {
    return recipient.resolution.verdict == directory::Verdict::not_local;
}

bool leads_away(const Recipient& recipient) {
    return std::ranges::any_of(recipient.resolution.targets, [](const auto& target) {
        return std::holds_alternative<directory::RelayTarget>(target);
    });
}

// What is said of its success here. None for what goes to one address elsewhere: the request goes
// along, and who delivers it tells (RFC 3461 §5.2.1, §5.2.7.2). What goes to many is "expanded"
// (§5.2.7.3 (c)), unless all of it ends in mailboxes here (§5.2.3).
std::optional<DsnRecipient> success_of(const Recipient& recipient) {
    if (!is_wanted(recipient.notify, DsnAction::delivered) || is_relayed(recipient))
        return std::nullopt;
    const bool is_many = recipient.resolution.targets.size() > 1;
    if (leads_away(recipient) && !is_many) return std::nullopt;
    DsnRecipient success;
    success.final_recipient = recipient.forward_path;
    success.original_recipient = recipient.original_recipient;
    success.action = leads_away(recipient) ? DsnAction::expanded : DsnAction::delivered;
    success.status = "2.1.5";
    return success;
}

// RFC 3461 §5.2.1 (d): the address that was given here, where none was said before.
std::string original_of(const Recipient& recipient) {
    if (is_relayed(recipient) || !recipient.original_recipient.empty())
        return recipient.original_recipient;
    const bool is_utf8 = ascii::has_8bit(recipient.forward_path);
    return (is_utf8 ? "utf-8;" : "rfc822;") + recipient.forward_path;
}

} // namespace

class Planner {
public:
    Planner(store::MessageSource message, Transaction transaction)
        : transaction_(std::move(transaction)), before_(delivered_before(message.content)) {
        plan_.request.message = std::move(message);
        plan_.request.internal_date = transaction_.now;
    }

    DeliveryPlan run() {
        for (auto& recipient : transaction_.recipients) {
            reached_ = {};
            visit(recipient);
            plan_.reached_.push_back(std::move(reached_));
            plan_.successes_.push_back(
                transaction_.envelope.reverse_path.empty() ? std::nullopt : success_of(recipient));
        }
        finish_relay();
        if (transaction_.sent_copy && !plan_.is_empty()) keep_copy(*transaction_.sent_copy);
        return std::move(plan_);
    }

private:
    void visit(const Recipient& recipient) {
        if (is_relayed(recipient)) return relay(recipient.forward_path, recipient);
        for (const auto& target : recipient.resolution.targets) {
            if (const auto* local = std::get_if<directory::LocalTarget>(&target))
                deliver(*local, recipient);
            else
                relay(std::get<directory::RelayTarget>(target).address, recipient);
        }
        if (recipient.resolution.targets.empty())
            reached_.failed = Error{Errc::no_such_account, recipient.forward_path};
    }

    void deliver(const directory::LocalTarget& target, const Recipient& recipient) {
        if (before_.contains(canonical(target.address))) {
            reached_.failed =
                Error{Errc::cannot, "mail loop: already delivered to " + target.address};
            return;
        }
        const auto [known, is_new] =
            copies_.try_emplace(target.account, plan_.request.local.size());
        reached_.local.push_back(known->second);
        if (!is_new) return;
        store::LocalRecipient copy;
        copy.grant = target.grant;
        copy.mailbox = transaction_.is_junk ? "Junk" : "INBOX";
        if (transaction_.is_junk) copy.flags.keywords.emplace_back("$Junk");
        copy.address = recipient.forward_path;
        copy.trace_prefix = trace_for(target.address);
        plan_.copies_.push_back({trace::Place::Kind::mailbox, target.address, copy.mailbox, 0, {}});
        plan_.request.local.push_back(std::move(copy));
    }

    // RFC 5321 §4.4: Return-Path at the top, at final delivery; Received below it. Delivered-To
    // between them marks the way, as qmail and Postfix do.
    std::string trace_for(const std::string& address) const {
        return "Return-Path: <" + transaction_.envelope.reverse_path +
               ">\r\nDelivered-To: " + address + "\r\n" + transaction_.received;
    }

    void relay(const std::string& address, const Recipient& recipient) {
        reached_.relayed.push_back(address);
        auto& recipients = transaction_.envelope.recipients;
        const bool is_many = recipient.resolution.targets.size() > 1;
        auto notify = is_many ? without_success(recipient.notify) : recipient.notify;
        const auto [known, is_new] = relayed_.try_emplace(address, recipients.size());
        if (is_new)
            recipients.push_back({address, original_of(recipient), std::move(notify)});
        else
            recipients[known->second].notify =
                either_notify(recipients[known->second].notify, notify);
    }

    void finish_relay() {
        if (relayed_.empty()) return;
        if (!transaction_.relay_grant && !plan_.request.local.empty())
            transaction_.relay_grant = plan_.request.local.front().grant;
        if (!transaction_.relay_grant) {
            for (auto& reached : plan_.reached_)
                if (!reached.relayed.empty() && !reached.failed)
                    reached.failed = Error{Errc::unavailable, "no account's shard for the queue"};
            return;
        }
        plan_.hold_reason_ = transaction_.hold_reason;
        add_header_handling(plan_.request.message.content, transaction_.reads_priority,
                            transaction_.envelope.handling);
        store::RelayRequest request;
        request.grant = std::move(*transaction_.relay_grant);
        request.envelope = std::move(transaction_.envelope);
        if (transaction_.forwarded_from)
            request.envelope.reverse_path = std::move(*transaction_.forwarded_from);
        request.trace_prefix = std::move(transaction_.received);
        request.hold_reason = std::move(transaction_.hold_reason);
        plan_.request.relay = std::move(request);
    }

    // Behind all others, so that it is refused alone where an account has no room for two.
    void keep_copy(Transaction::SentCopy& wanted) {
        store::LocalRecipient copy;
        copy.grant = std::move(wanted.grant);
        copy.mailbox = "Sent"; // or whichever the owner has for it: the store knows
        copy.flags.system = store::kSeen;
        copy.address = std::move(wanted.address);
        copy.trace_prefix = std::move(wanted.fields);
        plan_.sent_copy_ = plan_.request.local.size();
        plan_.request.local.push_back(std::move(copy));
    }

    Transaction transaction_;
    std::unordered_set<std::string> before_;
    DeliveryPlan plan_;
    DeliveryPlan::Reached reached_;
    std::unordered_map<AccountId, std::size_t> copies_;
    std::unordered_map<std::string, std::size_t> relayed_; // where in the envelope's recipients
};

std::vector<Result<void>>
DeliveryPlan::results(const Result<store::DeliverResult>& delivered) const {
    std::vector<Result<void>> results;
    for (const auto& reached : reached_) {
        Result<void> result;
        if (reached.failed)
            result = std::unexpected(*reached.failed);
        else if (!delivered)
            result = std::unexpected(delivered.error());
        else {
            if (!reached.relayed.empty() && !delivered->queued)
                result = fail(Errc::unavailable, "the store has queued nothing");
            for (const auto index : reached.local)
                if (index >= delivered->local.size())
                    result = fail(Errc::internal, "the store has left out a recipient");
                else if (result && !delivered->local[index])
                    result = std::unexpected(delivered->local[index].error());
        }
        results.push_back(std::move(result));
    }
    return results;
}

std::vector<DsnRecipient> DeliveryPlan::successes(const std::vector<Result<void>>& results) const {
    std::vector<DsnRecipient> successes;
    for (std::size_t i = 0; i < results.size() && i < successes_.size(); ++i)
        if (results[i] && successes_[i]) successes.push_back(*successes_[i]);
    return successes;
}

std::vector<std::vector<trace::Place>>
DeliveryPlan::places(const Result<store::DeliverResult>& delivered) const {
    std::vector<std::vector<trace::Place>> all;
    const auto words = [](const Error& error) {
        return error.internal.empty() ? std::string(name_of(error.code)) : error.internal;
    };
    for (const auto& reached : reached_) {
        auto& places = all.emplace_back();
        for (const auto index : reached.local) {
            auto& place = places.emplace_back(copies_[index]);
            if (!delivered)
                place.reason = words(delivered.error());
            else if (index < delivered->local.size() && delivered->local[index])
                place.number = delivered->local[index]->uid.value;
            else if (index < delivered->local.size())
                place.reason = words(delivered->local[index].error());
        }
        for (const auto& address : reached.relayed) {
            auto& place = places.emplace_back(trace::Place{trace::Place::Kind::queue, address});
            const bool is_queued = delivered && delivered->queued;
            if (is_queued) place.number = static_cast<std::uint64_t>(delivered->queued->value);
            place.reason = is_queued        ? hold_reason_
                           : reached.failed ? words(*reached.failed)
                           : delivered      ? std::string("the store has queued nothing")
                                            : words(delivered.error());
        }
    }
    return all;
}

std::optional<Error>
DeliveryPlan::copy_failure(const Result<store::DeliverResult>& delivered) const {
    if (!sent_copy_ || !delivered) return std::nullopt;
    if (*sent_copy_ >= delivered->local.size())
        return Error{Errc::internal, "the store has left out the copy"};
    const auto& copy = delivered->local[*sent_copy_];
    return copy ? std::nullopt : std::optional(copy.error());
}

DeliveryPlan plan_delivery(store::MessageSource message, Transaction transaction) {
    return Planner(std::move(message), std::move(transaction)).run();
}

} // namespace maild::delivery
