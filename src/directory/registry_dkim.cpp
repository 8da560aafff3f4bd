// DKIM: an admin's keys, and what is signed with them.
#include "directory/dkim_keyring.hpp"
#include "directory/hasher.hpp"
#include "directory/repository.hpp"
#include "directory/rules.hpp"

#include "maild/base/ascii.hpp"
#include "maild/directory/registry.hpp"
#include "maild/mail/mailbox_list.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::directory {
namespace {

using policy::dkim::PrivateKey;

// Imported keys, read; and of what kind those are that have to be made.
struct KeysWanted {
    std::vector<std::optional<PrivateKey>> imported;
    std::vector<policy::dkim::Algorithm> to_make;
};

Result<KeysWanted> read_wanted(const std::vector<NewDkimKey>& wanted) {
    KeysWanted out;
    if (wanted.empty() || wanted.size() > kMaxDkimKeys)
        return fail(Errc::limit_exceeded, "keys at once");
    for (const auto& each : wanted) {
        if (each.pem.empty()) {
            out.imported.emplace_back();
            out.to_make.push_back(each.algorithm);
            continue;
        }
        if (each.pem.size() > kMaxDkimPem) return fail(Errc::too_large, "that is no DKIM key");
        auto key = PrivateKey::from_pem(each.pem);
        if (!key) return std::unexpected(std::move(key.error()));
        out.imported.emplace_back(std::move(*key));
    }
    return out;
}

std::int64_t seconds_since_1970(WallTime time) {
    return std::max<std::int64_t>(0, to_unix_seconds(time));
}

// RFC 5321 §4.5.1 and what bounces come from.
bool is_host_itself(const mail::Address& author) {
    return ascii::equals_icase(author.localpart, "postmaster") ||
           ascii::equals_icase(author.localpart, "mailer-daemon");
}

} // namespace

void Registry::set_signature_lifetime(std::chrono::seconds lifetime) {
    settings_.signature_lifetime = lifetime;
}

net::Task<Result<std::vector<DkimKey>>> Registry::add_dkim_keys(std::string domain,
                                                                std::vector<NewDkimKey> wanted) {
    auto read = read_wanted(wanted);
    if (!read) co_return std::unexpected(std::move(read.error()));
    auto to_make = read->to_make;
    auto made = co_await hasher_->make_keys(std::move(to_make));
    if (!made) co_return std::unexpected(std::move(made.error()));
    std::vector<DkimKey> added;
    auto next = made->begin();
    const auto done = change("add dkim keys", domain, [&]() -> Result<Changed> {
        const auto name = rules::find_signing_name(*rows_, domain);
        if (!name) return std::unexpected(name.error());
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            const auto& key = read->imported[i] ? *read->imported[i] : *next++;
            const auto planned = rules::plan_dkim_key(*rows_, *name, wanted[i], key, clock_.now());
            if (!planned) return std::unexpected(planned.error());
            if (auto stored = rows_->store_dkim_key(*planned); !stored)
                return std::unexpected(std::move(stored.error()));
            added.push_back(planned->shown);
        }
        return Changed{};
    });
    if (!done) co_return std::unexpected(done.error());
    co_return added;
}

net::Task<Result<std::vector<DkimKey>>> Registry::list_dkim_keys(std::string domain) {
    Result<std::string> name = std::string();
    if (!domain.empty()) name = rules::find_signing_name(*rows_, domain);
    if (!name) co_return std::unexpected(std::move(name.error()));
    auto keys = rows_->list_dkim_keys(*name);
    if (!keys) co_return std::unexpected(std::move(keys.error()));
    std::vector<DkimKey> out;
    for (auto& key : *keys) out.push_back(std::move(key.shown));
    co_return out;
}

net::Task<Result<Changed>> Registry::move_dkim_keys(std::string domain,
                                                    std::vector<DkimMove> moves) {
    co_return change("move dkim keys", domain, [&]() -> Result<Changed> {
        const auto name = rules::find_signing_name(*rows_, domain);
        if (!name) return std::unexpected(name.error());
        return rules::move_dkim_keys(*rows_, *name, moves, clock_.now());
    });
}

// Whoever has the token has it from a login: store checks its expiry, which is short, because it
// opens mailboxes; here it stands for the session that it began.
Result<AccountId> Registry::account_behind(const auth::Token& login) {
    const auto now = clock_.now();
    if (auto genuine = key_.verify(login, login.issued); !genuine)
        return std::unexpected(std::move(genuine.error()));
    if (login.right != auth::Right::access || login.issued > now ||
        now - login.issued >= kDkimLoginTime)
        return fail(Errc::not_permitted, "not a login of today");
    const auto account = rows_->load_account(login.account);
    if (!account) return std::unexpected(account.error());
    if (!*account || (*account)->is_disabled || (*account)->password_changed > login.issued)
        return fail(Errc::not_permitted, "the account is disabled, or has another password");
    return login.account;
}

Result<bool> Registry::may_sign_as(const DkimRequest& request,
                                   const std::vector<mail::Address>& authors) {
    if (!request.login) {
        if (authors.size() != 1) return false;
        return is_host_itself(authors.front()) || is_signed_locally(authors.front());
    }
    const auto account = account_behind(*request.login);
    if (!account) return std::unexpected(account.error());
    for (const auto& author : authors) {
        const auto leads = leads_to(*account, author.format());
        if (!leads || !*leads) return leads;
    }
    return true;
}

net::Task<Result<DkimFields>> Registry::sign(DkimRequest request) {
    DkimFields out;
    const auto from = policy::dkim::author_of(request.message);
    if (!from) co_return fail(Errc::invalid_argument, "no From that can be answered for");
    const auto authors = mail::parse_mailbox_list(*from);
    if (!authors || authors->empty()) {
        out.reason = "From is no plain list of addresses";
        co_return out;
    }
    const auto allowed = may_sign_as(request, *authors);
    if (!allowed) co_return std::unexpected(allowed.error());
    if (!*allowed) {
        out.reason = "From has an address that is not the sender's";
        co_return out;
    }
    const auto signing = keyring_->find(*rows_, authors->front().domain.ascii());
    if (!signing) co_return std::unexpected(signing.error());
    out.domain = signing->domain;
    if (signing->keys == nullptr) {
        out.reason = "no active key";
        co_return out;
    }
    policy::dkim::SigningOptions options;
    options.domain = signing->domain;
    options.time = static_cast<std::uint64_t>(seconds_since_1970(clock_.now()));
    if (settings_.signature_lifetime > std::chrono::seconds(0))
        options.expires =
            *options.time + static_cast<std::uint64_t>(settings_.signature_lifetime.count());
    for (const auto& key : *signing->keys) {
        options.selector = key.selector;
        auto field = policy::dkim::sign_prepared(request.message, key.signer, options);
        if (!field) co_return std::unexpected(std::move(field.error()));
        out.fields.push_back(std::move(*field));
    }
    co_return out;
}

} // namespace maild::directory
