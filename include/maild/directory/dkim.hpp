#pragma once
// Keys with which a domain's mail is signed (RFC 6376): what an admin sees and moves, and what a
// worker asks to be signed. Private keys stay in `auth`: nothing here holds one, but for an
// import, on its way in.
//
// A key is made `published`, which is to say that its record should now stand in the DNS; once it
// does, the key becomes `active` and signs. Its successor makes it `retired`: it signs no more, and
// its record stays for mail under way. At last it is `removed`, its private half is forgotten, and
// the record may go.

#include "maild/auth/token.hpp"
#include "maild/base/clock.hpp"
#include "maild/policy/dkim_private_key.hpp"
#include "maild/policy/dkim_sign.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::directory {

enum class DkimState : std::uint8_t { published, active, retired, removed };
std::string_view name_of(DkimState state);

struct DkimKey {
    std::string domain; // d=: a domain or a domain alias
    std::string selector;
    policy::dkim::Algorithm algorithm = policy::dkim::Algorithm::rsa_sha256;
    std::uint32_t bits = 0;
    std::string public_key; // as p= has it
    DkimState state = DkimState::published;
    WallTime created;
    std::optional<WallTime> activated;
    std::optional<WallTime> retired;
    std::optional<WallTime> keep_until; // of a retired one: until then its record is needed
    std::optional<WallTime> removed;

    std::string record_name() const { return selector + "._domainkey." + domain; } // §3.6.2.1
    std::string record() const { return policy::dkim::key_record(algorithm, public_key); }
};

struct NewDkimKey {
    policy::dkim::Algorithm algorithm = policy::dkim::Algorithm::rsa_sha256;
    std::string selector; // empty: one is made of the month, like s202611r
    std::string pem;      // empty: a new key; else the algorithm is the key's
};

struct DkimMove {
    std::string selector;
    DkimState to = DkimState::active;
    std::optional<WallTime> keep_until = {}; // with `retired`
};

inline constexpr std::size_t kMaxDkimKeys = 20;       // of a domain, without those removed
inline constexpr std::size_t kMaxDkimPem = 16 * 1024; // octets
// How long a worker may have a login's messages signed: longer than any session of a sane client.
inline constexpr std::chrono::hours kDkimLoginTime{24};

struct DkimRequest {
    // Whose message it is: what a login was given, of any age below kDkimLoginTime. None: the
    // host's own, from its postmaster or MAILER-DAEMON.
    std::optional<auth::Token> login;
    policy::dkim::Prepared message; // relaxed
};
struct DkimFields {
    std::string domain;              // d=
    std::vector<std::string> fields; // whole, each with its folds and CRLF
    std::string reason;              // why there are none
};

template <class Codec> void describe(Codec& c, DkimKey& k) {
    c(k.domain, k.selector, k.algorithm, k.bits, k.public_key, k.state, k.created, k.activated,
      k.retired, k.keep_until, k.removed);
}
template <class Codec> void describe(Codec& c, NewDkimKey& k) { c(k.algorithm, k.selector, k.pem); }
template <class Codec> void describe(Codec& c, DkimMove& m) { c(m.selector, m.to, m.keep_until); }
template <class Codec> void describe(Codec& c, DkimRequest& r) { c(r.login, r.message); }
template <class Codec> void describe(Codec& c, DkimFields& f) { c(f.domain, f.fields, f.reason); }

} // namespace maild::directory

namespace maild::policy::dkim {
template <class Codec> void describe(Codec& c, Prepared& p) { c(p.names, p.fields, p.body_hash); }
} // namespace maild::policy::dkim
