#pragma once
// Who is here: domains, accounts, aliases and passwords, as the other processes may ask of `auth`,
// which alone opens directory.db (DESIGN §2). Two implementations: LocalDirectory (SQLite, in
// `auth`) and RemoteDirectory (IPC). Answers are never cached by the callers, so that a change by
// `mailctl` holds at once.

#include "maild/auth/login_refusal.hpp"
#include "maild/auth/scram.hpp"
#include "maild/auth/token.hpp"
#include "maild/base/error.hpp"
#include "maild/base/ids.hpp"
#include "maild/directory/dkim.hpp"
#include "maild/directory/submission.hpp"
#include "maild/net/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace maild::directory {

enum class Service : std::uint8_t { smtp, submission, lmtp, imap, pop3, managesieve };

std::string_view name_of(Service service);

struct LoginAttempt {
    auth::Credentials credentials;
    Service service = Service::imap;
    std::string remote_address; // in digits: whose failures are counted; else not counted
};
// One of the two messages of a SCRAM client.
struct ScramAttempt {
    auth::ScramMessage message;
    Service service = Service::imap;
    std::string remote_address; // as above
};

struct ExternalAttempt {
    auth::ExternalLogin login;
    Service service = Service::imap;
    std::string remote_address; // as above
};

struct BearerAttempt {
    auth::BearerLogin login;
    Service service = Service::imap;
    std::string remote_address; // as above
};

// A mailbox here.
struct LocalTarget {
    AccountId account;
    std::string address; // the account's own
    std::string detail;  // subaddress (RFC 5233) that led here, empty without
    auth::Token grant;   // Right::deliver
};
// An address of another host, reached through an alias of ours, or given by an authenticated
// sender.
struct RelayTarget {
    std::string address;
};
using Target = std::variant<LocalTarget, RelayTarget>;

// One rewrite on the way, in words for `mailctl address resolve`.
struct Step {
    // "domain-alias", "subaddress", "alias", "alias-pattern", "catch-all", "account", …
    std::string rule;
    std::string from;
    std::string to;
};

enum class Verdict : std::uint8_t {
    accepted,
    not_local,        // the domain is not hosted here: relay, for those who may
    no_such_user,     // 550 5.1.1
    domain_disabled,  // 550 5.2.1
    account_disabled, // 550 5.2.1
    alias_loop,       // 554 5.4.6, also for too deep a chain
    too_many_targets, // 452 4.5.3
};

struct Resolution {
    Verdict verdict = Verdict::no_such_user;
    std::vector<Target> targets; // distinct
    std::vector<Step> steps;
};

// An account as other accounts' ACLs (RFC 4314) name it.
struct Referral {
    AccountId account;
    std::string address;              // its own
    std::optional<auth::Token> visit; // Right::visit; none: it is disabled, or its domain
};
inline constexpr std::size_t kMaxReferrals = 1'000; // in one question

class Directory {
public:
    virtual ~Directory() = default;
    // authentication_failed whatever the reason (the log has it); limit_exceeded when the network
    // is banned; busy when too many passwords wait to be hashed, or the account is being guessed
    // at.
    virtual net::Task<auth::LoginResult> login(LoginAttempt attempt) = 0;
    // Refusals as above; protocol_error for what is no message of SCRAM. For a name that is
    // nobody's the exchange goes on as for any other, takes as long, and fails at its end.
    virtual net::Task<auth::ScramResult> scram(ScramAttempt attempt) = 0;
    // By a TLS client certificate; refusals as of login(). The chain is verified here once more,
    // but that the client has its key only the worker has seen.
    virtual net::Task<auth::LoginResult> external(ExternalAttempt attempt) = 0;
    // By an OAuth 2.0 access token, about which its issuer is asked unless it was lately; refusals
    // as of login(), and unavailable or busy as long as the issuer does not answer.
    virtual net::Task<auth::LoginResult> bearer(BearerAttempt attempt) = 0;
    // `address`: an addr-spec, localpart decoded and re-quoted by mail::Address::format().
    // `<Postmaster>` without a domain is "postmaster" (RFC 5321 §4.5.1) and goes to the host's own
    // postmaster.
    virtual net::Task<Result<Resolution>> resolve(std::string address) = 0;
    // May this account use `address` as reverse-path: its own, with any subaddress, or any alias
    // that leads to it.
    virtual net::Task<Result<bool>> may_send_as(AccountId account, std::string address) = 0;
    // At the end of data of a submission, which is counted if nothing is refused. disabled: the
    // account is, or is gone.
    virtual net::Task<Result<SubmissionVerdict>> submit(Submission submission) = 0;
    // DKIM signatures on a message, by the newest active key of each algorithm that the domain of
    // its author has, or the nearest domain above it. No fields, and no error: there are no such
    // keys, or the author is not the account's to be. not_permitted: the token is forged or too
    // old, or of an account that is disabled or has another password by now.
    virtual net::Task<Result<DkimFields>> sign(DkimRequest request) = 0;
    // The reverse-path for mail of `sender` that an address here, `via`, sends on to another host:
    // rewritten by SRS (policy/srs.hpp), so that SPF holds there and reports find their way back,
    // which resolve() knows. As it is: of a domain of ours, or too long to be rewritten.
    virtual net::Task<Result<std::string>> forward_sender(std::string sender, std::string via) = 0;
    // The account that has exactly this address; no_such_account, no_such_domain,
    // invalid_argument.
    virtual net::Task<Result<Referral>> refer(std::string address) = 0;
    // Those that are there, in this order.
    virtual net::Task<Result<std::vector<Referral>>> refer_all(std::vector<AccountId> accounts) = 0;
};

template <class Codec> void describe(Codec& codec, LoginAttempt& a) {
    codec(a.credentials, a.service, a.remote_address);
}
template <class Codec> void describe(Codec& codec, ScramAttempt& a) {
    codec(a.message, a.service, a.remote_address);
}
template <class Codec> void describe(Codec& codec, ExternalAttempt& a) {
    codec(a.login, a.service, a.remote_address);
}
template <class Codec> void describe(Codec& codec, BearerAttempt& a) {
    codec(a.login, a.service, a.remote_address);
}
template <class Codec> void describe(Codec& codec, LocalTarget& t) {
    codec(t.account, t.address, t.detail, t.grant);
}
template <class Codec> void describe(Codec& codec, RelayTarget& t) { codec(t.address); }
template <class Codec> void describe(Codec& codec, Step& s) { codec(s.rule, s.from, s.to); }
template <class Codec> void describe(Codec& codec, Referral& r) {
    codec(r.account, r.address, r.visit);
}
template <class Codec> void describe(Codec& codec, Resolution& r) {
    codec(r.verdict, r.targets, r.steps);
}

} // namespace maild::directory
