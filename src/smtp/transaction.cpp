// The mail transaction: MAIL, RCPT and the end of data (RFC 5321 §3.3, §4.1.1.2 to §4.1.1.4).
#include "smtp/header_check.hpp"
#include "smtp/replies.hpp"
#include "smtp/session.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"
#include "maild/mail/binary_content.hpp"

#include <algorithm>

namespace maild::smtp {
namespace {

// What a flawed content is refused with. A smuggler must not go on in this session: 521 (RFC 7504
// §2).
Reply refusal_of(Flaw flaw) {
    switch (flaw) {
    case Flaw::bare_cr: return {521, Status{5, 2}, "bare <CR> received"};
    case Flaw::bare_lf: return {521, Status{5, 2}, "bare <LF> received"};
    case Flaw::nul:
        return {554, Status{6, 0}, "NUL received"}; // IMAP could not show it, RFC 9051 §4.3
    case Flaw::too_large: return {552, Status{3, 4}, "Message too large"}; // RFC 1870 §6.1
    case Flaw::no_memory:
    case Flaw::none: break;
    }
    return {452, Status{3, 1}, "Too much mail in transit"};
}

bool is_bare(Flaw flaw) { return flaw == Flaw::bare_cr || flaw == Flaw::bare_lf; }

// Our own failures are worth a look by the admin, refusals are everyday life.
void log_refusal(std::string_view event, const Client& client, std::string_view address,
                 const Refusal& refusal) {
    const bool is_ours =
        !refusal.reply && reply_for(refusal, Step::recipient).status == Status{3, 0};
    log::write(is_ours ? log::Level::warning : log::Level::info, event,
               {{"session", client.session_id},
                {"address", address},
                {"error", name_of(refusal.error.code)},
                {"reason", refusal.error.internal}});
}

bool is_rcpt(std::string_view line) { return ascii::starts_with_icase(line, "RCPT "); }

} // namespace

Session::Decision Session::check_mail(const Mail& command) const {
    if (server_.service == Service::submission && !client_.identity) // RFC 4954 §6, RFC 3207 §4
        return say(may_login() || !server_.tls ? replies::kLoginFirst : replies::kTlsFirst);
    const auto size = command.size.value_or(0);
    if (size > largest_of(command.body)) return say(replies::kTooLarge); // RFC 1870 §6.1
    if (!server_.budget.may_come(size)) {
        server_.budget.note_refused();
        return say(replies::kNoMemory);
    }
    return check_handling(command);
}

net::Task<Replies> Session::handle(const Mail& command) {
    forget_transaction(); // chunks that were refused without one
    sender_refused_ = true;
    if (auto refusal = check_mail(command)) {
        note_refused_sender(command, refusal->text, {});
        co_return std::move(*refusal);
    }
    const auto verdict = co_await server_.backend.verify_sender(client_, command);
    if (!verdict) co_return refuse_sender(command, verdict.error());
    sender_refused_ = false;
    ++transactions_;
    transaction_.emplace();
    transaction_->id = client_.session_id + '.' + std::to_string(transactions_);
    transaction_->mail = command;
    transaction_->begun = server_.clock.now();
    co_return say(replies::kSenderOk);
}

// A stranger whose senders are refused for good costs a question to the DNS each time: counted as
// guessing recipients is.
Replies Session::refuse_sender(const Mail& command, const Refusal& refusal) {
    log_refusal("smtp_sender_refused", client_, command.reverse_path.format(), refusal);
    const auto reply = reply_for(refusal, Step::sender);
    auto text = format_reply(reply);
    note_refused_sender(command, text, refusal.error.internal);
    if (reply.code < 500 || server_.service != Service::relay_in) return {std::move(text)};
    return count_rcpt_failure(std::move(text));
}

bool Session::wants_group(const net::Line& line) const {
    return transaction_ && !in_chunks() && looked_up_ == 0 && is_rcpt(line.text);
}

net::Task<void> Session::look_up(const net::Line& first, std::vector<std::string_view> following) {
    const auto utf8 = transaction_->mail.smtputf8 ? mail::Utf8::allowed : mail::Utf8::refused;
    following.insert(following.begin(), first.text);
    std::vector<Rcpt> group;
    for (const auto line : following) {
        if (!is_rcpt(line)) break;
        auto command = parse_command(line, utf8);
        if (!command) continue;
        if (auto* rcpt = std::get_if<Rcpt>(&*command)) group.push_back(std::move(*rcpt));
    }
    if (group.size() < 2) co_return;
    looked_up_ = group.size();
    co_await server_.backend.look_up(client_, *transaction_, std::move(group));
}

net::Task<Replies> Session::handle(const Rcpt& command) {
    if (looked_up_ > 0) --looked_up_;
    if (!transaction_ && sender_refused_)
        co_return count_rcpt_failure(std::string(replies::kBadSequence));
    if (!transaction_ || in_chunks()) co_return bad(replies::kBadSequence);
    if (transaction_->recipients.size() >= server_.limits.recipients) { // §4.5.3.1.10: transient
        note_recipient(command, replies::kTooManyRecipients, {});
        co_return say(replies::kTooManyRecipients);
    }
    auto route = co_await server_.backend.verify_recipient(client_, *transaction_, command);
    if (!route) co_return refuse_recipient(command, route.error());
    transaction_->recipients.push_back(
        {command.forward_path, std::move(*route), command.notify, command.original_recipient});
    note_recipient(command, {}, {});
    co_return say(replies::kRecipientOk);
}

Replies Session::refuse_recipient(const Rcpt& command, const Refusal& refusal) {
    log_refusal("smtp_recipient_refused", client_, command.forward_path.format(), refusal);
    const auto reply = reply_for(refusal, Step::recipient);
    auto text = format_reply(reply);
    note_recipient(command, text, refusal.error.internal);
    if (reply.code < 500) return {std::move(text)};
    return count_rcpt_failure(std::move(text));
}

// Against harvesting addresses: each further failure costs time, and then the session ends. A peer
// of LMTP is trusted, and hands on what others have sent.
Replies Session::count_rcpt_failure(std::string text) {
    if (server_.service == Service::lmtp) return {std::move(text), {}};
    if (++rcpt_failures_ > server_.limits.rcpt_failures) return end(replies::kTooManyUnknown);
    const bool is_free = rcpt_failures_ <= server_.limits.free_rcpt_failures;
    return {std::move(text),
            is_free ? std::chrono::milliseconds(0) : server_.limits.rcpt_failure_delay};
}

Session::Decision Session::check_data() {
    if (!transaction_ && sender_refused_)
        return count_rcpt_failure(std::string(replies::kBadSequence));
    if (!transaction_) return bad(replies::kBadSequence);
    // Pipelined behind recipients that were all refused it is no mistake (RFC 2920 §3.1).
    if (transaction_->recipients.empty())
        return count_rcpt_failure(std::string(replies::kNeedRecipient));
    if (in_chunks()) return bad(replies::kBadSequence); // RFC 3030 §2
    if (transaction_->mail.body == Body::binary_mime) return bad(replies::kNeedsBdat); // §3
    return std::nullopt;
}

// Binary content that never could be made lines is not to come again and again.
std::uint64_t Session::largest_of(Body body) const {
    const auto limit = server_.limits.message_size;
    return body == Body::binary_mime ? std::min(limit, ContentReader::most_binary(server_.budget))
                                     : limit;
}

// What the peer has announced is an estimate (RFC 1870 §6.3): a little more. 0: he has not.
std::uint64_t Session::expected_size() const {
    const auto announced = transaction_->mail.size.value_or(0);
    return std::min(announced + announced / 16, largest_of(transaction_->mail.body));
}

// What is announced waits here for its memory, before anything of it is sent.
net::Task<Replies> Session::handle(const Data&) {
    if (auto refusal = check_data()) co_return std::move(*refusal);
    const auto expected = expected_size();
    promise_.emplace(server_.budget);
    if (expected > net::MemoryBudget::kSmall) {
        const bool is_granted =
            co_await promise_->wait_for(0, expected, server_.limits.memory_patience);
        if (!is_granted) {
            promise_.reset();
            server_.budget.note_refused();
            note_refused_content(refusal_of(Flaw::no_memory));
            co_return say(replies::kNoMemory);
        }
    }
    expects_ = Expects::content;
    co_return say(replies::kStartContent);
}

bool Session::is_about_to_wait(const net::Line& line) const {
    return transaction_ && ascii::equals_icase(line.text, "DATA") &&
           expected_size() > net::MemoryBudget::kSmall;
}

void Session::stop_waiting() {
    if (promise_) promise_->stop_waiting();
    if (chunks_) chunks_->stop_waiting();
}

ContentReader Session::begin_content() {
    ensure(expects_ == Expects::content && promise_, "content behind DATA");
    auto promised = std::move(*promise_);
    promise_.reset();
    return {server_.limits.message_size, std::move(promised), Framing::dotted, expected_size()};
}

// Whatever comes of it, the transaction is over: RCPT or DATA need a new MAIL (RFC 5321 §4.1.1.4).
net::Task<ContentResult> Session::on_content(ContentReader& content) {
    ensure(transaction_ && expects_ == Expects::content && content.is_finished(),
           "content without DATA");
    expects_ = Expects::command;
    is_taking_over_ = true;
    const auto outcomes = co_await take_over(content);
    is_taking_over_ = false;
    ensure(outcomes.size() == server_.dialect->outcomes_of(*transaction_),
           "one outcome for each reply");
    ContentResult result{{}, report_on(content, outcomes)};
    server_.dialect->append_outcomes(result.replies.text, *transaction_, outcomes);
    transaction_->record.size = content.size();
    note_outcomes(result.replies.text, outcomes);
    forget_transaction();
    if (std::ranges::any_of(outcomes, [](const auto& outcome) { return outcome.has_value(); }))
        bad_commands_ = idle_commands_ = 0;
    if (is_bare(content.flaw())) expects_ = Expects::nothing;
    co_return result;
}

net::Task<std::vector<Result<void, Refusal>>> Session::take_over(ContentReader& content) {
    if (content.flaw() != Flaw::none) co_return refuse_all(refusal_of(content.flaw()));
    std::string changed; // what binary content becomes
    if (content.is_binary()) {
        const auto refusal = co_await make_lines(content, changed);
        if (refusal) co_return refuse_all(*refusal);
    }
    const auto bytes = content.is_binary() ? std::string_view(changed) : content.content();
    auto header = check_header(bytes, server_.limits.received_fields);
    auto& record = transaction_->record;
    record.message_id = std::move(header.message_id);
    record.from = std::move(header.from);
    record.subject = std::move(header.subject);
    if (header.refusal) co_return refuse_all(*header.refusal);
    if (is_overdue()) co_return refuse_all({554, Status{4, 7}, "Time to deliver by has passed"});
    const bool has_8bit = content.is_binary() ? ascii::has_8bit(bytes) : content.has_8bit();
    char* const octets = content.is_binary() ? changed.data() : content.octets();
    const Content taken{bytes, header.header_size, has_8bit, octets};
    auto outcomes = co_await server_.backend.accept(client_, *transaction_, taken);
    co_return outcomes;
}

// RFC 3030 §3: each octet is kept, but what is stored and shown is lines.
net::Task<std::optional<Reply>> Session::make_lines(ContentReader& content,
                                                    std::string& out) const {
    co_await content.wait_for_room_to_convert(server_.limits.memory_patience);
    if (content.flaw() != Flaw::none) co_return refusal_of(content.flaw());
    auto lines = mail::without_binary(content.content());
    if (!lines) co_return Reply{554, Status{6, 0}, "Binary octets where no part can hold them"};
    if (lines->size() > server_.limits.message_size) co_return refusal_of(Flaw::too_large);
    out = std::move(*lines);
    content.release_for(out.size());
    co_return std::nullopt;
}

// RFC 2852: with by-mode R it goes back instead, which the peer can do as well.
bool Session::is_overdue() const {
    const auto& by = transaction_->mail.deliver_by;
    return by && by->returns && server_.clock.now() > transaction_->begun + by->time;
}

std::vector<Result<void, Refusal>> Session::refuse_all(const Reply& reply) const {
    note_refused_content(reply);
    const Result<void, Refusal> outcome = std::unexpected(Refusal(reply));
    return std::vector(server_.dialect->outcomes_of(*transaction_), outcome);
}

// Of a chunk that is not the last one: the rest of the message is not wanted.
ContentResult Session::refuse_flawed(const ContentReader& content) {
    const auto reply = refusal_of(content.flaw());
    has_failed_chunk_ = true;
    if (is_bare(content.flaw())) expects_ = Expects::nothing;
    auto text = format_reply(reply);
    transaction_->record.size = content.size();
    transaction_->record.reply = text.substr(0, text.size() - 2);
    return {{std::move(text), {}}, report_on(content, refuse_all(reply))};
}

Report Session::report_on(const ContentReader& content,
                          const std::vector<Result<void, Refusal>>& outcomes) const {
    Report report{transaction_->id,
                  transaction_->mail.reverse_path.format(),
                  content.size(),
                  transaction_->recipients.size(),
                  0,
                  {}};
    for (const auto& outcome : outcomes) {
        if (outcome) continue;
        report.refused += report.recipients / outcomes.size(); // one answer may stand for all
        if (!report.reason.empty()) continue;
        report.reason = format_reply(reply_for(outcome.error(), Step::content));
        report.reason.resize(report.reason.size() - 2); // CRLF
        if (!outcome.error().error.internal.empty())
            report.reason += " / " + outcome.error().error.internal;
    }
    return report;
}

} // namespace maild::smtp
