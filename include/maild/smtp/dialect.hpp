#pragma once
// In what the protocols that share this session differ: SMTP (RFC 5321) and LMTP (RFC 2033, in
// module `lmtp`). Everything else, parser, transaction, content and rules, is the same.

#include "maild/smtp/envelope.hpp"
#include "maild/smtp/reply.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maild::smtp {

enum class HelloKind : std::uint8_t { helo, ehlo, lhlo };

struct Dialect {
    std::string_view name; // in the greeting: "ESMTP", "LMTP"
    bool (*speaks)(HelloKind kind);
    // Appends what end of data is answered, from what Backend::accept() said.
    void (*append_outcomes)(std::string& out, const Envelope& envelope,
                            const std::vector<Result<void, Refusal>>& outcomes);
    // How many outcomes accept() has to return.
    std::size_t (*outcomes_of)(const Envelope& envelope);
};

extern const Dialect kSmtp;

// The 250 of a message that was taken over; `status` unless its priority is another than what was
// asked for (RFC 6710: X.3.6).
Reply accepted_reply(const Envelope& envelope, Status status);

} // namespace maild::smtp
