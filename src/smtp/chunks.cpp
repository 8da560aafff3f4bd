// BDAT (RFC 3030 §2): the content in chunks of a size that is said before, each answered. What
// cannot be taken is read all the same, because its octets would be taken for commands.
#include "smtp/replies.hpp"
#include "smtp/session.hpp"

#include "maild/base/ensure.hpp"

namespace maild::smtp {
namespace {

// A message may have limits.chunks, and one more for so many octets: what is large can come in
// pieces of a size that makes sense.
constexpr std::uint64_t kSmallChunk = 4 * 1024;

} // namespace

Replies Session::handle(const Bdat& command) {
    if (!command.size) return end(replies::kBadChunk); // where the chunk ends is not known
    const bool is_idle = *command.size == 0 && !command.is_last;
    if (is_idle && ++idle_commands_ > server_.limits.idle_commands) return end(replies::kTooIdle);
    auto refusal = refuse_chunk();
    if (expects_ == Expects::nothing) return std::move(*refusal);
    if (!refusal && !chunks_) {
        const auto body = transaction_->mail.body;
        chunks_ = std::make_unique<ContentReader>(largest_of(body), server_.budget,
                                                  body == Body::binary_mime ? Framing::binary
                                                                            : Framing::counted);
        chunks_->expect(expected_size());
    }
    if (!refusal && command.is_last && *command.size <= server_.limits.message_size)
        chunks_->expect_whole(chunk_octets_ + *command.size);
    chunk_ = {*command.size, *command.size, command.is_last, std::move(refusal)};
    expects_ = Expects::chunk;
    return {};
}

// §2: after a chunk that was refused nothing but RSET helps, or half a message would be taken for
// the whole. Further ones may be in the pipeline already: the peer's mistake is counted once.
Session::Decision Session::refuse_chunk() {
    if (++chunk_count_ > server_.limits.chunks + chunk_octets_ / kSmallChunk)
        return end(replies::kTooManyChunks);
    if (has_failed_chunk_) return say(replies::kBadSequence);
    if (client_.hello.empty()) return bad(replies::kHelloFirst);
    if (!transaction_ && sender_refused_)
        return count_rcpt_failure(std::string(replies::kBadSequence));
    if (!transaction_) return bad(replies::kBadSequence);
    if (transaction_->recipients.empty())
        return count_rcpt_failure(std::string(replies::kNeedRecipient));
    return std::nullopt;
}

net::Task<void> Session::wait_for_chunk_room(std::size_t count) {
    if (chunk_.refusal) co_return;
    const auto patience = server_.limits.memory_patience;
    co_await chunks_->wait_for_room(count, patience);
}

void Session::on_chunk_octets(std::string_view octets) {
    ensure(expects_ == Expects::chunk && octets.size() <= chunk_.left, "octets of the chunk");
    chunk_.left -= octets.size();
    chunk_octets_ += octets.size();
    if (!chunk_.refusal) chunks_->push(octets);
}

net::Task<ContentResult> Session::on_chunk() {
    ensure(expects_ == Expects::chunk && chunk_.left == 0, "the chunk is whole");
    expects_ = Expects::command;
    if (chunk_.refusal) {
        chunks_.reset();
        has_failed_chunk_ = true;
        co_return ContentResult{std::move(*chunk_.refusal), {}};
    }
    if (chunk_.is_last) {
        const auto content = std::move(chunks_);
        content->finish();
        expects_ = Expects::content;
        auto result = co_await on_content(*content);
        co_return result;
    }
    if (chunks_->flaw() != Flaw::none) {
        const auto flawed = std::move(chunks_);
        co_return refuse_flawed(*flawed);
    }
    co_return ContentResult{{"250 2.0.0 " + std::to_string(chunk_.size) + " octets received\r\n"},
                            {}};
}

void Session::forget_transaction(std::string_view why) {
    record_transaction(why);
    transaction_.reset();
    looked_up_ = 0;
    chunks_.reset();
    promise_.reset();
    has_failed_chunk_ = false;
    chunk_count_ = 0;
    chunk_octets_ = 0;
}

} // namespace maild::smtp
