#pragma once
// auth's line to the role oauth.

#include "daemon/peer_messages.hpp"

#include "maild/auth/bearer_token.hpp"
#include "maild/ipc/client.hpp"

namespace maild::daemon {

class IssuerLine final : public auth::Introspector {
public:
    explicit IssuerLine(boost::asio::io_context& io) : line_(io, "oauth") {}

    void attach(UniqueFd socket) { line_.attach(std::move(socket)); }
    // The issuer's own time-out; the line's is a little longer.
    void set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout + kMargin; }

    net::Task<Result<auth::TokenClaims>> introspect(std::string token) override {
        IntrospectRequest request{std::move(token)};
        auto claims =
            co_await line_.call<auth::TokenClaims>(kIntrospect, std::move(request), timeout_);
        co_return claims;
    }

private:
    static constexpr std::chrono::milliseconds kMargin{1'000};
    ipc::Client line_;
    std::chrono::milliseconds timeout_{};
};

} // namespace maild::daemon
