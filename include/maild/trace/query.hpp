#pragma once
// What is asked of the traces, and the hashes by which blocks of them are passed over: a record has
// one for each name by which it may be asked for. A hash only spares reading; whether a record is
// meant, its texts decide.

#include "maild/trace/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::trace {

// All that is given must hold. Addresses in whatever case; a Message-ID with or without "<>".
struct Query {
    std::string any_id{}; // a transaction, a session, a queue id or a Message-ID
    std::string message_id{};
    std::string recipient{}; // as in RCPT, or the account or address that it led to
    std::string sender{};    // reverse-path, or the address in From
    std::string client{};    // IP address in digits, as it is logged
    WallTime since{};        // not older than this
    WallTime before{};       // older than this; the epoch: however new
    bool has_dmarc = false;  // only those that Record::dmarc is there of
    bool has_tls = false;    // only TLS sessions; else no record of one

    bool matches(const Record& record) const;
    // Of each condition the hashes of which a record has one; empty: every record may be meant.
    std::vector<std::vector<std::uint64_t>> keys() const;
};

template <class Codec> void describe(Codec& codec, Query& q) {
    codec(q.any_id, q.message_id, q.recipient, q.sender, q.client, q.since, q.before, q.has_dmarc,
          q.has_tls);
}

// The hashes of a record, distinct and ascending.
std::vector<std::uint64_t> keys_of(const Record& record);

} // namespace maild::trace
