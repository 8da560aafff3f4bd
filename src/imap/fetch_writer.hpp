#pragma once
// Writes FETCH responses (RFC 9051 §7.5.2): from the view alone where only FLAGS and UID are asked
// for, else from batches that the store answers. Bodies over store::kMaxInlineContent pass through
// in slices, never whole in memory.

#include "imap/decoded_part.hpp"
#include "imap/fetch_items.hpp"
#include "imap/mailbox_view.hpp"
#include "imap/output.hpp"
#include "imap/section.hpp"

#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace maild::imap {

// What the store has to bring for these items; 0: the view has it all.
std::uint32_t store_items(const FetchItems& items);
// It marks the message \Seen; one of them does.
bool sets_seen(const FetchItem& item);
bool sets_seen(const FetchItems& items);
bool wants(const FetchItems& items, FetchKind kind);

enum class Written : std::uint8_t {
    complete,
    partly,  // but for parts that cannot be decoded
    skipped, // the message cannot be given: nothing was written
    broken,  // the octets of a literal ended early: the connection cannot go on
    gone,    // the peer is
};

class FetchWriter {
public:
    // All outlive it.
    FetchWriter(const FetchItems& items, bool is_uid, MailboxView& view, store::MessageStore& store,
                store::SessionId session, Output& out);

    void write_from_view(std::uint32_t seq);
    // Some of what it asks for marks the message \Seen, and can be given (RFC 3516 §4.3).
    bool marks_seen(const store::MessageData& message) const;
    // `is_changed`: this command changed its flags, and they are told in the same response.
    net::Task<Written> write(const store::MessageData& message, bool is_changed);

private:
    void open(std::uint32_t seq);
    void name(std::string_view name);
    void close() { out_.text += ")\r\n"; }
    bool write_plain(const FetchItem& item, const store::MessageData& message);
    net::Task<Written> write_item(const FetchItem& item, const store::MessageData& message,
                                  const mail::PartIndex* parts);
    net::Task<Written> write_section(const Section& section, const store::MessageData& message,
                                     const mail::PartIndex* parts);
    net::Task<Written> write_stream(const Section& section, Slice slice, Uid uid);
    net::Task<Written> write_octets(Slice slice, Uid uid);
    net::Task<Result<std::string>> read_header(Slice slice, const store::MessageData& message);
    // fetch_utf8.cpp
    net::Task<void> write_utf8_envelope(const store::MessageData& message);
    std::optional<Slice> doubtful_header(const Section& section, Slice located,
                                         const store::MessageData& message) const;
    net::Task<std::optional<std::string>> surrogate_of(Slice doubtful,
                                                       const store::MessageData& message);
    net::Task<Written> write_surrogate(const Section& section, const std::string& header,
                                       const store::MessageData& message);
    // fetch_binary.cpp
    net::Task<Written> write_binary(const FetchItem& item, const store::MessageData& message,
                                    const mail::PartIndex* parts);
    net::Task<Written> write_part(const FetchItem& item, const store::MessageData& message,
                                  Slice encoded, mail::TransferEncoding encoding);
    net::Task<Written> write_decoded(const Section& section, DecodedPart& part, Slice wanted,
                                     const Measured& measured);
    void write_size(const Section& section, std::uint64_t size);
    net::Task<void> write_preview(const store::MessageData& message, bool is_lazy);
    void write_literal(const Section& section, std::string_view octets);
    void write_flags(Uid uid);
    void write_uid(Uid uid);
    void write_modseq(Uid uid);
    void write_change(Uid uid);

    const FetchItems& items_;
    bool is_uid_; // and UID is not among the items
    MailboxView& view_;
    store::MessageStore& store_;
    store::SessionId session_;
    Output& out_;
    bool is_first_ = true;                                    // no item is written yet
    std::map<std::string, std::uint64_t, std::less<>> sizes_; // of this message's decoded parts
};

} // namespace maild::imap
