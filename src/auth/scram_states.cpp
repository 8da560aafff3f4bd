#include "auth/digest.hpp"

#include "maild/auth/scram.hpp"
#include "maild/base/encoding.hpp"

#include <cstring>
#include <span>

namespace maild::auth {
namespace {

constexpr std::size_t kMac = 32;
constexpr std::size_t kNonce = 18; // octets, 24 characters of base64

template <class Number> void put(std::string& out, Number number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    out.append(bytes, sizeof number);
}
// Only from what carries our own MAC, so that it is as long as it has to be.
template <class Number> Number take(std::string_view& in) {
    Number number{};
    std::memcpy(&number, in.substr(0, sizeof number).data(), sizeof number);
    in.remove_prefix(sizeof number);
    return number;
}

} // namespace

ScramStates::ScramStates(const Clock& clock, Random& random)
    : clock_(clock), random_(random), key_(32, '\0') {
    random_.fill(std::as_writable_bytes(std::span(key_)));
}

std::string ScramStates::make_nonce() {
    std::string bytes(kNonce, '\0');
    random_.fill(std::as_writable_bytes(std::span(bytes)));
    return base64_encode(bytes);
}

std::string ScramStates::seal(const State& state) const {
    std::string body;
    put(body, clock_.steady_now().time_since_epoch().count());
    put(body, state.hash);
    put(body, state.is_plus);
    put(body, static_cast<std::uint32_t>(state.first.size()));
    body += state.first;
    body += state.challenge;
    return hmac_sha256(key_, body) + body;
}

std::optional<ScramStates::State> ScramStates::open(std::string_view sealed) const {
    if (sealed.size() <= kMac) return std::nullopt;
    auto body = sealed.substr(kMac);
    if (!equal_in_constant_time(sealed.substr(0, kMac), hmac_sha256(key_, body)))
        return std::nullopt;
    const SteadyTime sealed_at(SteadyTime::duration(take<SteadyTime::rep>(body)));
    if (clock_.steady_now() - sealed_at >= kLifetime) return std::nullopt;
    State state;
    state.hash = take<ScramHash>(body);
    state.is_plus = take<bool>(body);
    const auto size = take<std::uint32_t>(body);
    state.first = body.substr(0, size);
    state.challenge = body.substr(size);
    return state;
}

ScramStates::Spent ScramStates::spend(std::string nonce) {
    const auto now = clock_.steady_now();
    while (!spent_.empty() && now - spent_.front().first >= kRemembered) {
        spent_nonces_.erase(spent_.front().second);
        spent_.pop_front();
    }
    if (spent_nonces_.contains(nonce)) return Spent::before;
    if (spent_.size() >= kMostSpent) return Spent::no_room;
    spent_nonces_.insert(nonce);
    spent_.emplace_back(now, std::move(nonce));
    return Spent::now;
}

} // namespace maild::auth
