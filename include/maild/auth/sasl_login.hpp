#pragma once
// A login by SASL from AUTH or AUTHENTICATE to its end, the same for every protocol: the exchange
// with the client, and in between what `auth` says to it. Belongs to one session; used by one
// coroutine at a time.

#include "maild/auth/login_refusal.hpp"
#include "maild/auth/sasl.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/task.hpp"

#include <optional>
#include <string_view>
#include <variant>

namespace maild::auth {

// Who verifies, as a session sees it: `daemon` asks `auth`, tests have a double. Serves all
// sessions of a worker on its one thread and outlives them. `peer` is valid until the task has
// completed.
class Authenticator {
public:
    virtual ~Authenticator() = default;
    // authentication_failed for whatever is wrong with account or password (never told apart);
    // unavailable or busy if it could not be checked; limit_exceeded ends the session. The session
    // itself delays answers to failures, and ends after several.
    virtual net::Task<LoginResult> login(Credentials credentials, const net::Peer& peer) = 0;
    virtual net::Task<LoginResult> external(ExternalLogin login, const net::Peer& peer) = 0;
    // unavailable or busy, too, when the token's issuer could not be asked.
    virtual net::Task<LoginResult> bearer(BearerLogin login, const net::Peer& peer) = 0;
    virtual net::Task<ScramResult> scram(ScramMessage message, const net::Peer& peer) = 0;
};

// A challenge: send it and give the client's next line to step(). Otherwise it is over.
using SaslOutcome = std::variant<SaslChallenge, Identity, LoginRefusal, SaslError>;

class SaslLogin {
public:
    // Authenticator and peer outlive it. The mechanism is one of the offer.
    SaslLogin(Mechanism mechanism, const SaslOffer& offer, net::TlsBinding binding,
              Authenticator& authenticator, const net::Peer& peer)
        : mechanism_(mechanism),
          bearer_(offer.bearer),
          exchange_(mechanism, std::move(binding)),
          authenticator_(authenticator),
          peer_(peer) {}

    net::Task<SaslOutcome> start(std::optional<std::string_view> initial_response);
    net::Task<SaslOutcome> step(std::string_view line);

private:
    net::Task<SaslOutcome> go_on(SaslStep step);
    net::Task<SaslOutcome> log_in(Credentials credentials);
    net::Task<SaslOutcome> log_in(ExternalLogin login);
    net::Task<SaslOutcome> log_in(BearerLogin login);
    SaslOutcome explain(LoginRefusal refusal);
    net::Task<SaslOutcome> ask(ScramMessage message);

    Mechanism mechanism_;
    std::shared_ptr<const BearerOffer> bearer_;
    SaslExchange exchange_;
    std::optional<LoginRefusal> refusal_; // of a token: the client hears why, and then this
    Authenticator& authenticator_;
    const net::Peer& peer_;
};

} // namespace maild::auth
