#include "maild/auth/login_guard.hpp"

#include "auth/digest.hpp"

#include "maild/auth/failure_delay.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace maild::auth {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstDelay{1'000};

RecentCounts::Key key_of(const net::IpAddress& from) { return net::peer_key(from).bytes; }

void give_back(std::map<RecentCounts::Key, std::uint32_t>& turns, const RecentCounts::Key& key) {
    const auto found = turns.find(key);
    if (found != turns.end() && --found->second == 0) turns.erase(found);
}

} // namespace

LoginGuard::LoginGuard(const Clock& clock, Random& random, LoginLimits limits)
    : clock_(clock),
      limits_(std::move(limits)),
      secret_(32, '\0'),
      networks_(random, kNetworks, limits_.failures_window),
      accounts_(random, kAccounts, limits_.failures_window),
      owners_(random, kAccounts, kOwnersWindow) {
    random.fill(std::as_writable_bytes(std::span(secret_)));
}

void LoginGuard::set_limits(LoginLimits limits) {
    limits_ = std::move(limits);
    networks_.set_window(limits_.failures_window);
    accounts_.set_window(limits_.failures_window);
}

// Names are the peer's to choose: under a key, none can be made to meet another.
RecentCounts::Key LoginGuard::digest(std::string_view kind, std::string_view text) const {
    const auto whole = hmac_sha256(secret_, std::string(kind).append(text));
    RecentCounts::Key key;
    std::memcpy(key.data(), whole.data(), key.size());
    return key;
}

RecentCounts::Key LoginGuard::place_of(const Attempt& attempt) const {
    const auto network = key_of(*attempt.from);
    std::string text(reinterpret_cast<const char*>(network.data()), network.size());
    return digest("place/", text + attempt.account);
}

bool LoginGuard::is_counted(const Attempt& attempt) const {
    return attempt.from && !net::in_any_network(*attempt.from, limits_.trusted);
}

std::vector<LoginGuard::Suspect> LoginGuard::suspects(std::size_t limit) const {
    const auto now = clock_.steady_now();
    std::vector<Suspect> out;
    for (const auto& counted : networks_.newest(limit, now)) {
        const auto ago = std::chrono::floor<milliseconds>(now - counted.last);
        out.push_back({peer_network({counted.key}), counted.count, clock_.now() - ago});
    }
    return out;
}

const Ban* LoginGuard::find_ban(const Attempt& attempt) {
    const auto* ban = is_counted(attempt) ? bans_.find(*attempt.from, clock_.now()) : nullptr;
    turned_away_ += ban != nullptr ? 1 : 0;
    return ban;
}

bool LoginGuard::is_at_home(const Attempt& attempt) const {
    return !is_counted(attempt) || owners_.count(place_of(attempt), clock_.steady_now()) > 0;
}

// No more at once than may still fail, and one in any case.
bool LoginGuard::has_turn(const Turns& turns, const RecentCounts::Key& key,
                          std::uint32_t failures) const {
    const auto found = turns.find(key);
    const auto running = found == turns.end() ? 0 : found->second;
    const auto left = limits_.failures_allowed - std::min(failures, limits_.failures_allowed);
    return running < std::clamp(left, 1U, kTurns);
}

milliseconds LoginGuard::delay_after(std::uint32_t failures) const {
    if (failures <= limits_.failures_allowed) return {};
    return failure_delay(failures - limits_.failures_allowed - 1, kFirstDelay,
                         limits_.failure_delay_max);
}

Result<LoginGuard::Turn, LoginGuard::Denial> LoginGuard::admit(const Attempt& attempt) {
    Turn turn(*this, attempt);
    if (turn.guard_ == nullptr) return turn;
    turn.guard_ = nullptr; // no turn yet
    if (find_ban(attempt) != nullptr) return std::unexpected(Denial::turned_away);
    const auto now = clock_.steady_now();
    if (!has_turn(network_turns_, turn.network_, networks_.count(turn.network_, now)))
        return std::unexpected(Denial::wait);
    if (!is_at_home(attempt)) {
        const auto failures = accounts_.count(turn.account_, now);
        const auto last = accounts_.last(turn.account_);
        if (last && now < *last + delay_after(failures)) return std::unexpected(Denial::later);
        if (!has_turn(account_turns_, turn.account_, failures))
            return std::unexpected(Denial::wait);
    }
    ++network_turns_[turn.network_];
    ++account_turns_[turn.account_];
    turn.guard_ = this;
    return turn;
}

void LoginGuard::remember(const Attempt& attempt) {
    if (is_counted(attempt)) owners_.add(place_of(attempt), clock_.steady_now());
}

LoginGuard::Failure LoginGuard::count_failure(const Turn& turn) {
    const auto now = clock_.steady_now();
    Failure failure;
    failure.failures = networks_.add(turn.network_, now);
    const auto of_account = accounts_.add(turn.account_, now);
    failure.delay = delay_after(std::max(failure.failures, of_account));
    delayed_ += failure.delay > milliseconds(0) ? 1 : 0;
    const bool is_banned = bans_.find(turn.from_, clock_.now()) != nullptr; // perhaps for good
    if (failure.failures < limits_.ban_after || is_banned) return failure;
    failure.ban =
        bans_.add(peer_network(turn.from_), std::to_string(failure.failures) + " failed logins",
                  clock_.now(), limits_);
    networks_.forget(turn.network_);
    return failure;
}

bool LoginGuard::forget_network(const net::IpAddress& from) {
    const auto key = key_of(from);
    const bool was_counted = networks_.count(key, clock_.steady_now()) > 0;
    networks_.forget(key);
    return was_counted;
}

bool LoginGuard::forget_account(const std::string& account) {
    const auto key = digest("account/", account);
    const bool was_counted = accounts_.count(key, clock_.steady_now()) > 0;
    accounts_.forget(key);
    return was_counted;
}

void LoginGuard::end(const Turn& turn) {
    give_back(network_turns_, turn.network_);
    give_back(account_turns_, turn.account_);
}

LoginGuard::Turn::Turn(LoginGuard& guard, const Attempt& attempt)
    : guard_(guard.is_counted(attempt) ? &guard : nullptr) {
    if (guard_ == nullptr) return;
    from_ = *attempt.from;
    network_ = key_of(from_);
    account_ = guard.digest("account/", attempt.account);
}

LoginGuard::Turn::Turn(Turn&& other) noexcept
    : guard_(std::exchange(other.guard_, nullptr)),
      network_(other.network_),
      account_(other.account_),
      from_(other.from_) {}

LoginGuard::Turn::~Turn() {
    if (guard_ != nullptr) guard_->end(*this);
}

LoginGuard::Failure LoginGuard::Turn::failed() {
    if (guard_ == nullptr) return {};
    return guard_->count_failure(*this);
}

} // namespace maild::auth
