#include "imap/room.hpp"

namespace maild::imap {

net::Task<std::optional<Response>> Room::take(std::uint64_t count, std::uint64_t sent) {
    const auto wanted = size_ + count;
    if (wanted + sent > budget_.largest()) co_return response_for(Errc::too_large);
    const bool is_granted = co_await lease_.wait_for(wanted, wanted, patience_);
    if (is_granted) {
        size_ = wanted;
        co_return std::nullopt;
    }
    budget_.note_refused();
    co_return no(kShortOfMemory);
}

void Room::give_back(std::uint64_t count) {
    size_ -= count;
    lease_.shrink_to(size_);
}

} // namespace maild::imap
