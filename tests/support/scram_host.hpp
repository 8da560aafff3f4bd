#pragma once
// The server's half of SCRAM for tests' doubles of `auth`: everybody's password is the same.

#include "support/fake_clock.hpp"

#include "maild/auth/scram.hpp"

#include <optional>
#include <string>
#include <utility>

namespace maild::test {

class ScramHost {
public:
    explicit ScramHost(std::string password) : password_(std::move(password)) {}

    // With an identity that has only an address, the client's name: the caller makes it whole.
    auth::ScramResult on_message(const auth::ScramMessage& message) {
        const auto keys = auth::make_scram_keys(message.hash, password_, "a salt for tests");
        if (message.state.empty()) return begin(message, keys);
        const auto state = states_.open(message.state);
        if (!state) return fail(Errc::unavailable, "state");
        const auto first = auth::parse_scram_first(state->first);
        const auto final = auth::parse_scram_final(message.text);
        if (!final) return fail(Errc::protocol_error, "final");
        const auto word = auth::verify_scram(keys, *first, state->challenge, *final);
        if (!word || first->authcid.starts_with("invalid") ||
            auth::check_scram_binding(*first, *final, message) != nullptr)
            return std::unexpected<auth::LoginRefusal>(Error{Errc::authentication_failed, {}});
        auth::Identity identity;
        identity.address = first->authcid;
        return auth::ScramAnswer{*word, {}, std::move(identity)};
    }

private:
    auth::ScramResult begin(const auth::ScramMessage& message, const auth::ScramKeys& keys) {
        const auto first = auth::parse_scram_first(message.text);
        if (!first) return fail(Errc::protocol_error, "first");
        auto challenge = auth::format_scram_challenge(first->nonce + states_.make_nonce(), keys);
        auto state = states_.seal({message.hash, message.is_plus, message.text, challenge});
        return auth::ScramAnswer{std::move(challenge), std::move(state), std::nullopt};
    }

    std::string password_;
    FakeClock clock_;
    SeededRandom random_{3};
    auth::ScramStates states_{clock_, random_};
};

} // namespace maild::test
