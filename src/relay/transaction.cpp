#include "relay/transaction.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

// Of commands that are written before a reply is read. What fits into the smallest send window
// cannot block against a server whose replies nobody reads (RFC 2920 §3.1).
constexpr std::size_t kGroupOctets = 4 * 1024;
constexpr std::size_t kPiece = 64 * 1024; // that content is read in

} // namespace

Transaction::Transaction(Conversation& with, const Capabilities& offered,
                         const SessionOptions& options, const Envelope& envelope, Content& content)
    : with_(with),
      offered_(offered),
      options_(options),
      envelope_(envelope),
      content_(content),
      outcomes_(envelope.recipients.size()),
      accepted_(envelope.recipients.size()) {}

net::Task<std::vector<Outcome>> Transaction::run() {
    bool goes_on = find_obstacles();
    if (goes_on) goes_on = co_await scan();
    if (goes_on) {
        co_await send_envelope();
        if (is_data_accepted_ && !has_accepted())
            co_await send_nothing();
        else if (has_accepted() && !with_.is_over() && (is_data_accepted_ || uses_chunks()))
            co_await send_content();
    }
    // Only a session that ended leaves somebody without an outcome.
    if (!std::ranges::all_of(outcomes_, [](const auto& o) { return o.has_value(); }))
        settle(with_.outcome(Error{Errc::closed, {}}, Stage::mail));
    std::vector<Outcome> out;
    for (auto& outcome : outcomes_) out.push_back(std::move(*outcome));
    co_return out;
}

bool Transaction::find_obstacles() {
    const bool is_encrypted = with_.stream().tls().has_value();
    if (auto obstacle = find_obstacle(envelope_, content_.size(), offered_, is_encrypted)) {
        obstacle->host = with_.host();
        settle(*obstacle);
        return false;
    }
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
        outcomes_[i] = find_obstacle(envelope_.recipients[i], offered_);
        if (outcomes_[i]) outcomes_[i]->host = with_.host();
    }
    return std::ranges::any_of(outcomes_, [](const auto& o) { return !o; });
}

// What the server does not take has to be known before MAIL: afterwards nobody can say no.
net::Task<bool> Transaction::scan() {
    const bool changes_headers = envelope_.is_smtputf8 && !offered_.smtputf8;
    if (offered_.eight_bit_mime && !changes_headers) co_return true;
    EightBitScan scan;
    for (std::uint64_t at = 0; at < content_.size();) {
        const auto piece = co_await content_.read(at, kPiece);
        if (!piece || piece->empty()) {
            settle(verdict("4.3.0", "the message could not be read", Stage::mail, Scope::message));
            co_return false;
        }
        scan.put(*piece);
        at += piece->size();
    }
    scan.finish();
    const auto& obstacle = offered_.eight_bit_mime ? scan.fault() : scan.obstacle();
    if (scan.has_8bit() && !obstacle.empty()) {
        auto outcome = verdict("5.6.3", "the server does not take octets above 127: " + obstacle,
                               Stage::mail, Scope::message);
        outcome.host = with_.host();
        settle(outcome);
        co_return false;
    }
    if (scan.has_8bit()) converted_ = offered_.eight_bit_mime ? std::vector<bool>() : scan.bodies();
    co_return true;
}

std::vector<Transaction::Command> Transaction::commands() const {
    std::vector<Command> out;
    out.push_back({Stage::mail, 0, format_mail(envelope_, content_.size(), offered_) + "\r\n"});
    for (std::size_t i = 0; i < outcomes_.size(); ++i)
        if (!outcomes_[i])
            out.push_back(
                {Stage::rcpt, i, format_rcpt(envelope_.recipients[i], offered_) + "\r\n"});
    if (!uses_chunks()) out.push_back({Stage::data, 0, "DATA\r\n"});
    return out;
}

// RFC 2920 §3.1: MAIL, RCPT and, as the last one of a group, DATA.
net::Task<void> Transaction::send_envelope() {
    const auto all = commands();
    std::span<const Command> rest(all);
    while (!rest.empty()) {
        if (rest.front().stage == Stage::data && !has_accepted()) break;
        std::size_t count = 1;
        std::size_t octets = rest.front().line.size();
        while (offered_.pipelining && count < rest.size() &&
               octets + rest[count].line.size() <= kGroupOctets)
            octets += rest[count++].line.size();
        const bool goes_on = co_await run_group(rest.first(count));
        if (!goes_on) co_return;
        rest = rest.subspan(count);
    }
    leaves_rest_ = is_mail_accepted_ && !is_data_accepted_;
}

// Whether the next group makes sense. All replies of this one are read in any case.
net::Task<bool> Transaction::run_group(std::span<const Command> group) {
    std::string text;
    for (const auto& command : group) text += command.line;
    const auto& timeouts = options_.timeouts;
    const auto written = co_await with_.write(text, timeouts.mail);
    for (const auto& command : group) {
        auto timeout = command.stage == Stage::mail   ? timeouts.mail
                       : command.stage == Stage::rcpt ? timeouts.rcpt
                                                      : timeouts.data;
        // A server that went may have said why.
        if (!written) timeout = std::chrono::milliseconds(0);
        const auto reply = co_await with_.read(timeout);
        if (!reply) {
            settle(with_.outcome(reply.error(), command.stage));
            co_return false;
        }
        take_reply(command, *reply);
    }
    if (with_.is_over()) settle(with_.outcome(Error{Errc::closed, {}}, Stage::rcpt));
    co_return is_mail_accepted_ && !with_.is_over();
}

void Transaction::take_reply(const Command& command, const Reply& reply) {
    switch (command.stage) {
    case Stage::mail:
        is_mail_accepted_ = reply.is_positive();
        if (!is_mail_accepted_) settle(with_.outcome(reply, Stage::mail, Scope::message));
        break;
    case Stage::rcpt:
        accepted_[command.recipient] = is_mail_accepted_ && reply.is_positive();
        if (!accepted_[command.recipient] && !outcomes_[command.recipient])
            outcomes_[command.recipient] = with_.outcome(reply, Stage::rcpt, Scope::recipient);
        break;
    default:
        is_data_accepted_ = reply.code == 354;
        // A refusal because of the recipients is said already, RFC 2920 §3.1.
        if (!is_data_accepted_) {
            auto refusal = with_.outcome(reply, Stage::data, Scope::message);
            if (refusal.is_delivered()) refusal.fate = Fate::deferred; // 2yz before any content
            settle(refusal);
        }
    }
}

bool Transaction::has_accepted() const {
    return std::ranges::find(accepted_, true) != accepted_.end();
}

void Transaction::settle(const Outcome& outcome) {
    for (auto& one : outcomes_)
        if (!one) one = outcome;
}

} // namespace maild::relay
