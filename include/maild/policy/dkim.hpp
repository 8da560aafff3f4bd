#pragma once
// DKIM signatures on a message (RFC 6376, with RFC 8301, 8463 and 8616), verified. Pure, in this
// order: whoever holds a Verification gives it the body in pieces (dkim_body.hpp), then asks the
// DNS what it still wants to know, and gives it the answers; verify() does all of that over a
// resolver. A signature that the body or the header alone decides asks for nothing. Costs are
// bounded: kMaxSignatures are looked at, the work for each is linear in the header section, and the
// body is read once for all. Views into the header section must stay until the verdicts are there.

#include "maild/net/resolver.hpp"
#include "maild/policy/dkim_body.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::dkim {

inline constexpr std::size_t kMaxSignatures = 10; // that are verified; the rest is `policy`
// Different l= for which the body is hashed; signatures with others are `policy`.
inline constexpr std::size_t kMaxLengths = 3;
inline constexpr unsigned kLeastRsaBits = 1024; // RFC 8301 §3.2: below, a signature is never valid
inline constexpr unsigned kMostRsaBits = 8192;  // verifying costs more than with RFC 8301's 4096
inline constexpr std::size_t kMaxSignatureField = 32 * 1024; // octets of one field

// RFC 8601 §2.7.1.
enum class Outcome : std::uint8_t { none, pass, fail, policy, neutral, temperror, permerror };
std::string_view name_of(Outcome outcome);

// What the DNS said of a name below _domainkey.
struct KeyAnswer {
    enum class State : std::uint8_t { found, absent, failed };
    State state = State::failed;
    std::vector<std::string> records{};
};
using KeyAnswers = std::map<std::string, KeyAnswer>; // by name

struct Options {
    std::uint64_t now = 0;                   // seconds since 1970: when the message came, §3.5 x=
    unsigned least_rsa_bits = kLeastRsaBits; // more than that is the host's policy
    // A signature with l= that leaves octets of the body to whoever appends them is `policy` (RFC
    // 6376 §8.2), and is not looked at further. True: it can be `pass`, and count for DMARC; an ARC
    // chain likewise.
    bool accepts_unsigned_octets = false;
    // True: the key is asked for and judged before the body, so that somebody who looks for a fault
    // hears of the key's, too.
    bool asks_all_keys = false;
};

struct Verdict {
    Outcome outcome = Outcome::none;
    std::string reason; // for people
    // What the signature says of itself, empty where it could not be read.
    std::string domain;
    std::string selector;
    std::string identity;    // i=
    std::string algorithm;   // "rsa-sha256"
    std::string start;       // first octets of b=, which tell signatures apart (RFC 6008)
    bool is_testing = false; // the key's t=y
    std::optional<std::uint64_t> unsigned_octets; // with l=: how much of the body nobody signed
};

class MessageHeader; // src/policy/dkim_header.hpp

class Verification {
public:
    // `header` is the header section, or a content that begins with one. `hashes` has had no piece
    // yet.
    Verification(std::string_view header, BodyHashes& hashes, const Options& options);
    Verification(std::shared_ptr<const MessageHeader> header, BodyHashes& hashes,
                 const Options& options);
    ~Verification();
    Verification(const Verification&) = delete;
    Verification& operator=(const Verification&) = delete;

    // Both after hashes.finish().
    // Names of TXT records, each once: of the signatures that only a key can decide. Those that
    // could be aligned with the author's domain come first; time may be short.
    std::vector<std::string> questions(std::string_view author = {}) const;
    // One for each signature, from the top; a single `none` if there is none.
    std::vector<Verdict> verdicts(const KeyAnswers& answers) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Eight keys at a time, in their order; five seconds for each and 20 for all, and what is not there
// by then has failed.
net::Task<KeyAnswers> ask_keys(net::Resolver& resolver, std::vector<std::string> names);
// The whole of it for a content in memory. Both outlive the task.
net::Task<std::vector<Verdict>> verify(net::Resolver& resolver, std::string_view content,
                                       Options options);

} // namespace maild::policy::dkim
