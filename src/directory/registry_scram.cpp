// SCRAM: the server's half, where the keys are.
#include "directory/app_passwords.hpp"
#include "directory/login_records.hpp"
#include "directory/registry_login.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::directory {
namespace {

// The timer's clock is the kernel's, whatever ours is in a test.
SteadyTime in_real_time(const Clock& clock, SteadyTime time) {
    return SystemClock().steady_now() + (time - clock.steady_now());
}

LoginAttempt named_by(const ScramAttempt& attempt, const auth::ScramFirst& first) {
    return {.credentials = {first.authzid, first.authcid, {}},
            .service = attempt.service,
            .remote_address = attempt.remote_address};
}

} // namespace

// Both messages of one exchange, taken apart.
struct Registry::Exchange {
    auth::ScramFirst first;
    std::string challenge;
    auth::ScramFinal final;
    LoginAttempt by;
};

// No password is hashed here, so that the time of a few lookups would tell who exists, were it to
// be seen: every answer leaves at the same distance from its question.
net::Task<auth::ScramResult> Registry::scram(ScramAttempt attempt) {
    const auto answered = clock_.steady_now() + settings_.scram_pace;
    if (attempt.message.state.empty()) {
        auto challenge = begin_scram(attempt);
        co_await net::sleep_until(in_real_time(clock_, answered));
        co_return challenge;
    }
    auto result = co_await finish_scram(attempt);
    co_await net::sleep_until(in_real_time(clock_, answered));
    co_return result;
}

// What an exchange begins with: an account without keys is as good as none here.
auth::ScramKeys Registry::shown_keys(const Login& login, auth::ScramHash hash) const {
    const auto& stored =
        hash == auth::ScramHash::sha1 ? login.credential.scram_sha1 : login.credential.scram;
    if (auto keys = auth::parse_scram_keys(stored); keys && keys->hash == hash)
        return std::move(*keys);
    auto keys = secret_.decoy_for(hash, login.name);
    keys.salt = salt_of(login);
    return keys;
}

auth::ScramResult Registry::begin_scram(const ScramAttempt& attempt) {
    const auto& message = attempt.message;
    const auto first = auth::parse_scram_first(message.text);
    if (!first) return fail(Errc::protocol_error, "no client-first-message");
    const auto by = named_by(attempt, *first);
    const auto login = find_login(by.credentials);
    if (!login) return std::unexpected(login.error());
    if (guard_.find_ban(who_tries(by, login->account, login->name)) != nullptr)
        return turn_away(by);
    const auto keys = shown_keys(*login, message.hash);
    auto challenge = auth::format_scram_challenge(first->nonce + scram_states_.make_nonce(), keys);
    auto state = scram_states_.seal({.hash = message.hash,
                                     .is_plus = message.is_plus,
                                     .first = message.text,
                                     .challenge = challenge});
    return auth::ScramAnswer{std::move(challenge), std::move(state), std::nullopt};
}

net::Task<auth::ScramResult> Registry::finish_scram(const ScramAttempt& attempt) {
    const auto& message = attempt.message;
    auto state = scram_states_.open(message.state);
    if (!state || state->hash != message.hash || state->is_plus != message.is_plus)
        co_return fail(Errc::unavailable, "a SCRAM exchange of before, or one that took too long");
    auto first = auth::parse_scram_first(state->first);
    auto final = auth::parse_scram_final(message.text);
    if (!first || !final) co_return fail(Errc::protocol_error, "no client-final-message");
    auto by = named_by(attempt, *first);
    const auto login = find_login(by.credentials);
    if (!login) co_return std::unexpected(login.error());
    const auto who = who_tries(by, login->account, login->name);
    if (guard_.find_ban(who) != nullptr) co_return turn_away(by);
    auto turn = co_await wait_for_turn(who);
    if (!turn) co_return deny(by, turn.error());
    const Exchange exchange{std::move(*first), std::move(state->challenge), std::move(*final),
                            std::move(by)};
    auto result = verify_scram(exchange, message, std::move(*turn));
    turn_ended_.notify();
    co_return result;
}

struct Registry::ScramProof {
    std::optional<std::string> word; // the server's last one; none: nothing fits
    std::optional<std::int64_t> app; // the app password that it was …
    std::optional<WallTime> until;   // … and when it expires
    const char* refusal = "wrong password, or another nonce";
};

// All of an account's passwords have the salt that the challenge showed.
Registry::ScramProof Registry::prove(const Login& login, const Exchange& exchange,
                                     const auth::ScramMessage& message) const {
    const auto attempt = [&](const std::string& sha1, const std::string& sha256) {
        const auto keys =
            auth::parse_scram_keys(message.hash == auth::ScramHash::sha1 ? sha1 : sha256);
        if (!keys || keys->hash != message.hash ||
            exchange.challenge != auth::format_scram_challenge(exchange.final.nonce, *keys))
            return std::optional<std::string>();
        return auth::verify_scram(*keys, exchange.first, exchange.challenge, exchange.final);
    };
    ScramProof proof;
    proof.word = attempt(login.credential.scram_sha1, login.credential.scram);
    if (proof.word) proof.refusal = nullptr;
    for (const auto& app : login.app_passwords) {
        if (proof.word) break;
        proof.word = attempt(app.scram_sha1, app.scram);
        if (!proof.word) continue;
        proof.app = app.id;
        proof.until = app.shown.scope.expires;
        proof.refusal = check_scope(app.shown.scope, exchange.by, clock_.now());
    }
    return proof;
}

auth::ScramResult Registry::verify_scram(const Exchange& exchange,
                                         const auth::ScramMessage& message, Guard::Turn turn) {
    const auto& by = exchange.by;
    const auto login = find_login(by.credentials); // an admin may have changed it meanwhile
    if (!login) return std::unexpected(login.error());
    const auto proof = prove(*login, exchange, message);
    const auto* refusal = proof.refusal;
    const auto* unbound = auth::check_scram_binding(exchange.first, exchange.final, message);
    if (unbound != nullptr) refusal = unbound;
    if (login->refusal != nullptr) refusal = login->refusal;
    if (refusal == nullptr) {
        const auto spent =
            scram_states_.spend(exchange.final.nonce.substr(exchange.first.nonce.size()));
        if (spent == auth::ScramStates::Spent::no_room)
            return fail(Errc::busy, "too many logins by SCRAM in a minute");
        if (spent == auth::ScramStates::Spent::before)
            refusal = "the exchange has led to a login before";
    }
    if (refusal != nullptr) return refuse(by, *login, turn, refusal);
    if (proof.app) records_->note_app_password(*proof.app, seen_now(by, clock_));
    auto identity = admit(by, *login, who_tries(by, login->account, login->name), proof.until);
    if (!identity) return std::unexpected(std::move(identity.error()));
    return auth::ScramAnswer{*proof.word, {}, std::move(*identity)};
}

} // namespace maild::directory
