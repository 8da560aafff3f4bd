// Logins: whom they name, whether they may be tried, and what comes of it.
#include "directory/registry_login.hpp"

#include "directory/hasher.hpp"
#include "directory/login_records.hpp"
#include "directory/network_places.hpp"
#include "directory/rules.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::directory {

std::string_view name_of(Service service) {
    switch (service) {
    case Service::smtp: return "smtp";
    case Service::submission: return "submission";
    case Service::lmtp: return "lmtp";
    case Service::imap: return "imap";
    case Service::pop3: return "pop3";
    case Service::managesieve: return "managesieve";
    }
    return "unknown";
}

namespace {

using Guard = auth::LoginGuard;

// A login waits for its network's turn no longer than clients do, and the hash comes on top.
constexpr std::chrono::seconds kLongestWait{15};
constexpr std::chrono::seconds kLook{1};

// Whoever writes a name differently gets the same answers.
std::string canonical_name(Repository& rows, const std::string& name) {
    const auto place = rules::find_place(rows, name);
    if (place) return place->address;
    const auto address = canonical_address(name);
    return address ? address->format() : ascii::to_lower(name);
}

bool is_complete(const Credential& credential) {
    return !credential.scram.empty() && !credential.scram_sha1.empty() &&
           !auth::is_outdated_hash(credential.hash);
}

} // namespace

bool is_absent(const Error& error) {
    return error.code == Errc::invalid_argument || error.code == Errc::no_such_domain ||
           error.code == Errc::no_such_account;
}

LastLogin seen_now(const LoginAttempt& attempt, const Clock& clock) {
    return {std::string(name_of(attempt.service)), attempt.remote_address, clock.now()};
}

// One account is one, by whichever of its addresses; and so is a name that is none, however it is
// spelt, or the spelling would tell the two apart.
auth::LoginGuard::Attempt who_tries(const LoginAttempt& attempt,
                                    const std::optional<Account>& account,
                                    const std::string& name) {
    return {.from = net::parse_ip(attempt.remote_address),
            .account = account ? std::to_string(account->id.value) : "@" + name};
}

std::unexpected<auth::LoginRefusal> turn_away(const LoginAttempt& attempt) {
    log::info("login_turned_away", {{"authcid", attempt.credentials.authcid},
                                    {"remote_ip", attempt.remote_address},
                                    {"service", name_of(attempt.service)}});
    return std::unexpected<auth::LoginRefusal>(
        Error{Errc::limit_exceeded, "too many failed logins from this network"});
}

std::unexpected<auth::LoginRefusal> deny(const LoginAttempt& attempt, Guard::Denial denial) {
    if (denial == Guard::Denial::turned_away) return turn_away(attempt);
    log::info("login_put_off", {{"authcid", attempt.credentials.authcid},
                                {"remote_ip", attempt.remote_address},
                                {"service", name_of(attempt.service)}});
    return std::unexpected<auth::LoginRefusal>(
        Error{Errc::busy, "too many guesses at the account or from the network"});
}

void Registry::set_login_limits(auth::LoginLimits limits) { guard_.set_limits(std::move(limits)); }

Result<Registry::Login> Registry::find_login(const auth::Credentials& credentials) {
    Login login;
    login.credential.hash = nobodys_hash_;
    auto account = rules::find_account(*rows_, credentials.authcid);
    if (!account && !is_absent(account.error())) return std::unexpected(account.error());
    if (!account) {
        login.refusal = "no such account";
        login.name = canonical_name(*rows_, credentials.authcid);
        return login;
    }
    login.name = account->address;
    auto credential = rows_->load_credential(account->id);
    if (!credential) return std::unexpected(std::move(credential.error()));
    login.has_password = !credential->hash.empty();
    if (login.has_password) login.credential = std::move(*credential);
    auto apps = rows_->list_app_passwords(account->id);
    if (!apps) return std::unexpected(std::move(apps.error()));
    login.app_passwords = std::move(*apps);
    const auto place = rules::find_place(*rows_, account->address);
    if (!place) return std::unexpected(place.error());
    if (account->is_disabled) login.refusal = "account disabled";
    if (place->domain.is_disabled) login.refusal = "domain disabled";
    if (!credentials.authzid.empty()) { // RFC 4616 §2: only as oneself
        const auto other = rules::find_account(*rows_, credentials.authzid);
        if (!other && !is_absent(other.error())) return std::unexpected(other.error());
        if (!other || other->id != account->id) login.refusal = "authzid of another account";
    }
    login.account = std::move(*account);
    return login;
}

std::unexpected<auth::LoginRefusal> Registry::refuse(const LoginAttempt& attempt,
                                                     const Login& login, Guard::Turn& turn,
                                                     std::string_view reason) {
    const auto failure = turn.failed();
    // Said here alone: a worker, which may be taken over, learns no more than the peer.
    log::warning("login_failed", {{"authcid", attempt.credentials.authcid},
                                  {"remote_ip", attempt.remote_address},
                                  {"service", name_of(attempt.service)},
                                  {"reason", reason},
                                  {"failures", failure.failures},
                                  {"delay_msecs", failure.delay.count()}});
    if (login.account) records_->note_failure(login.account->id, seen_now(attempt, clock_));
    if (failure.ban) keep_ban(*failure.ban);
    return std::unexpected<auth::LoginRefusal>(
        std::in_place, Error{Errc::authentication_failed, {}}, failure.delay);
}

bool Registry::is_cached(const Login& login, const std::string& password) {
    return login.refusal == nullptr &&
           cache_.has(login.account->id, login.credential.version, password);
}

// A verified password of today's is known: another one is wrong, whoever has no time to say so.
bool Registry::is_known(const Login& login) const {
    return login.refusal == nullptr && cache_.knows(login.account->id, login.credential.version);
}

void Registry::count_unseen(const LoginAttempt& attempt, Guard::Turn& turn) {
    const auto failure = turn.failed();
    log::warning("login_not_looked_at", {{"authcid", attempt.credentials.authcid},
                                         {"remote_ip", attempt.remote_address},
                                         {"failures", failure.failures}});
    if (failure.ban) keep_ban(*failure.ban);
}

Result<auth::Identity> Registry::admit(const LoginAttempt& attempt, const Login& login,
                                       const Guard::Attempt& who, std::optional<WallTime> until) {
    auto token = grant(*login.account, auth::Right::access);
    if (!token) return std::unexpected(std::move(token.error()));
    auto hidden = rows_->list_hidden_capabilities(login.account->id);
    if (!hidden) return std::unexpected(std::move(hidden.error()));
    guard_.remember(who);
    records_->note_login(login.account->id, seen_now(attempt, clock_));
    return auth::Identity{login.account->id, login.account->address, std::move(*token),
                          std::move(*hidden), until};
}

net::Task<auth::LoginResult> Registry::login(LoginAttempt attempt) {
    const auto found = find_login(attempt.credentials);
    if (!found) co_return std::unexpected(found.error());
    const auto who = who_tries(attempt, found->account, found->name);
    if (guard_.find_ban(who) != nullptr) co_return turn_away(attempt);
    // From elsewhere it takes a turn first, like any guess: or what is put off unless it is right
    // could be guessed as fast as it is asked.
    if (guard_.is_at_home(who) && is_cached(*found, attempt.credentials.password))
        co_return admit(attempt, *found, who);
    const auto app = find_app_password(*found, attempt);
    if (app && app->refusal == nullptr && found->refusal == nullptr) {
        records_->note_app_password(app->id, seen_now(attempt, clock_));
        co_return admit(attempt, *found, who, app->until);
    }
    const char* wrong = found->has_password ? "wrong password" : "no password set";
    if (app && app->refusal != nullptr) wrong = app->refusal;
    auto turn = co_await wait_for_turn(who);
    if (!turn) co_return deny(attempt, turn.error());
    auto result = co_await verify(attempt, who, std::move(*turn), wrong);
    turn_ended_.notify();
    co_return result;
}

net::Task<Result<Guard::Turn, Guard::Denial>> Registry::wait_for_turn(const Guard::Attempt& who) {
    const auto end = clock_.steady_now() + kLongestWait;
    while (true) {
        auto turn = guard_.admit(who);
        if (turn || turn.error() != Guard::Denial::wait) co_return std::move(turn);
        const auto place =
            waiting_->take(net::peer_key(*who.from)); // who is not counted never waits
        if (clock_.steady_now() >= end || !place) co_return std::move(turn);
        co_await turn_ended_.wait(kLook);
    }
}

net::Task<auth::LoginResult> Registry::conclude(const LoginAttempt& by, const Login& login,
                                                const char* refusal, const Guard::Attempt& who) {
    // What is good was not guessed: it waits for nobody's turn.
    if (refusal == nullptr) co_return admit(by, login, who_tries(by, login.account, login.name));
    auto turn = co_await wait_for_turn(who);
    if (!turn) co_return deny(by, turn.error());
    auto refused = refuse_after(by, login, refusal, std::move(*turn));
    turn_ended_.notify();
    co_return refused;
}

// The turn ends here.
auth::LoginResult Registry::refuse_after(const LoginAttempt& by, const Login& login,
                                         const char* refusal, Guard::Turn turn) {
    return refuse(by, login, turn, refusal);
}

// SCRAM names the salt before the client has shown which of an account's passwords it has.
std::string Registry::salt_of(const Login& login) const {
    for (const auto* stored : {&login.credential.scram, &login.credential.scram_sha1})
        if (auto keys = auth::parse_scram_keys(*stored)) return std::move(keys->salt);
    for (const auto& app : login.app_passwords)
        if (auto keys = auth::parse_scram_keys(app.scram)) return std::move(keys->salt);
    return secret_.salt_for(login.name);
}

// A password that came as a hash, or from a time without SCRAM-SHA-1: now that it is here itself,
// it gets all that new ones have.
void Registry::complete(const Login& login, const PasswordJob& job) {
    const Credential credential{.version = login.credential.version,
                                .hash = job.hash,
                                .scram = job.scram,
                                .scram_sha1 = job.scram_sha1};
    const auto done =
        write([&] { return rows_->complete_credential(login.account->id, credential); });
    if (done)
        log::info("password_completed", {{"account", login.account->address}});
    else
        log::error("password_not_completed",
                   {{"account", login.account->address}, {"error", done.error().internal}});
}

net::Task<auth::LoginResult> Registry::verify(const LoginAttempt& attempt,
                                              const Guard::Attempt& who, Guard::Turn turn,
                                              const char* wrong) {
    const auto& credentials = attempt.credentials;
    const auto before = find_login(credentials);
    if (!before) co_return std::unexpected(before.error());
    const auto version = before->credential.version;
    if (is_cached(*before, credentials.password)) co_return admit(attempt, *before, who);

    // The same work whoever it is, and the reason is looked at only afterwards.
    PasswordJob job{PasswordJob::Kind::verify, credentials.password, before->credential.hash};
    job.also = nobodys_hash_;
    job.completes =
        before->refusal == nullptr && before->has_password && !is_complete(before->credential);
    job.salt = salt_of(*before);
    const auto verified = co_await hasher_->run(std::move(job));
    if (!verified) { // it was not looked at, unless by the cache
        if (is_known(*before)) count_unseen(attempt, turn);
        co_return std::unexpected(verified.error());
    }
    if (before->refusal != nullptr) co_return refuse(attempt, *before, turn, before->refusal);
    if (!verified->matches) co_return refuse(attempt, *before, turn, wrong);

    const auto after = find_login(credentials); // an admin may have changed it meanwhile
    if (!after) co_return std::unexpected(after.error());
    if (after->refusal != nullptr) co_return refuse(attempt, *after, turn, after->refusal);
    if (after->account->id != before->account->id || after->credential.version != version)
        co_return refuse(attempt, *after, turn, "the password was just changed");
    if (verified->completes) complete(*after, *verified);
    cache_.remember(after->account->id, version, credentials.password);
    co_return admit(attempt, *after, who);
}

} // namespace maild::directory
