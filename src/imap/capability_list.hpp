#pragma once
// The capabilities that a session tells behind its login.

#include <cstdint>
#include <span>
#include <string>

namespace maild::imap {

struct CapabilityFacts {
    std::uint64_t message_size = 0; // APPENDLIMIT, RFC 7889
    bool is_compressed = false;
    std::span<const std::string> hidden; // from this account, spelled as find_capability() does
};

std::string logged_in_capabilities(const CapabilityFacts& facts);

} // namespace maild::imap
