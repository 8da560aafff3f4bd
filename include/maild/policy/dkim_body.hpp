#pragma once
// The body of a message as signatures hash it (RFC 6376 §3.4, §3.7): given once, in pieces of any
// size, for all signatures together. Each octet is hashed once for each of the two
// canonicalizations, however many signatures and lengths want it. Who verifies DKIM and ARC gives
// both the same BodyHashes.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace maild::policy::dkim {

enum class Canonicalization : std::uint8_t { simple, relaxed };

class BodyHashes {
public:
    BodyHashes();
    ~BodyHashes();
    BodyHashes(const BodyHashes&) = delete;
    BodyHashes& operator=(const BodyHashes&) = delete;

    // Before the first piece: what is wanted. `length` is the tag l=, in canonicalized octets. The
    // number is for hash() and size().
    std::size_t want(Canonicalization canonicalization, std::optional<std::uint64_t> length);
    // The number of what somebody has wanted already.
    std::optional<std::size_t> find(Canonicalization canonicalization,
                                    std::optional<std::uint64_t> length) const;

    // Lines end with CRLF; a CR or LF alone is an ordinary octet.
    void take(std::string_view piece);
    void finish();
    bool is_finished() const;

    // After finish(): SHA-256, 32 octets, and the octets of the whole canonicalized body.
    const std::string& hash(std::size_t wanted) const;
    std::uint64_t size(std::size_t wanted) const;
    // What it has cost: never more than both canonicalized bodies have.
    std::uint64_t octets_hashed() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace maild::policy::dkim
