#pragma once
// The directory for tests of other modules: the same behaviour as LocalDirectory, with rows in maps
// and cheap hashing on the calling thread, so that no call ever suspends for another thread. Fill
// it through DirectoryAdmin.

#include "maild/directory/registry.hpp"

namespace maild::directory {

class MemoryDirectory final : public Registry {
public:
    // Clock and random outlive it.
    MemoryDirectory(const auth::TokenKey& key, const Clock& clock, Random& random);

    std::uint64_t verified_passwords() const; // how often a password was compared with a hash
};

} // namespace maild::directory
