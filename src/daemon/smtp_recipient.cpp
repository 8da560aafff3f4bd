// RCPT: where a recipient's mail goes, and whether there is room for it.
#include "daemon/resolved_route.hpp"
#include "daemon/smtp_backend.hpp"

#include "maild/net/spawn.hpp"

#include <algorithm>
#include <map>
#include <utility>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in smtp_backend.cpp

namespace maild::daemon {
namespace {

// At once, of one session: the lines to `auth` and `store` are everybody's.
constexpr std::size_t kMostSearches = 16;

Errc code_for(directory::Verdict verdict) {
    switch (verdict) {
    case directory::Verdict::accepted: return Errc::internal;
    case directory::Verdict::not_local: return Errc::no_such_domain;
    case directory::Verdict::no_such_user: return Errc::no_such_account;
    case directory::Verdict::domain_disabled:
    case directory::Verdict::account_disabled: return Errc::disabled;
    case directory::Verdict::alias_loop: return Errc::cannot;
    case directory::Verdict::too_many_targets: return Errc::limit_exceeded;
    }
    return Errc::internal;
}

// RFC 5321 §6.2 and RFC 3463: circles of aliases are a routing loop, not a bad address.
smtp::Refusal refusal_for(directory::Verdict verdict) {
    if (verdict != directory::Verdict::alias_loop)
        return smtp::Refusal(Error{code_for(verdict), {}});
    return smtp::Refusal(smtp::Reply{.code = 554,
                                     .status = smtp::Status{.subject = 4, .detail = 6},
                                     .text = "Aliases of this address run in a circle"},
                         "alias_loop");
}

bool has_local(const directory::Resolution& resolution) {
    return std::ranges::any_of(resolution.targets, [](const auto& target) {
        return std::holds_alternative<directory::LocalTarget>(target);
    });
}

// RFC 4865. Whoever could put it into the mailbox at that time does not exist yet.
smtp::Refusal cannot_hold() {
    return smtp::Refusal(smtp::Reply{.code = 554,
                                     .status = smtp::Status{.subject = 3, .detail = 3},
                                     .text = "Mail for mailboxes here cannot be held back"},
                         "cannot_hold");
}

} // namespace

// Refused only when nobody that the address leads to has room: an alias of many goes to those who
// have. Asked without a quota too: where the recipient's shard is offline, it is refused alone.
net::Task<Result<void>> SmtpBackend::check_room(const directory::Resolution& resolution,
                                                std::uint64_t size) {
    Result<void> worst{};
    for (const auto& target : resolution.targets) {
        const auto* local = std::get_if<directory::LocalTarget>(&target);
        if (local == nullptr) co_return Result<void>{};
        auto room = co_await store_.check_room(local->grant, size);
        if (room) co_return room;
        worst = std::move(room);
    }
    co_return worst;
}

// By what RCPT says; each is taken once, so that whoever is named twice is asked for twice.
class SmtpBackend::FoundAhead final : public smtp::Lookups {
public:
    std::optional<Found>& place_of(const smtp::Rcpt& rcpt) {
        return found_[rcpt.forward_path.format()];
    }
    static std::optional<Found> take(const smtp::Envelope& envelope, const smtp::Rcpt& rcpt) {
        auto* const ahead = static_cast<FoundAhead*>(envelope.lookups.get());
        if (ahead == nullptr) return std::nullopt;
        const auto node = ahead->found_.extract(rcpt.forward_path.format());
        return node ? std::move(node.mapped()) : std::nullopt;
    }

private:
    std::map<std::string, std::optional<Found>> found_;
};

net::Task<SmtpBackend::Found> SmtpBackend::find(const smtp::Client& client, const smtp::Rcpt& rcpt,
                                                std::uint64_t size) {
    auto resolution = co_await resolve(client, rcpt);
    Found found{std::move(resolution)};
    if (!found.resolution || found.resolution->verdict != directory::Verdict::accepted)
        co_return found;
    auto room = co_await check_room(*found.resolution, size);
    found.room = std::move(room);
    co_return found;
}

net::Task<void> SmtpBackend::find_into(const smtp::Client& client, const smtp::Rcpt& rcpt,
                                       std::uint64_t size, std::optional<Found>& out) {
    auto found = co_await find(client, rcpt, size);
    out = std::move(found);
}

// Each of a stranger's recipients is counted before anything is looked up for it.
net::Task<void> SmtpBackend::look_up(const smtp::Client& client, const smtp::Envelope& envelope,
                                     std::vector<smtp::Rcpt> rcpts) {
    if (metered(client)) co_return;
    auto ahead = std::make_unique<FoundAhead>();
    std::vector<net::Task<void>> searches;
    for (const auto& rcpt : rcpts) {
        auto& place = ahead->place_of(rcpt);
        searches.push_back(find_into(client, rcpt, envelope.mail.size.value_or(0), place));
        if (searches.size() < kMostSearches) continue;
        co_await net::all(std::move(searches));
        searches.clear();
    }
    co_await net::all(std::move(searches));
    envelope.lookups = std::move(ahead);
}

net::Task<Result<std::unique_ptr<smtp::Route>, smtp::Refusal>>
SmtpBackend::verify_recipient(const smtp::Client& client, const smtp::Envelope& envelope,
                              const smtp::Rcpt& rcpt) {
    auto counted = co_await count_recipient(client);
    if (!counted) co_return std::unexpected(std::move(counted.error()));
    auto found = FoundAhead::take(envelope, rcpt);
    if (!found) {
        auto now = co_await find(client, rcpt, envelope.mail.size.value_or(0));
        found = std::move(now);
    }
    auto& resolution = found->resolution;
    if (!resolution) co_return std::unexpected(smtp::Refusal(resolution.error()));
    for (auto& step : resolution->steps)
        envelope.steps.push_back({std::move(step.rule), std::move(step.from), std::move(step.to)});
    const bool is_relay = resolution->verdict == directory::Verdict::not_local && may_relay(client);
    if (resolution->verdict != directory::Verdict::accepted && !is_relay) {
        co_return refuse_recipient(client, refusal_for(resolution->verdict));
    }
    if (has_local(*resolution) && smtp::release_time(envelope.mail, envelope.begun))
        co_return std::unexpected(cannot_hold());
    if (!found->room) co_return std::unexpected(smtp::Refusal(found->room.error()));
    auto route = std::make_unique<ResolvedRoute>();
    route->resolution = std::move(*resolution);
    co_return Result<std::unique_ptr<smtp::Route>, smtp::Refusal>(std::move(route));
}

} // namespace maild::daemon
