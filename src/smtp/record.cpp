// What the trace is told of a session's transactions: facts that it has anyway, put together when a
// transaction ends.
#include "smtp/session.hpp"

#include <algorithm>

namespace maild::smtp {
namespace {

// Of one session without a message between them: whoever tries senders fills no disk.
constexpr unsigned kMaxRefusedSenders = 20;

std::string without_end(std::string_view reply) {
    return std::string(reply.substr(0, reply.find("\r\n")));
}

// "553 5.7.1 Not your address to send from": the words.
std::string words_of(std::string_view reply) {
    const auto text = without_end(reply);
    const auto at = text.find_first_not_of("0123456789. ");
    return at == text.npos ? text : text.substr(at);
}

trace::Outcome outcome_of(std::string_view reply) {
    return reply.starts_with('4') ? trace::Outcome::deferred : trace::Outcome::refused;
}

} // namespace

std::string_view name_of(Service service) {
    switch (service) {
    case Service::relay_in: return "smtp";
    case Service::submission: return "submission";
    case Service::lmtp: return "lmtp";
    case Service::local: return "local";
    }
    return "smtp";
}

trace::Record Session::new_record() const {
    trace::Record record;
    record.session = client_.session_id;
    record.service = name_of(client_.service);
    record.client_address = client_.peer.address;
    record.hello = client_.hello;
    if (client_.tls) record.tls = client_.tls->version;
    if (client_.identity) record.account = client_.identity->address;
    if (client_.local) record.account = client_.local->name + '@' + client_.local->domain;
    return record;
}

void Session::note_refused_sender(const Mail& command, std::string_view reply,
                                  const std::string& reason) {
    if (server_.trace == nullptr || ++refused_senders_ > kMaxRefusedSenders) return;
    auto record = new_record();
    record.id = client_.session_id + '-' + std::to_string(refused_senders_);
    record.reverse_path = command.reverse_path.format();
    record.verdicts.push_back({"sender", outcome_of(reply), words_of(reply)});
    if (refused_senders_ == kMaxRefusedSenders)
        record.verdicts.push_back({"session", trace::Outcome::noted,
                                   "further senders that it is refused are not remembered"});
    record.reply = without_end(reply);
    record.reason = reason;
    server_.trace->record(std::move(record));
}

// `refusal`: the reply; none, when it was accepted.
void Session::note_recipient(const Rcpt& command, std::string_view refusal,
                             const std::string& reason) {
    const auto& path = command.forward_path;
    trace::Recipient recipient;
    recipient.forward_path = path.domain.empty() ? path.localpart : path.format();
    recipient.is_accepted = refusal.empty();
    recipient.reply = without_end(refusal);
    recipient.reason = reason;
    recipient.steps = std::exchange(transaction_->steps, {});
    transaction_->record.add(std::move(recipient));
}

void Session::note_refused_content(const Reply& reply) const {
    const auto outcome = reply.code < 500 ? trace::Outcome::deferred : trace::Outcome::refused;
    transaction_->record.verdicts.push_back({"content", outcome, reply.text});
}

// One reply for all, or one for each recipient that was accepted, in their order (RFC 2033 §4.2).
void Session::note_outcomes(std::string_view replies,
                            const std::vector<Result<void, Refusal>>& outcomes) {
    auto& record = transaction_->record;
    record.reply.clear();
    std::size_t next = 0;
    const auto note = [&](std::string_view reply, const Result<void, Refusal>& outcome) {
        const auto reason = outcome ? std::string() : outcome.error().error.internal;
        if (record.reply.empty() || (record.reply.starts_with('2') && !outcome)) {
            record.reply = reply;
            record.reason = reason;
        }
        if (client_.service != Service::lmtp) return;
        while (next < record.recipients.size() && !record.recipients[next].is_accepted) ++next;
        if (next == record.recipients.size()) return;
        record.recipients[next].reply = reply;
        record.recipients[next++].reason = reason;
    };
    for (const auto& outcome : outcomes) {
        while (replies.size() > 3 && replies[3] == '-') // the last line of each speaks for it
            replies.remove_prefix(std::min(replies.find("\r\n") + 2, replies.size()));
        note(replies.substr(0, replies.find("\r\n")), outcome);
        replies.remove_prefix(std::min(replies.find("\r\n") + 2, replies.size()));
        if (outcome) refused_senders_ = 0;
    }
}

// MAIL alone is no attempt to bring mail.
void Session::record_transaction(std::string_view why) {
    if (!transaction_ || server_.trace == nullptr || !server_.trace->is_wanted()) return;
    auto& noted = transaction_->record;
    const bool is_empty = noted.recipients.empty() && noted.verdicts.empty();
    if (is_empty) return;
    auto record = std::move(noted);
    auto facts = new_record();
    record.id = transaction_->id;
    record.session = std::move(facts.session);
    record.service = std::move(facts.service);
    record.client_address = std::move(facts.client_address);
    record.hello = std::move(facts.hello);
    record.tls = std::move(facts.tls);
    record.account = std::move(facts.account);
    record.reverse_path = transaction_->mail.reverse_path.format();
    if (record.reply.empty()) record.reason = without_end(why);
    server_.trace->record(std::move(record));
}

void Session::on_lost(std::string_view why) { forget_transaction(why); }

} // namespace maild::smtp
