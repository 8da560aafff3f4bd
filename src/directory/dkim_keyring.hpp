#pragma once
// The active DKIM keys of names that sign, read from their rows and kept parsed: parsing one takes
// as long as signing with it. What changes a key or a domain forgets all. One thread.

#include "directory/repository.hpp"

#include "maild/policy/dkim_sign.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace maild::directory {

class DkimKeyring {
public:
    struct Key {
        std::string selector;
        policy::dkim::Signer signer;
    };
    using Keys = std::vector<Key>; // RSA first, one of each algorithm

    struct Signing {
        std::string domain;         // d=; empty: nobody signs for the author
        const Keys* keys = nullptr; // until the next call
    };
    // Of `domain`, or the nearest domain above it that has active keys: aligned with it in the
    // relaxed way (RFC 7489 §3.1.1).
    Result<Signing> find(Repository& rows, std::string_view domain);
    void forget() { known_.clear(); }

private:
    Result<Keys> read(Repository& rows, const std::string& domain);
    std::map<std::string, Keys, std::less<>> known_; // that have some
};

} // namespace maild::directory
