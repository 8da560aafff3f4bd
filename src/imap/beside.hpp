#pragma once
// A second look into the account beside a session's own mailbox: opened when a command needs it,
// closed with it. What happens in its mailbox meanwhile is told to nobody.

#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

#include <optional>

namespace maild::imap {

class Beside final : private store::ChangeSink {
public:
    // Both outlive it.
    Beside(store::MessageStore& store, store::SessionId session)
        : store_(store), session_(session) {}
    ~Beside() override;
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;

    // For reading alone.
    net::Task<Result<store::OpenedMailbox>> open(store::MailboxName name,
                                                 std::uint32_t most = store::kAllMessages);
    store::SessionId id() const { return beside_.value_or(store::SessionId()); } // once it is open

private:
    void on_changes(MailboxId, std::span<const store::Change>) override {}
    void on_lost() override { beside_.reset(); }

    store::MessageStore& store_;
    store::SessionId session_;
    std::optional<store::SessionId> beside_;
};

} // namespace maild::imap
