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
    bool is_finished = false;

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
    impl_->wanted.push_back({canonicalization, octets, octets, Sha256()});
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
    for (auto& one : impl_->wanted) one.hash = one.digest.finish();
    impl_->is_finished = true;
}

bool BodyHashes::is_finished() const { return impl_->is_finished; }

const std::string& BodyHashes::hash(std::size_t wanted) const { return impl_->wanted[wanted].hash; }

std::uint64_t BodyHashes::size(std::size_t wanted) const {
    return impl_->sizes[static_cast<std::size_t>(impl_->wanted[wanted].canonicalization)];
}

} // namespace maild::policy::dkim
