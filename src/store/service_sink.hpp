#pragma once
// The ends of one connection's sessions: what the store tells them goes out as events.

#include "store/wire.hpp"

#include "maild/ipc/server.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace maild::store {

class ServiceSink final : public ChangeSink {
public:
    ServiceSink(ipc::Connection& connection, std::function<void(SessionId)> forget)
        : connection_(connection), forget_(std::move(forget)) {}

    // In pieces, so that no message is too large for the other side.
    void on_changes(MailboxId mailbox, std::span<const Change> changes) override {
        for (; !changes.empty();
             changes = changes.subspan(std::min(changes.size(), wire::kChangesAtOnce))) {
            const auto piece = changes.first(std::min(changes.size(), wire::kChangesAtOnce));
            wire::Changes event{session, opening, mailbox, {piece.begin(), piece.end()}};
            connection_.send_event(wire::number(wire::Type::changes), ipc::encode(event));
        }
    }
    void on_annotations(const MailboxName& mailbox, std::span<const std::string> names) override {
        wire::AnnotationsChanged event{session, mailbox, {names.begin(), names.end()}};
        connection_.send_event(wire::number(wire::Type::annotations_changed), ipc::encode(event));
    }
    void on_account(const AccountChange& change) override {
        connection_.send_event(wire::number(wire::Type::account_changed),
                               ipc::encode(wire::AccountChanged{session, change}));
    }
    void on_lost() override {
        connection_.send_event(wire::number(wire::Type::lost), ipc::encode(wire::Lost{session}));
        forget_(session); // deletes this
    }

    SessionId session;
    std::uint32_t opening = 0;

private:
    ipc::Connection& connection_; // outlives its sessions: they end when it does
    std::function<void(SessionId)> forget_;
};

} // namespace maild::store
