#pragma once
// An SMTP session as a Connection.

#include "maild/base/clock.hpp"
#include "maild/relay/session.hpp"
#include "maild/sender/transport.hpp"

#include <memory>

namespace maild::sender {

class RelayConnection final : public Connection {
public:
    // The clock outlives it.
    RelayConnection(std::unique_ptr<relay::Session> session, const Clock& clock)
        : session_(std::move(session)), clock_(clock) {}

    net::Task<std::vector<relay::Outcome>> send(const queue::LeasedMessage& message,
                                                relay::Content& content) override;
    bool is_usable() const override { return session_->is_usable(); }
    std::size_t most_recipients() const override { return session_->most_recipients(); }
    bool host_reports() const override { return session_->capabilities().dsn; }
    std::size_t transactions() const override { return session_->transactions(); }
    net::Task<void> quit() override { return session_->quit(); }

private:
    std::unique_ptr<relay::Session> session_;
    const Clock& clock_;
};

// What the session is told; of DELIVERBY what is left of the time.
relay::Envelope envelope_for(const queue::LeasedMessage& message, WallTime now);

} // namespace maild::sender
