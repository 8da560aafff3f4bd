#include "maild/directory/memory_directory.hpp"

#include "directory/hasher.hpp"
#include "directory/memory_repository.hpp"

#include <utility>

namespace maild::directory {
namespace {

constexpr std::uint32_t kShards = 2;

// argon2id at its least, a fraction of a millisecond.
Settings cheap_settings() {
    Settings settings;
    settings.shards = kShards;
    settings.password_cost = {.memory_kib = 8, .passes = 1, .lanes = 1};
    return settings;
}

} // namespace

MemoryDirectory::MemoryDirectory(const auth::TokenKey& key, const Clock& clock, Random& random)
    : Registry(std::make_unique<MemoryRepository>(kShards),
               std::make_unique<InlineHasher>(cheap_settings().password_cost, random), key, clock,
               random, cheap_settings()) {}

std::uint64_t MemoryDirectory::verified_passwords() const {
    return static_cast<const InlineHasher&>(hasher()).verified();
}

} // namespace maild::directory
