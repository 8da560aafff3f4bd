// Logins by TLS client certificate (RFC 4422 appendix A): whom a certificate names, and whether
// that may be believed. A worker carries the chain here; that the client has the key, only the
// worker has seen.
#include "directory/registry_login.hpp"
#include "directory/rules.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::directory {
namespace {

constexpr std::string_view kNobody = "the certificate names no account here";
constexpr const char* kSeveral = "the certificate names several accounts, and the client none";

// Nothing for what is nobody's.
Result<std::optional<AccountId>> find_id(Repository& rows, const std::string& name) {
    const auto account = rules::find_account(rows, name);
    if (account) return account->id;
    if (!is_absent(account.error())) return std::unexpected(account.error());
    return std::nullopt;
}

std::unexpected<Error> refused(std::string why) {
    return fail(Errc::authentication_failed, std::move(why));
}

} // namespace

void Registry::set_client_trust(std::shared_ptr<const net::ClientTrust> trust) {
    client_trust_ = std::move(trust);
}

// The certificate's one account, or that of its accounts which the client asks for. An error is
// authentication_failed, or ours.
Result<auth::Credentials> Registry::claim_of(const auth::ExternalLogin& login) {
    if (!client_trust_) return refused("no client certificates are configured");
    const auto names = client_trust_->verify(login.chain, clock_.now());
    if (!names) return std::unexpected(names.error());
    std::optional<AccountId> wanted;
    if (!login.authzid.empty()) {
        const auto id = find_id(*rows_, login.authzid);
        if (!id) return std::unexpected(id.error());
        if (!*id) return refused("authzid of nobody");
        wanted = *id;
    }
    std::optional<AccountId> found;
    auth::Credentials claim{.authzid = login.authzid, .authcid = {}, .password = {}};
    for (const auto& name : *names) {
        const auto id = find_id(*rows_, name);
        if (!id) return std::unexpected(id.error());
        if (!*id || (wanted && *id != wanted)) continue;
        if (found && *id != found) return refused(kSeveral);
        found = *id;
        claim.authcid = name;
    }
    if (!found)
        return refused(std::string(kNobody) + (names->empty() ? "" : ": " + names->front()));
    return claim;
}

net::Task<auth::LoginResult> Registry::external(ExternalAttempt attempt) {
    auto claim = claim_of(attempt.login);
    std::string why;
    if (!claim) {
        if (claim.error().code != Errc::authentication_failed)
            co_return std::unexpected(std::move(claim.error()));
        why = std::move(claim.error().internal);
        claim = auth::Credentials{.authzid = {}, .authcid = attempt.login.authzid, .password = {}};
    }
    const LoginAttempt by{.credentials = std::move(*claim),
                          .service = attempt.service,
                          .remote_address = std::move(attempt.remote_address)};
    const auto login = find_login(by.credentials);
    if (!login) co_return std::unexpected(login.error());
    const auto who = who_tries(by, login->account, login->name);
    if (guard_.find_ban(who) != nullptr) co_return turn_away(by);
    const char* refusal = why.empty() ? login->refusal : why.c_str();
    auto result = co_await conclude(by, *login, refusal, who);
    co_return result;
}

} // namespace maild::directory
