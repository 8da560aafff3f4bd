#pragma once
// Why a login did not succeed and how it is to be answered, the same for all protocols. `auth`
// decides it; a session holds its answer back for the delay, and ends when it was turned away.

#include "maild/auth/failure_delay.hpp"
#include "maild/auth/identity.hpp"
#include "maild/base/error.hpp"

#include <algorithm>
#include <string_view>

namespace maild::auth {

struct LoginRefusal : Error {
    LoginRefusal() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): `return fail(…)` stays as it is
    LoginRefusal(Error error, std::chrono::milliseconds hold_back = {})
        : Error(std::move(error)), delay(hold_back) {}

    // At least for so long; sessions have delays of their own.
    std::chrono::milliseconds delay{};

    // The network guessed too much: no password was looked at, and the session ends (SMTP 421
    // 4.7.0, IMAP BYE, POP3 [SYS/TEMP]).
    bool is_turned_away() const { return code == Errc::limit_exceeded; }
    // What failed for reasons of ours is no guess of a password.
    bool is_guess() const {
        return code == Errc::authentication_failed || code == Errc::no_such_account ||
               code == Errc::no_such_domain || code == Errc::disabled;
    }
    // For the answer to a guess: the session's own delay, or the network's if that is longer.
    std::chrono::milliseconds answer_delay(unsigned failures_before,
                                           std::chrono::milliseconds first,
                                           std::chrono::milliseconds most) const {
        return std::max(delay, failure_delay(failures_before, first, most));
    }
};

inline constexpr std::string_view kTurnedAway =
    "Too many failed logins from your network, try again later";

using LoginResult = Result<Identity, LoginRefusal>;

template <class Codec> void describe(Codec& codec, LoginRefusal& refusal) {
    codec(static_cast<Error&>(refusal), refusal.delay);
}

} // namespace maild::auth
