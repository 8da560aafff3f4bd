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
    std::uint64_t left; // octets still to be hashed
    Sha256 digest;
    std::string hash{};

    void take(std::string_view piece) {
        const auto part = piece.substr(0, std::min<std::uint64_t>(left, piece.size()));
        digest.update(part);
        left -= part.size();
    }
};

} // namespace

struct BodyHashes::Impl {
    std::vector<Wanted> wanted;
    std::array<std::unique_ptr<CanonicalBody>, 2> bodies{}; // by canonicalization, if wanted
    std::array<std::uint64_t, 2> sizes{};

    void need(Canonicalization canonicalization) {
        const auto index = static_cast<std::size_t>(canonicalization);
        if (bodies[index]) return;
        const auto sink = [this, canonicalization, index](std::string_view piece) {
            sizes[index] += piece.size();
            for (auto& one : wanted) {
                if (one.canonicalization == canonicalization) one.take(piece);
            }
        };
        bodies[index] = std::make_unique<CanonicalBody>(canonicalization, sink);
    }
};

BodyHashes::BodyHashes() : impl_(std::make_unique<Impl>()) {}
BodyHashes::~BodyHashes() = default;

std::size_t BodyHashes::want(Canonicalization canonicalization,
                             std::optional<std::uint64_t> length) {
    impl_->need(canonicalization);
    auto& wanted = impl_->wanted;
    const auto octets = length.value_or(kWhole);
    const auto same = std::ranges::find_if(wanted, [&](const Wanted& one) {
        return one.canonicalization == canonicalization && one.length == octets;
    });
    const auto index = static_cast<std::size_t>(same - wanted.begin());
    if (same == wanted.end()) wanted.push_back({canonicalization, octets, octets, Sha256()});
    return index;
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
    for (auto& one : impl_->wanted) one.hash = one.digest.finish();
}

const std::string& BodyHashes::hash(std::size_t wanted) const { return impl_->wanted[wanted].hash; }

std::uint64_t BodyHashes::size(std::size_t wanted) const {
    return impl_->sizes[static_cast<std::size_t>(impl_->wanted[wanted].canonicalization)];
}

} // namespace maild::policy::dkim
