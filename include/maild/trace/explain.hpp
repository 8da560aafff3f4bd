#pragma once
// A record in plain sentences: what became of the message, why, and what happened on the way. The
// words are ours, and beside them stand texts of peers, whatever they hold: whoever shows them
// makes them printable.

#include "maild/trace/record.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maild::trace {

enum class Fate : std::uint8_t {
    delivered, // into a mailbox
    sent,      // another host has taken it
    queued,    // goes on to another host
    held,      // in the queue, until an admin or a later version lets it go
    deferred,  // the peer was told to try again
    refused,
    failed, // another host, or the time that it was tried, has ended it
    left,   // the peer went before the end
    lost,   // no message: records that were not kept
};
std::string_view name_of(Fate fate);

struct RecipientFate {
    Fate fate = Fate::refused;
    std::string reason; // the first one; empty when all went well
};
// Of one recipient of the record.
RecipientFate fate_of(const Record& record, const Recipient& recipient);

struct Explanation {
    Fate fate = Fate::refused;          // the best that a recipient had, or the refusal of all
    std::string reason;                 // the first one against it; empty when all went well
    std::vector<std::string> sentences; // in the order in which it happened
};
Explanation explain(const Record& record);

} // namespace maild::trace
