#include "pop3/read_ahead.hpp"

#include "pop3/limits.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace maild::pop3 {

net::Task<Result<store::MessageData>> ReadAhead::take(store::SessionId session,
                                                      const Maildrop& maildrop,
                                                      MessageNumber number, store::Item item) {
    const auto uid = maildrop.find(number)->uid;
    if (item != item_) messages_.clear();
    item_ = item;
    drop_before(uid);
    if (messages_.empty() || messages_.front().uid != uid) {
        window_ = number == next_ ? std::min(2 * window_, kMaxReadAhead) : 1;
        const auto fetched = co_await fetch(session, maildrop, number);
        if (!fetched) co_return std::unexpected(fetched.error());
    }
    next_ = MessageNumber(number.value + 1);
    if (messages_.empty() || messages_.front().uid != uid)
        co_return fail(Errc::not_found, "expunged by another session");
    auto message = std::move(messages_.front());
    messages_.pop_front();
    co_return message;
}

void ReadAhead::drop_before(Uid uid) {
    while (!messages_.empty() && messages_.front().uid < uid) messages_.pop_front();
}

net::Task<Result<void>> ReadAhead::fetch(store::SessionId session, const Maildrop& maildrop,
                                         MessageNumber number) {
    const auto octets =
        item_ == store::kContent ? kReadAhead : std::numeric_limits<std::uint64_t>::max();
    auto uids = maildrop.uids_from(number, window_, octets);
    messages_.clear();
    auto fetched = co_await store_.fetch(session, std::move(uids), item_);
    if (!fetched) co_return std::unexpected(std::move(fetched.error()));
    std::ranges::move(fetched->messages, std::back_inserter(messages_));
    co_return Result<void>{};
}

} // namespace maild::pop3
