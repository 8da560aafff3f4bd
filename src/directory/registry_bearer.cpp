// Logins by OAuth 2.0 access token (RFC 7628, XOAUTH2): whose a token is, its issuer says. A login
// that waits for that holds no turn of the guard's, so that an issuer which hangs holds up those
// logins alone.
#include "directory/network_places.hpp"
#include "directory/registry_login.hpp"

#include "maild/base/log.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::directory {
namespace {

// How long a token stays refused without asking again: its issuer may have been behind.
constexpr std::chrono::seconds kRefusedFor{60};

// Guesses are counted by network; whom a token is for is not known before it is good, and that
// somebody shows bad tokens in another's name must not lock that other out.
auth::LoginGuard::Attempt who_shows(const LoginAttempt& by, const std::string& token) {
    return {.from = net::parse_ip(by.remote_address), .account = "token/" + token};
}

// The same token as shortly before: nothing was guessed, so nothing is counted. A program that has
// not noticed that its token has expired would have its network banned otherwise.
std::unexpected<auth::LoginRefusal> refuse_again(const LoginAttempt& by,
                                                 const std::string& refusal) {
    log::info("token_refused_again", {{"authzid", by.credentials.authzid},
                                      {"remote_ip", by.remote_address},
                                      {"service", name_of(by.service)},
                                      {"reason", refusal}});
    return std::unexpected<auth::LoginRefusal>(Error{Errc::authentication_failed, {}});
}

} // namespace

void Registry::set_issuer(auth::Introspector* issuer, auth::BearerRules rules) {
    issuer_ = issuer;
    ++issuer_changes_;
    bearer_rules_ = std::move(rules);
    bearer_cache_.clear();
}

// What was said of it lately, if that still holds: another password of the account, or another
// account by this address, and the issuer is asked again.
Result<std::optional<auth::BearerVerdict>> Registry::recall(const std::string& token) {
    auto verdict = bearer_cache_.find(token, clock_.steady_now());
    if (!verdict || !verdict->refusal.empty()) return verdict;
    const auto login = find_login({.authzid = {}, .authcid = verdict->name, .password = {}});
    if (!login) return std::unexpected(login.error());
    const auto id = login->account ? std::optional(login->account->id) : std::nullopt;
    if (id != verdict->account || login->credential.version != verdict->version)
        return std::nullopt;
    return verdict;
}

Result<auth::BearerVerdict> Registry::judge(const std::string& token,
                                            const auth::TokenClaims& claims) {
    const auto now = clock_.now();
    auth::BearerVerdict verdict;
    std::chrono::seconds good_for = std::min(kRefusedFor, bearer_rules_.cache);
    if (const auto* fault = auth::find_fault(claims, bearer_rules_, now)) {
        verdict.refusal = fault;
    } else {
        verdict.name = auth::address_of(claims, bearer_rules_);
        const auto login = find_login({.authzid = {}, .authcid = verdict.name, .password = {}});
        if (!login) return std::unexpected(login.error());
        if (login->account) verdict.account = login->account->id;
        verdict.version = login->credential.version;
        good_for = auth::believed_for(claims, bearer_rules_, now);
    }
    bearer_cache_.remember(token, verdict, clock_.steady_now() + good_for);
    return verdict;
}

net::Task<Result<auth::BearerVerdict>> Registry::ask_issuer(const std::string& token,
                                                            const Guard::Attempt& who) {
    if (issuer_ == nullptr)
        co_return auth::BearerVerdict{.refusal = "no issuer of tokens is configured", .name = {}};
    auto network = who.from;
    if (network && net::in_any_network(*network, guard_.limits().trusted)) network.reset();
    const auto place = asking_->take(network ? std::optional(net::peer_key(*network)) : network);
    if (!place) co_return fail(Errc::busy, "too many tokens wait for their issuer");
    const auto changes = issuer_changes_;
    const auto claims = co_await issuer_->introspect(token);
    if (changes != issuer_changes_) co_return fail(Errc::busy, "the issuer has changed meanwhile");
    if (claims) co_return judge(token, *claims);
    log::warning("token_not_introspected",
                 {{"error", name_of(claims.error().code)}, {"detail", claims.error().internal}});
    const bool is_busy = claims.error().code == Errc::busy;
    co_return fail(is_busy ? Errc::busy : Errc::unavailable, "the issuer of tokens");
}

net::Task<auth::LoginResult> Registry::bearer(BearerAttempt attempt) {
    const auto& [authzid, token] = attempt.login;
    LoginAttempt by{.credentials = {.authzid = authzid, .authcid = authzid, .password = {}},
                    .service = attempt.service,
                    .remote_address = attempt.remote_address};
    const auto who = who_shows(by, token);
    if (guard_.find_ban(who) != nullptr) co_return turn_away(by);
    Result<std::optional<auth::BearerVerdict>> known;
    if (issuer_ != nullptr) known = recall(token);
    if (!known) co_return std::unexpected(known.error());
    if (*known && !(*known)->refusal.empty()) co_return refuse_again(by, (*known)->refusal);
    if (!*known) {
        auto asked = co_await ask_issuer(token, who);
        if (!asked) co_return std::unexpected(asked.error());
        *known = std::move(*asked);
    }
    const auto& verdict = **known;
    if (verdict.refusal.empty()) by.credentials.authcid = verdict.name;
    const auto login = find_login(by.credentials);
    if (!login) co_return std::unexpected(login.error());
    const char* refusal = verdict.refusal.empty() ? login->refusal : verdict.refusal.c_str();
    auto result = co_await conclude(by, *login, refusal, who);
    co_return result;
}

} // namespace maild::directory
