// Bans, and what logins leave behind: kept in the rows, so that a restart forgets neither.
#include "directory/login_records.hpp"
#include "directory/repository.hpp"
#include "directory/rules.hpp"
#include "directory/sent_counts.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/registry.hpp"

#include <algorithm>
#include <utility>

namespace maild::directory {
namespace {

// A wider network is half the world, and most likely a slip.
constexpr unsigned kWidestV4 = 96 + 8;
constexpr unsigned kWidestV6 = 16;
constexpr std::size_t kMostSuspects = 1'000; // in one answer

Result<void> check_ban(const auth::Ban& ban, const std::vector<net::Network>& trusted) {
    const auto& network = ban.network;
    const auto widest = network.address.is_v4() ? kWidestV4 : kWidestV6;
    if (network.prefix < widest || network.prefix > 128)
        return fail(Errc::invalid_argument,
                    net::format_network(network) +
                        " is too wide: at most an IPv4 /8 or an IPv6 /16 can be banned");
    const auto holds = std::ranges::find_if(trusted, [&](const net::Network& t) {
        return t.prefix <= network.prefix && net::in_network(network.address, t);
    });
    if (holds == trusted.end()) return rules::check_reason(ban.reason);
    return fail(Errc::conflict, net::format_network(*holds) +
                                    " is trusted in the configuration, so a ban would not hold");
}

bool is_alike(const auth::Ban* before, const auth::Ban& ban, WallTime now) {
    return before != nullptr && before->is_by_admin && before->holds_at(now) &&
           before->until == ban.until && before->reason == ban.reason;
}

} // namespace

Result<void> Registry::recall_secret() {
    auto bytes = rows_->secret(kLoginSecret);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    if (bytes->empty())
        return write([&] { return rows_->store_secret(kLoginSecret, secret_.bytes()); });
    if (bytes->size() != auth::LoginSecret::kSize)
        return fail(Errc::corrupt, "a login secret of another size");
    secret_ = auth::LoginSecret(std::move(*bytes));
    return {};
}

Result<void> Registry::recall_logins() {
    if (auto recalled = recall_secret(); !recalled) return recalled;
    if (auto recalled = recall_srs_secret(); !recalled) return recalled;
    auto bans = rows_->list_bans();
    if (!bans) return std::unexpected(std::move(bans.error()));
    for (auto& ban : *bans) guard_.bans().put(std::move(ban));
    const auto logins = rows_->all_logins();
    if (!logins) return std::unexpected(logins.error());
    const auto too_old = clock_.now() - Guard::kOwnersWindow;
    for (const auto& [account, login] : *logins) {
        if (login.at < too_old) continue;
        guard_.remember(
            {.from = net::parse_ip(login.address), .account = std::to_string(account.value)});
    }
    return recall_sent();
}

Result<void> Registry::keep_logins() {
    const auto too_old = clock_.now() - guard_.limits().ban_time_max;
    const bool is_forgetting = guard_.bans().forget_before(too_old);
    const bool has_sent = !sent_->changed().empty();
    if (records_->empty() && !is_forgetting && !has_sent) return {};
    auto done = write([&] {
        auto written = records_->write(*rows_);
        if (written && is_forgetting) written = rows_->delete_bans_before(too_old);
        if (written && has_sent) written = write_sent();
        return written;
    });
    if (!done) return done;
    records_->clear();
    sent_->set_kept();
    return done;
}

// Durable at once: a restart must not be what a guesser waits for. Should that fail, the ban holds
// as long as this process.
void Registry::keep_ban(const auth::Ban& ban) {
    log::warning("network_banned", {{"network", net::format_network(ban.network)},
                                    {"reason", ban.reason},
                                    {"count", ban.count},
                                    {"until", to_unix_seconds(*ban.until)}});
    const auto done = write([&] { return rows_->store_ban(ban); });
    if (!done) log::error("ban_not_kept", {{"error", done.error().internal}});
}

net::Task<Result<std::vector<auth::Ban>>> Registry::list_bans() {
    co_return guard_.bans().in_force(clock_.now());
}

net::Task<Result<Changed>> Registry::add_ban(auth::Ban ban) {
    ban.since = clock_.now();
    ban.is_by_admin = true;
    ban.count = 1;
    if (auto checked = check_ban(ban, guard_.limits().trusted); !checked)
        co_return std::unexpected(std::move(checked.error()));
    const auto network = net::format_network(ban.network);
    auto result = change("add ban", network, [&]() -> Result<Changed> {
        if (is_alike(guard_.bans().find_network(ban.network), ban, clock_.now()))
            return Changed{false};
        if (auto stored = rows_->store_ban(ban); !stored) return std::unexpected(stored.error());
        return Changed{};
    });
    if (result && result->changed) guard_.bans().put(std::move(ban));
    co_return result;
}

net::Task<Result<Changed>> Registry::remove_ban(net::Network network) {
    auto result = change("remove ban", net::format_network(network), [&]() -> Result<Changed> {
        if (guard_.bans().find_network(network) == nullptr) return Changed{false};
        if (auto done = rows_->delete_ban(network); !done) return std::unexpected(done.error());
        return Changed{};
    });
    if (result && result->changed) guard_.bans().remove(network);
    co_return result;
}

net::Task<Result<std::vector<auth::LoginGuard::Suspect>>> Registry::list_suspects() {
    co_return guard_.suspects(kMostSuspects);
}

net::Task<Result<AccountLogins>> Registry::account_logins(std::string address) {
    const auto account = rules::find_account(*rows_, address);
    if (!account) co_return std::unexpected(account.error());
    if (auto kept = keep_logins(); !kept) co_return std::unexpected(std::move(kept.error()));
    auto logins = rows_->list_logins(account->id);
    if (!logins) co_return std::unexpected(std::move(logins.error()));
    auto failures = rows_->list_login_failures(account->id);
    if (!failures) co_return std::unexpected(std::move(failures.error()));
    co_return AccountLogins{std::move(*logins), std::move(*failures)};
}

} // namespace maild::directory
