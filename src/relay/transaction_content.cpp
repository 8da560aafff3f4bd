// The content of a transaction, by DATA or in chunks (RFC 3030), and the replies to it.
#include "relay/encoder.hpp"
#include "relay/transaction.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

constexpr std::size_t kPiece = 64 * 1024; // that content is read in
constexpr std::size_t kBlock = 64 * 1024; // from which on it is written

// A server that has refused in the middle is given this to say why.
constexpr std::chrono::seconds kLastWords{1};

} // namespace

// DATA was answered with 354 although no recipient is left: a dot alone ends it, and the answer
// says nothing (RFC 2920 §3.1). LMTP has none then (RFC 2033 §4.2).
net::Task<void> Transaction::send_nothing() {
    const auto written = co_await with_.write(".\r\n", options_.timeouts.block);
    if (!written || options_.protocol == Protocol::lmtp) {
        with_.end();
        co_return;
    }
    const auto reply = co_await with_.read(options_.timeouts.content_end);
    static_cast<void>(reply);
    leaves_rest_ = true; // as far as anybody knows
}

net::Task<void> Transaction::send_content() {
    const bool is_sent = co_await send_blocks();
    if (is_sent) co_await read_verdicts();
}

net::Task<bool> Transaction::send_blocks() {
    ContentEncoder encoder(!uses_chunks());
    std::string changed;
    std::optional<SevenBitConverter> converter;
    if (converted_) converter.emplace(std::move(*converted_), changed);
    for (std::uint64_t at = 0; at < content_.size();) {
        const auto piece = co_await content_.read(at, kPiece);
        if (!piece || piece->empty()) {
            // Nobody may take half of it for the whole: no dot, no LAST.
            settle(
                verdict("4.3.0", "the message could not be read", Stage::content, Scope::message));
            with_.end();
            co_return false;
        }
        at += piece->size();
        if (converter) {
            converter->put(*piece);
            encoder.put(changed, out_);
            changed.clear();
        } else {
            encoder.put(*piece, out_);
        }
        if (out_.size() < kBlock) continue;
        const bool goes_on = co_await send_block(false);
        if (!goes_on) co_return false;
    }
    if (converter) converter->finish();
    encoder.put(changed, out_);
    encoder.finish(out_);
    const bool is_sent = co_await send_block(true);
    co_return is_sent;
}

net::Task<bool> Transaction::send_block(bool is_last) {
    if (uses_chunks()) {
        const bool goes_on = co_await send_chunk(is_last);
        co_return goes_on;
    }
    if (is_last) out_ += ".\r\n";
    const auto block = std::exchange(out_, {});
    const auto written = co_await with_.write(block, options_.timeouts.block);
    if (written) co_return true;
    co_await lose(written.error());
    co_return false;
}

// Each but the last is answered before the next one goes, so that a refusal costs one of them.
net::Task<bool> Transaction::send_chunk(bool is_last) {
    auto chunk = "BDAT " + std::to_string(out_.size()) + (is_last ? " LAST\r\n" : "\r\n");
    chunk += std::exchange(out_, {});
    const auto written = co_await with_.write(chunk, options_.timeouts.block);
    if (!written) {
        co_await lose(written.error());
        co_return false;
    }
    if (is_last) co_return true;
    const auto reply = co_await with_.read(options_.timeouts.block);
    if (!reply) {
        settle(with_.outcome(reply.error(), Stage::content));
        co_return false;
    }
    if (reply->is_positive()) co_return true;
    settle(with_.outcome(*reply, Stage::content, Scope::message));
    leaves_rest_ = true; // RFC 3030 §2: only RSET is left
    co_return false;
}

// The connection broke while content was sent, and the end was not: nothing can be delivered. Some
// servers refuse in the middle and close; what they said counts.
net::Task<void> Transaction::lose(Error error) {
    const auto reply = co_await with_.read(kLastWords);
    with_.end();
    if (reply && (reply->is_transient() || reply->is_permanent()))
        settle(with_.outcome(*reply, Stage::content, Scope::message));
    else
        settle(with_.outcome(error, Stage::content));
}

// One reply for all, or in LMTP one for each that RCPT has accepted, in their order (RFC 2033
// §4.2). Where none comes, the server may have the message all the same.
net::Task<void> Transaction::read_verdicts() {
    const bool is_for_each = options_.protocol == Protocol::lmtp;
    leaves_rest_ = false;
    for (std::size_t i = 0; i < accepted_.size(); ++i) {
        if (!accepted_[i]) continue;
        const auto reply = co_await with_.read(options_.timeouts.content_end);
        if (!reply) {
            auto lost = with_.outcome(reply.error(), Stage::content);
            if (lost.code == 0) {
                lost.may_be_duplicate = true;
                lost.words += "; everything was sent, so it may be delivered twice";
            }
            settle(lost);
            co_return;
        }
        const auto scope = is_for_each ? Scope::recipient : Scope::message;
        const auto outcome = with_.outcome(*reply, Stage::content, scope);
        if (!is_for_each) {
            settle(outcome);
            co_return;
        }
        outcomes_[i] = outcome;
    }
}

} // namespace maild::relay
