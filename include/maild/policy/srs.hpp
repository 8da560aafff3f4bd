#pragma once
// The Sender Rewriting Scheme: what is forwarded gets a reverse-path in a domain of the forwarder,
// so that SPF (RFC 7208 §D.2) holds at its destination, and a report of failure (RFC 5321 §6.1)
// finds its way back to who sent it. No RFC has it; this is the scheme that libsrs2 and postsrsd
// speak, so that hosts of either kind can stand behind one another:
//
//   ada@example.net                       →  SRS0=HHHHHH=TT=example.net=ada@here
//   SRS0=…=example.net=ada@hop1.example   →  SRS1=HHHHHH=hop1.example==…=example.net=ada@here
//   SRS1=…=hop1.example==…@hop2.example   →  SRS1=HHHHHH=hop1.example==…@here
//
// H authenticates the rest with a secret of the host, so that nobody makes one that leads through
// it to somebody else; T is the day. Case does not count in any of it, because some hosts fold it.
// Pure, total over all bytes, linear.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/mail/address.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace maild::policy::srs {

// How long reports come back: queues give up after five days (RFC 5321 §4.5.4.1).
inline constexpr std::chrono::days kLifetime{21};

class Rewriter {
public:
    explicit Rewriter(std::string secret); // 16 octets at least

    // The reverse-path for what is sent on: `sender` in `domain`. too_large: it would not fit into
    // a localpart (RFC 5321 §4.5.3.1.1); then the sender has to stay as he is.
    Result<mail::Address> forward(const mail::Address& sender, const mail::Domain& domain,
                                  WallTime now) const;
    // Where a report to a localpart of that form goes: one step back. not_found: it is none of
    // that form; not_permitted: it was not made here, or too long ago.
    Result<mail::Address> reverse(std::string_view localpart, WallTime now) const;

private:
    std::string tag_of(std::string_view purpose, std::string_view text) const;
    Result<mail::Address> reverse_first(std::string_view rest, WallTime now) const;
    Result<mail::Address> reverse_second(std::string_view rest) const;

    std::string secret_;
};

// Whether it begins like SRS0 or SRS1, so that nobody else has that localpart.
bool is_rewritten(std::string_view localpart);

} // namespace maild::policy::srs
