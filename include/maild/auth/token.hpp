#pragma once
// What `auth` gives a worker after a login or for a recipient, and what `store` checks before it
// opens anything: which account, which rights, until when; authenticated with a key that only those
// two processes share (DESIGN §4). A worker carries it and can neither make nor change one.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/base/ids.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::auth {

enum class Right : std::uint8_t {
    access,  // everything that the owner may do to mailboxes
    deliver, // put new messages in, see nothing
    visit,   // nothing by itself: says whose mailboxes another account asks for, which must have
             // been given rights to them
};

struct Token {
    AccountId account;
    ShardId shard;
    Right right = Right::deliver;
    std::uint64_t quota_bytes = 0;    // 0: none. The newest token that store has seen is in force.
    std::uint64_t quota_messages = 0; // 0: none
    WallTime issued;
    WallTime expires;
    DomainId domain = {}; // the account's
    std::string mac;      // HMAC-SHA-256, 32 octets
};

template <class Codec> void describe(Codec& codec, Token& token) {
    codec(token.account, token.shard, token.right, token.quota_bytes, token.quota_messages,
          token.issued, token.expires, token.domain, token.mac);
}

// Both ends of the shared key (32 random octets, made by the supervisor at start, never written
// anywhere).
class TokenKey {
public:
    explicit TokenKey(std::string_view secret);
    void sign(Token& token) const; // fills in mac
    Result<void> verify(const Token& token,
                        WallTime now) const; // not_permitted when forged or expired

private:
    std::string secret_;
};

} // namespace maild::auth
