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
        while (!changes.empty()) {
            const auto piece = changes.first(count_of_piece(changes));
            changes = changes.subspan(piece.size());
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
    static std::size_t weight(const Change& change) {
        const auto* flags = std::get_if<FlagsChanged>(&change);
        return 1 + (flags == nullptr ? 0 : flags->uids.size());
    }
    static std::size_t count_of_piece(std::span<const Change> changes) {
        std::size_t count = 0;
        std::size_t sum = 0;
        while (count < changes.size() && sum < wire::kChangesAtOnce)
            sum += weight(changes[count++]);
        return count;
    }

    ipc::Connection& connection_; // outlives its sessions: they end when it does
    std::function<void(SessionId)> forget_;
};

} // namespace maild::store
