#pragma once
// What `auth` says at the end of data of a message that an account submits: whether its author is
// the account, and whether it has not sent enough for today. One question for all of it. Counted is
// what was let through, stored or not; a day is one of UTC, and begins at nought for everybody. The
// counts outlive the worker and, but for the last half minute, `auth` too.

#include "maild/auth/token.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::directory {

// The host's, for accounts that have none of their own. 0: none.
struct SendLimits {
    std::uint32_t messages_per_day = 1'000;
    std::uint32_t recipients_per_day = 2'000;
};

// An account's own.
struct SendSettings {
    bool saves_sent = false;                         // a copy of each message in its Sent mailbox
    std::optional<std::uint32_t> messages_per_day;   // none: as the host; 0: as many as it likes
    std::optional<std::uint32_t> recipients_per_day; // likewise
    std::chrono::seconds hold_for{0}; // what it submits for other hosts: time to think again
    friend bool operator==(const SendSettings&, const SendSettings&) = default;
};

// What is to be other; an inner "none" is the host's limit again.
struct SendChange {
    std::optional<bool> saves_sent;
    std::optional<std::optional<std::uint32_t>> messages_per_day;
    std::optional<std::optional<std::uint32_t>> recipients_per_day;
    std::optional<std::chrono::seconds> hold_for{};
};

inline constexpr std::chrono::seconds kMaxHold = std::chrono::hours(24);

inline constexpr std::size_t kMaxClaimed = 64; // addresses in one question

// A user of this host, whose program submits without a login.
struct LocalSender {
    std::uint32_t uid = 0;
    std::string name;
};

// What such programs may do.
struct LocalRules {
    bool is_enabled = false;
    std::string domain;               // NAME@domain is the user NAME's own address
    std::vector<std::string> trusted; // users who may be anybody at our domains
    // addr-specs, canonical: in whose name it is signed (DKIM), with no login that vouches for it.
    // Few, because a worker that has fallen could have anything signed in it.
    std::vector<std::string> signs_as;
    SendLimits limits{}; // of each user but root
};

struct Submission {
    AccountId account;
    std::vector<std::string> claimed; // addr-specs: as whom it is written
    std::uint32_t recipients = 0;
    // In place of the account, who has to be believed; without recipients nothing is counted.
    std::optional<LocalSender> local{};
};

struct SubmissionVerdict {
    enum class Refusal : std::uint8_t {
        none,
        foreign,    // `foreign` leads not to this account: see Directory::may_send_as()
        messages,   // as many as `limit` today
        recipients, // with this message more than `limit` today
    };
    Refusal refusal = Refusal::none;
    std::string foreign;
    std::uint32_t limit = 0;
    WallTime resets; // when the next day begins
    // Without a refusal:
    std::string address; // the account's own
    std::optional<auth::Token>
        grant; // Right::deliver: where its queue rows go, and its copy of what it sent
    bool saves_sent = false;
    std::chrono::seconds hold_for{0};
};

// What an account has submitted today.
struct SentToday {
    std::string address;
    std::uint32_t messages = 0;
    std::uint32_t recipients = 0;
};

// How often `auth` has refused something because of a limit, since it started.
struct LimitTally {
    std::uint64_t messages = 0; // a day's
    std::uint64_t recipients = 0;
    std::uint64_t delayed_logins = 0; // answers to failures that were held back
    std::uint64_t turned_away = 0;    // logins from networks that are banned
};

template <class Codec> void describe(Codec& c, LimitTally& t) {
    c(t.messages, t.recipients, t.delayed_logins, t.turned_away);
}
template <class Codec> void describe(Codec& c, SendSettings& s) {
    c(s.saves_sent, s.messages_per_day, s.recipients_per_day, s.hold_for);
}
template <class Codec> void describe(Codec& c, SendChange& s) {
    c(s.saves_sent, s.messages_per_day, s.recipients_per_day, s.hold_for);
}
template <class Codec> void describe(Codec& c, SendLimits& s) {
    c(s.messages_per_day, s.recipients_per_day);
}
template <class Codec> void describe(Codec& c, LocalSender& s) { c(s.uid, s.name); }
template <class Codec> void describe(Codec& c, Submission& s) {
    c(s.account, s.claimed, s.recipients, s.local);
}
template <class Codec> void describe(Codec& c, SubmissionVerdict& v) {
    c(v.refusal, v.foreign, v.limit, v.resets, v.address, v.grant, v.saves_sent, v.hold_for);
}
template <class Codec> void describe(Codec& c, SentToday& s) {
    c(s.address, s.messages, s.recipients);
}

} // namespace maild::directory
