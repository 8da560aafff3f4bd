// AUTH (RFC 4954). The mechanisms are in module `auth`; here is when they may run and what they are
// answered.
#include "smtp/replies.hpp"
#include "smtp/session.hpp"

#include "maild/base/log.hpp"

namespace maild::smtp {

bool Session::may_login() const {
    return server_.offers_auth && auth::allows_password(server_.plaintext, client_.tls.has_value(),
                                                        client_.peer.is_loopback);
}

auth::SaslOffer Session::offer() const {
    return client_.tls ? auth::offer_on(server_.sasl, client_.tls->binding) : server_.sasl;
}

Session::Decision Session::check_auth() {
    if (!server_.offers_auth) return bad(replies::kNotImplemented);
    if (client_.identity || !client_.is_extended) return bad(replies::kBadSequence); // RFC 4954 §4
    // A password that came with the command is neither decoded, checked nor logged.
    if (!may_login()) return bad(replies::kLoginNeedsTls);
    return std::nullopt;
}

net::Task<Replies> Session::handle(const Auth& command) {
    if (auto refusal = check_auth()) co_return std::move(*refusal);
    const auto offered = offer();
    const auto mechanism = auth::parse_mechanism(command.mechanism, offered);
    if (!mechanism) co_return bad(replies::kUnknownMechanism);
    auto binding = client_.tls ? client_.tls->binding : net::TlsBinding{};
    login_.emplace(*mechanism, offered, std::move(binding), server_.backend.authenticator(),
                   client_.peer);
    auto outcome = co_await login_->start(command.initial_response);
    co_return on_outcome(std::move(outcome));
}

// The client's next line within the exchange. It ends at anything that is no response.
net::Task<Replies> Session::on_response(net::Line line) {
    if (line.too_long || line.has_nul || line.has_bare_cr_or_lf) {
        login_.reset();
        co_return bad(line.too_long ? replies::kLineTooLong : replies::kBadExchange);
    }
    auto outcome = co_await login_->step(line.text);
    co_return on_outcome(std::move(outcome));
}

Replies Session::on_outcome(auth::SaslOutcome outcome) {
    if (const auto* challenge = std::get_if<auth::SaslChallenge>(&outcome))
        return say("334 " + challenge->text + "\r\n");
    login_.reset();
    if (const auto* error = std::get_if<auth::SaslError>(&outcome))
        return bad(*error == auth::SaslError::cancelled ? replies::kCancelled
                                                        : replies::kBadExchange);
    if (const auto* refusal = std::get_if<auth::LoginRefusal>(&outcome))
        return on_failed_login(*refusal);
    client_.identity = std::move(std::get<auth::Identity>(outcome));
    log::info("smtp_login",
              {{"session", client_.session_id}, {"account", client_.identity->address}});
    return say(replies::kLoggedIn);
}

// Guessing gets slower with each failure and then ends; that we could not check is not the peer's
// failure. A whole network that guesses is turned away (HARDENING 40).
Replies Session::on_failed_login(const auth::LoginRefusal& refusal) {
    log::info("smtp_login_failed", {{"session", client_.session_id},
                                    {"remote_ip", client_.peer.address},
                                    {"error", name_of(refusal.code)},
                                    {"detail", refusal.internal}});
    if (refusal.is_turned_away())
        return end("421 4.7.0 " + std::string(auth::kTurnedAway) + "\r\n");
    const auto text = format_reply(reply_for(refusal.code, Step::login));
    if (refusal.code != Errc::authentication_failed) return bad(text);
    const auto& limits = server_.limits;
    const auto failures_before = auth_failures_++;
    if (auth_failures_ >= limits.auth_failures) {
        auto last = end(replies::kTooManyLogins);
        last.delay = limits.auth_failure_delay_max;
        return last;
    }
    return {text, refusal.answer_delay(failures_before, limits.auth_failure_delay,
                                       limits.auth_failure_delay_max)};
}

} // namespace maild::smtp
