#pragma once
// A queued message as what is sent: read from the store in pieces, so that a large one never lies
// in memory.

#include "maild/relay/content.hpp"
#include "maild/store/queue.hpp"

#include <string>

namespace maild::sender {

class QueuedContent final : public relay::Content {
public:
    static constexpr std::uint64_t kPiece = 256 * 1024;

    // Borrows the queue. `beginning`: what has been read of it already.
    QueuedContent(store::Queue& queue, const queue::LeasedMessage& message, std::string beginning)
        : queue_(queue), message_(message.id), size_(message.size), piece_(std::move(beginning)) {}

    std::uint64_t size() const override { return size_; }
    net::Task<Result<std::string_view>> read(std::uint64_t offset, std::size_t at_most) override {
        const bool has = offset >= begin_ && offset < begin_ + piece_.size();
        if (!has && offset < size_) {
            auto piece = co_await queue_.read_queued(message_, offset, kPiece);
            if (!piece) co_return std::unexpected(std::move(piece.error()));
            if (piece->empty()) co_return fail(Errc::corrupt, "shorter than its size");
            piece_ = std::move(*piece);
            begin_ = offset;
        }
        if (offset >= size_) co_return std::string_view();
        co_return std::string_view(piece_).substr(offset - begin_, at_most);
    }

private:
    store::Queue& queue_;
    QueueId message_;
    std::uint64_t size_;
    std::string piece_;
    std::uint64_t begin_ = 0;
};

} // namespace maild::sender
