#include "maild/auth/sasl_login.hpp"

#include "maild/base/encoding.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::auth {
namespace {

// A step at which `auth` has nothing to say.
SaslOutcome plain_outcome(SaslStep step) {
    if (auto* challenge = std::get_if<SaslChallenge>(&step)) return std::move(*challenge);
    if (auto* identity = std::get_if<Identity>(&step)) return std::move(*identity);
    if (const auto* error = std::get_if<SaslError>(&step)) return *error;
    return SaslError::malformed;
}

} // namespace

net::Task<SaslOutcome> SaslLogin::start(std::optional<std::string_view> initial_response) {
    auto first = exchange_.start(initial_response);
    auto outcome = co_await go_on(std::move(first));
    co_return outcome;
}

net::Task<SaslOutcome> SaslLogin::step(std::string_view line) {
    // RFC 7628 §3.2.3: %x01 or "*", whereupon it fails (both examples of §4.3), and so it does for
    // whatever else comes: nothing that is said now makes the token better.
    if (refusal_) co_return std::move(*std::exchange(refusal_, std::nullopt));
    auto next = exchange_.step(line);
    auto outcome = co_await go_on(std::move(next));
    co_return outcome;
}

net::Task<SaslOutcome> SaslLogin::go_on(SaslStep step) {
    if (auto* credentials = std::get_if<Credentials>(&step)) {
        auto outcome = co_await log_in(std::move(*credentials));
        co_return outcome;
    }
    if (auto* external = std::get_if<ExternalLogin>(&step)) {
        auto outcome = co_await log_in(std::move(*external));
        co_return outcome;
    }
    if (auto* bearer = std::get_if<BearerLogin>(&step)) {
        auto outcome = co_await log_in(std::move(*bearer));
        co_return outcome;
    }
    if (auto* message = std::get_if<ScramMessage>(&step)) {
        auto outcome = co_await ask(std::move(*message));
        co_return outcome;
    }
    co_return plain_outcome(std::move(step));
}

net::Task<SaslOutcome> SaslLogin::log_in(Credentials credentials) {
    auto identity = co_await authenticator_.login(std::move(credentials), peer_);
    if (!identity) co_return std::move(identity.error());
    co_return std::move(*identity);
}

net::Task<SaslOutcome> SaslLogin::log_in(ExternalLogin login) {
    auto identity = co_await authenticator_.external(std::move(login), peer_);
    if (!identity) co_return std::move(identity.error());
    co_return std::move(*identity);
}

// Without a token nobody is asked: the client wants to hear which scope it needs (RFC 7628 §4.3).
net::Task<SaslOutcome> SaslLogin::log_in(BearerLogin login) {
    if (login.token.empty())
        co_return explain(Error{Errc::authentication_failed, "no token was given"});
    auto identity = co_await authenticator_.bearer(std::move(login), peer_);
    if (!identity) co_return explain(std::move(identity.error()));
    co_return std::move(*identity);
}

// RFC 7628 §3.2.2: a refused token is explained by one more challenge. That we could not ask, or
// that the network is turned away, has nothing to do with the token.
SaslOutcome SaslLogin::explain(LoginRefusal refusal) {
    if (!refusal.is_guess() || !bearer_) return refusal;
    refusal_ = std::move(refusal);
    return SaslChallenge{base64_encode(mechanism_ == Mechanism::xoauth2
                                           ? format_xoauth2_error(*bearer_)
                                           : format_oauthbearer_error(*bearer_))};
}

net::Task<SaslOutcome> SaslLogin::ask(ScramMessage message) {
    auto answer = co_await authenticator_.scram(std::move(message), peer_);
    if (answer) co_return plain_outcome(exchange_.on_answer(std::move(*answer)));
    if (answer.error().code == Errc::protocol_error) co_return SaslError::malformed;
    co_return std::move(answer.error());
}

} // namespace maild::auth
