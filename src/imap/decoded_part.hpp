#pragma once
// A body part without its content transfer encoding (RFC 3516 §3), piece by piece: neither the
// part nor what it decodes to is ever held whole. Octets come from the message where the store has
// brought it, else from the store. Used by one FETCH.

#include "imap/section.hpp"

#include "maild/mail/text.hpp"
#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace maild::imap {

// What decoding has shown of the octets that are asked for.
struct Measured {
    std::uint64_t size = 0;
    bool has_nul = false;
    bool is_damaged = false;           // up to where they end: what is behind was not looked at
    std::optional<std::string> octets; // themselves, where they are few
};

class DecodedPart {
public:
    // All outlive it. `encoded` lies within the message.
    DecodedPart(const store::MessageData& message, store::MessageStore& store,
                store::SessionId session, Slice encoded, mail::TransferEncoding encoding);

    // Goes on decoding; empty: this was the end.
    net::Task<Result<std::string>> next();
    void rewind();
    // From the beginning to the end of `wanted`, which counts decoded octets.
    net::Task<Result<Measured>> measure(Slice wanted);

private:
    net::Task<Result<std::string>> read(std::uint64_t length);

    const store::MessageData& message_;
    store::MessageStore& store_;
    store::SessionId session_;
    Slice encoded_;
    mail::TransferEncoding encoding_;
    std::uint64_t position_; // in the message
    mail::TransferDecoder decoder_;
    bool is_finished_ = false;
};

// The part of a piece that begins at `position` which lies in `wanted`.
std::string_view overlap(std::string_view piece, std::uint64_t position, Slice wanted);

} // namespace maild::imap
