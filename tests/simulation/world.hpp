#pragma once
// What the clients of a simulation were told, held against what the store has. A message is known
// by its token, a header field of its own; `may_go` once a client has asked for its removal.

#include "maild/store/admin.hpp"
#include "maild/store/message_store.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace maild::simulation {

// What IMAP promises to be the same bytes for ever.
struct Place {
    std::int64_t account = 0;
    std::string mailbox;
    std::uint32_t validity = 0;
    std::uint32_t uid = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
};

struct Mail {
    std::string content;
    std::set<std::int64_t> accounts; // where it may be
    std::set<std::int64_t> promised; // where it was said to be (250, APPENDUID)
    bool may_go = false;
    bool is_relayed = false;
    bool is_relay_promised = false;
    int copies = 0; // that may exist in an account: attempts, and COPY
};

struct Ledger {
    std::map<std::string, Mail> mails; // by token
    std::map<Place, std::string> places;
    std::set<Place> gone;
    int next_token = 0;

    // A mail of so many octets with a token of its own; the token.
    std::string make(std::size_t size);
    // The token is not at this place any more, for all that is known.
    void forget(const Place& place) { places.erase(place); }
};

// What a store has, seen past all protocols.
struct View {
    std::map<Place, std::string> contents;
    std::map<std::int64_t, std::vector<std::uint32_t>> inbox; // UIDs
    std::vector<std::string> queued;                          // addresses
};

// Empty, or the promise that is broken.
std::string broken_promise(const Ledger& ledger, const View& view);
std::string token_of(const std::string& content);

} // namespace maild::simulation
