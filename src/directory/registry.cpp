// Grants and resolutions: what the workers ask beside logins.
#include "maild/directory/registry.hpp"

#include "directory/dkim_keyring.hpp"
#include "directory/hasher.hpp"
#include "directory/login_records.hpp"
#include "directory/network_places.hpp"
#include "directory/repository.hpp"
#include "directory/rules.hpp"
#include "directory/sent_counts.hpp"

#include "maild/base/ensure.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::directory {
namespace {

// Each end of a turn wakes all that wait for one. One network cannot take the places of the others.
constexpr std::size_t kMostWaiting = 512;
constexpr std::size_t kMostWaitingOfOne = 64;
// Of all workers together; each has its own part of its line for them (login_lane.hpp).
constexpr std::size_t kMostAsking = 128;
constexpr std::size_t kMostAskingOfOne = 32;

} // namespace

Registry::Registry(std::unique_ptr<Repository> rows, std::unique_ptr<Hasher> hasher,
                   const auth::TokenKey& key, const Clock& clock, Random& random,
                   const Settings& settings)
    : rows_(std::move(rows)),
      hasher_(std::move(hasher)),
      key_(key),
      clock_(clock),
      settings_(settings),
      secret_(auth::LoginSecret::make(random)),
      scram_states_(clock, random),
      cache_(random, settings.login_cache),
      guard_(clock, random, settings.login_limits),
      waiting_(std::make_unique<NetworkPlaces>(kMostWaiting, kMostWaitingOfOne)),
      asking_(std::make_unique<NetworkPlaces>(kMostAsking, kMostAskingOfOne)),
      bearer_cache_(settings.bearer_cache),
      records_(std::make_unique<LoginRecords>()),
      send_limits_(settings.send_limits),
      sent_(std::make_unique<SentCounts>()),
      sent_locally_(std::make_unique<SentCounts>()),
      keyring_(std::make_unique<DkimKeyring>()) {
    // Nobody knows this password; with the cost of every new hash (HARDENING 35).
    std::string secret(16, '\0');
    random.fill(std::as_writable_bytes(std::span(secret)));
    for (auto& c : secret) c = static_cast<char>('a' + (static_cast<unsigned char>(c) & 15));
    auto hash = auth::hash_password(secret, settings.password_cost, random);
    ensure(hash.has_value(), "the first password hash");
    nobodys_hash_ = std::move(*hash);
    srs_secret_.resize(32);
    random.fill(std::as_writable_bytes(std::span(srs_secret_)));
}

Registry::~Registry() = default;

Result<auth::Token> Registry::grant(const Account& account, auth::Right right) {
    auto quota = Result<std::uint64_t>(account.quota_bytes);
    if (account.quota_bytes == 0) quota = rows_->default_quota(account.id);
    if (!quota) return std::unexpected(std::move(quota.error()));
    const auto place = rules::find_place(*rows_, account.address);
    if (!place) return std::unexpected(place.error());
    auth::Token token;
    token.domain = place->domain.id;
    token.account = account.id;
    token.shard = account.shard;
    token.right = right;
    token.quota_bytes = *quota;
    token.quota_messages = account.quota_messages;
    issue(token);
    return token;
}

void Registry::issue(auth::Token& token) const {
    token.issued = clock_.now();
    token.expires = token.issued + (token.right == auth::Right::deliver ? settings_.delivery_time
                                                                        : settings_.access_time);
    key_.sign(token);
}

// What comes at once goes to the same few, and each has some eight rows to be read. Only what was
// accepted, and leads to few, is worth its memory; what SRS made is good for a time.
Result<Resolution> Registry::resolve_now(const std::string& address) {
    constexpr std::size_t kMostResolved = 4096;
    constexpr std::size_t kMostTargets = 8;
    constexpr std::size_t kMostSteps = 32;
    if (const auto version = rows_->version(); version != resolved_version_ || !version) {
        resolved_.clear();
        resolved_version_ = version;
    }
    if (const auto known = resolved_.find(address); known != resolved_.end()) {
        auto resolution = known->second;
        for (auto& target : resolution.targets)
            if (auto* local = std::get_if<LocalTarget>(&target)) issue(local->grant);
        return resolution;
    }
    const auto returned = sender_behind(address);
    if (!returned) return std::unexpected(returned.error());
    auto resolution = read_resolution(address, *returned);
    if (resolution && !*returned && resolved_version_ && resolution->verdict == Verdict::accepted &&
        resolution->targets.size() <= kMostTargets && resolution->steps.size() <= kMostSteps) {
        if (resolved_.size() >= kMostResolved) resolved_.clear();
        resolved_.emplace(address, *resolution);
    }
    return resolution;
}

// `returned`: whom SRS has hidden in the address.
Result<Resolution> Registry::read_resolution(const std::string& address,
                                             const std::optional<std::string>& returned) {
    auto route = find_route(*rows_, returned.value_or(address));
    if (!route) return std::unexpected(std::move(route.error()));
    Resolution resolution;
    resolution.verdict = route->verdict;
    resolution.steps = std::move(route->steps);
    if (returned) resolution.steps.insert(resolution.steps.begin(), {"srs", address, *returned});
    if (returned && route->verdict == Verdict::not_local) {
        resolution.verdict = Verdict::accepted;
        resolution.targets.emplace_back(RelayTarget{*returned});
    }
    for (auto& hit : route->local) {
        const auto account = rows_->load_account(hit.account);
        if (!account) return std::unexpected(account.error());
        if (!*account) return fail(Errc::corrupt, "an address belongs to no account");
        auto token = grant(**account, auth::Right::deliver);
        if (!token) return std::unexpected(std::move(token.error()));
        resolution.targets.emplace_back(LocalTarget{hit.account, (*account)->address,
                                                    std::move(hit.detail), std::move(*token)});
    }
    for (auto& hit : route->relay)
        resolution.targets.emplace_back(RelayTarget{std::move(hit.address)});
    return resolution;
}

net::Task<Result<Resolution>> Registry::resolve(std::string address) {
    co_return resolve_now(address);
}

Result<Referral> Registry::refer_to(const Account& account) {
    Referral referral{account.id, account.address, std::nullopt};
    const auto place = rules::find_place(*rows_, account.address);
    if (!place) return std::unexpected(place.error());
    if (account.is_disabled || place->domain.is_disabled) return referral;
    auto token = grant(account, auth::Right::visit);
    if (!token) return std::unexpected(std::move(token.error()));
    referral.visit = std::move(*token);
    return referral;
}

net::Task<Result<Referral>> Registry::refer(std::string address) {
    const auto account = rules::find_account(*rows_, address);
    if (!account) co_return std::unexpected(account.error());
    co_return refer_to(*account);
}

net::Task<Result<std::vector<Referral>>> Registry::refer_all(std::vector<AccountId> accounts) {
    std::vector<Referral> all;
    if (accounts.size() > kMaxReferrals) co_return fail(Errc::limit_exceeded, "referrals");
    for (const auto id : accounts) {
        const auto account = rows_->load_account(id);
        if (!account) co_return std::unexpected(account.error());
        if (!*account) continue;
        auto referral = refer_to(**account);
        if (!referral) co_return std::unexpected(std::move(referral.error()));
        all.push_back(std::move(*referral));
    }
    co_return all;
}

} // namespace maild::directory
