#include "maild/policy/dkim_body.hpp"

#include "policy/dkim_canonical.hpp"
#include "policy/dkim_crypto.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace maild::policy::dkim {
namespace {

constexpr auto kWhole = std::numeric_limits<std::uint64_t>::max();

struct Wanted {
    Canonicalization canonicalization;
    std::uint64_t length;
    std::string hash{}; // empty until so many octets have come, or all
};

// One canonicalization of the body. What is hashed up to a length is the beginning of what is
// hashed up to a longer one: each octet is hashed once, however many lengths signers have thought
// of, and none behind the greatest.
struct Canonical {
    Canonicalization canonicalization;
    Sha256 digest{};
    std::uint64_t hashed = 0;
    std::uint64_t size = 0;

    void take(std::string_view piece, std::vector<Wanted>& wanted) {
        size += piece.size();
        while (!piece.empty()) {
            std::uint64_t next = 0; // the least length that has not been reached
            for (const auto& one : wanted)
                if (concerns(one)) next = next == 0 ? one.length : std::min(next, one.length);
            if (next == 0) return;
            const auto part = piece.substr(0, std::min<std::uint64_t>(next - hashed, piece.size()));
            digest.update(part);
            hashed += part.size();
            piece.remove_prefix(part.size());
            for (auto& one : wanted)
                if (concerns(one) && one.length == hashed) one.hash = Sha256(digest).finish();
        }
    }
    void finish(std::vector<Wanted>& wanted) const {
        for (auto& one : wanted)
            if (concerns(one)) one.hash = Sha256(digest).finish();
    }
    bool concerns(const Wanted& one) const {
        return one.canonicalization == canonicalization && one.hash.empty();
    }
};

} // namespace

struct BodyHashes::Impl {
    std::vector<Wanted> wanted;
    std::array<std::unique_ptr<CanonicalBody>, 2> bodies{}; // by canonicalization, if wanted
    std::array<Canonical, 2> canonical{Canonical{Canonicalization::simple},
                                       Canonical{Canonicalization::relaxed}};
    bool is_finished = false;

    void need(Canonicalization canonicalization) {
        const auto index = static_cast<std::size_t>(canonicalization);
        if (bodies[index]) return;
        const auto sink = [this, index](std::string_view piece) {
            canonical[index].take(piece, wanted);
        };
        bodies[index] = std::make_unique<CanonicalBody>(canonicalization, sink);
    }
};

BodyHashes::BodyHashes() : impl_(std::make_unique<Impl>()) {}
BodyHashes::~BodyHashes() = default;

std::optional<std::size_t> BodyHashes::find(Canonicalization canonicalization,
                                            std::optional<std::uint64_t> length) const {
    const auto octets = length.value_or(kWhole);
    const auto& wanted = impl_->wanted;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i].canonicalization == canonicalization && wanted[i].length == octets) return i;
    }
    return std::nullopt;
}

std::size_t BodyHashes::want(Canonicalization canonicalization,
                             std::optional<std::uint64_t> length) {
    if (const auto known = find(canonicalization, length)) return *known;
    impl_->need(canonicalization);
    const auto octets = length.value_or(kWhole);
    impl_->wanted.push_back({canonicalization, octets});
    if (octets == 0) impl_->wanted.back().hash = Sha256().finish();
    return impl_->wanted.size() - 1;
}

void BodyHashes::take(std::string_view piece) {
    for (const auto& body : impl_->bodies) {
        if (body) body->take(piece);
    }
}

void BodyHashes::finish() {
    for (const auto& body : impl_->bodies) {
        if (body) body->finish();
    }
    for (const auto& canonical : impl_->canonical) canonical.finish(impl_->wanted);
    impl_->is_finished = true;
}

bool BodyHashes::is_finished() const { return impl_->is_finished; }

const std::string& BodyHashes::hash(std::size_t wanted) const { return impl_->wanted[wanted].hash; }

std::uint64_t BodyHashes::size(std::size_t wanted) const {
    return impl_->canonical[static_cast<std::size_t>(impl_->wanted[wanted].canonicalization)].size;
}

std::uint64_t BodyHashes::octets_hashed() const {
    return impl_->canonical[0].hashed + impl_->canonical[1].hashed;
}

} // namespace maild::policy::dkim
