#pragma once
// What became of a recipient, or of a session before there were any: who said what at which
// command, and what follows. Enough for a DSN, a trace and the queue.

#include "maild/relay/reply.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace maild::relay {

enum class Fate : std::uint8_t { delivered, deferred, failed };

// How far it went.
enum class Stage : std::uint8_t {
    route, // before there was any host
    connect,
    greeting,
    hello,    // EHLO, HELO, LHLO
    starttls, // and the handshake
    login,
    mail,
    rcpt,
    data,    // the command, or the first BDAT
    content, // up to the reply behind the final dot
};
std::string_view name_of(Stage stage); // "RCPT TO"

// Whom it is about: another host may do better, or another message, or another recipient.
enum class Scope : std::uint8_t { host, message, recipient };

struct Outcome {
    Fate fate = Fate::deferred;
    Stage stage = Stage::route;
    Scope scope = Scope::recipient;
    int code = 0;         // of a reply; 0: these are our own words
    std::string status{}; // RFC 3463: "5.1.1"
    std::string words{};  // cleaned; of a reply with code and status, as Reply::words() has them
    std::string host{};   // whose reply, or whom we tried to reach; empty: nobody
    // Everything was sent, and the reply to it did not come: the peer may have taken the message
    // all the same (RFC 5321 §4.5.4.1, RFC 1047).
    bool may_be_duplicate = false;

    bool is_delivered() const { return fate == Fate::delivered; }
};

// 2yz: delivered; 4yz and what was not to be expected: deferred; 5yz: failed.
Outcome outcome_of(const Reply& reply, Stage stage, Scope scope, std::string host);
// Our own verdict. The status's class says whether it is deferred or failed.
Outcome verdict(std::string_view status, std::string words, Stage stage, Scope scope);
// A connection that failed: 4.4.2, or 4.5.0 for a reply that is none.
Outcome outcome_of(const Error& error, Stage stage, std::string host);

} // namespace maild::relay
