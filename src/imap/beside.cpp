#include "imap/beside.hpp"

#include <utility>

namespace maild::imap {

Beside::~Beside() {
    if (beside_) store_.close_session(*beside_);
}

net::Task<Result<store::OpenedMailbox>> Beside::open(store::MailboxName name, std::uint32_t most) {
    if (!beside_) {
        const auto opened = co_await store_.open_beside(session_, *this);
        if (!opened) co_return std::unexpected(opened.error());
        beside_ = *opened;
    }
    auto opened = co_await store_.open_mailbox(*beside_, std::move(name), true, most);
    co_return opened;
}

} // namespace maild::imap
