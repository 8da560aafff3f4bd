#include "imap/fetch_writer.hpp"

#include "imap/body_search.hpp"
#include "imap/envelope_text.hpp"
#include "imap/respond.hpp"

#include "maild/mail/header.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

constexpr std::uint64_t kSliceSize = 256 * 1024; // of a large body, at a time

std::uint32_t section_items(const Section& section) {
    if (needs_only_header(section)) return store::kHeader;
    return std::uint32_t{store::kContent} |
           (needs_parts(section) ? std::uint32_t{store::kParts} : 0U);
}

} // namespace

std::uint32_t store_items(const FetchItems& items) {
    std::uint32_t out = 0;
    for (const auto& item : items) {
        switch (item.kind) {
        case FetchKind::flags:
        case FetchKind::uid:
        case FetchKind::modseq:
        case FetchKind::thread_id: break;
        case FetchKind::internal_date:
        case FetchKind::save_date:
        case FetchKind::email_id: out |= store::kInternalDate; break;
        case FetchKind::size: out |= store::kSize; break;
        case FetchKind::envelope: out |= store::kEnvelope; break;
        case FetchKind::body: out |= store::kBody; break;
        case FetchKind::body_structure: out |= store::kBodyStructure; break;
        case FetchKind::preview:
        case FetchKind::lazy_preview: out |= store::kContent | store::kParts; break;
        case FetchKind::section:
        case FetchKind::binary:
        case FetchKind::binary_size: out |= section_items(item.section); break;
        }
    }
    // The header is a part of the content.
    if ((out & store::kContent) != 0) out &= ~std::uint32_t{store::kHeader};
    return out;
}

bool sets_seen(const FetchItem& item) {
    return (item.kind == FetchKind::section || item.kind == FetchKind::binary) &&
           !item.section.peek;
}

bool sets_seen(const FetchItems& items) {
    return std::ranges::any_of(items, [](const FetchItem& item) { return sets_seen(item); });
}

bool wants(const FetchItems& items, FetchKind kind) {
    return std::ranges::any_of(items, [kind](const FetchItem& item) { return item.kind == kind; });
}

FetchWriter::FetchWriter(const FetchItems& items, bool is_uid, MailboxView& view,
                         store::MessageStore& store, store::SessionId session, Output& out)
    : items_(items),
      is_uid_(is_uid && !wants(items, FetchKind::uid)),
      view_(view),
      store_(store),
      session_(session),
      out_(out) {}

void FetchWriter::open(std::uint32_t seq) {
    view_.open_fetch(out_.text, seq);
    is_first_ = true;
    if (is_uid_ && !view_.uid_only()) write_uid(view_.at(seq).uid);
}

void FetchWriter::name(std::string_view name) {
    if (!is_first_) out_.text += ' ';
    is_first_ = false;
    out_.text += name;
}

void FetchWriter::write_flags(Uid uid) {
    name("FLAGS ");
    append_flags(out_.text, view_.at(view_.seq_of(uid)).flags, view_.tells_recent(uid),
                 view_.keywords());
}

void FetchWriter::write_uid(Uid uid) {
    name("UID ");
    append_number(out_.text, uid.value);
}

void FetchWriter::write_modseq(Uid uid) {
    name({});
    append_modseq(out_.text, view_.at(view_.seq_of(uid)).modseq);
}

// What the items do not bring of it already, RFC 7162 §3.2.4.
void FetchWriter::write_change(Uid uid) {
    const bool has_uid = is_uid_ || view_.uid_only() || wants(items_, FetchKind::uid);
    if (view_.has_modseq() && !has_uid) write_uid(uid);
    if (!wants(items_, FetchKind::flags)) write_flags(uid);
    if (view_.has_modseq() && !wants(items_, FetchKind::modseq)) write_modseq(uid);
}

void FetchWriter::write_from_view(std::uint32_t seq) {
    const auto uid = view_.at(seq).uid;
    open(seq);
    for (const auto& item : items_) {
        if (item.kind == FetchKind::flags)
            write_flags(uid);
        else if (item.kind == FetchKind::modseq)
            write_modseq(uid);
        else if (item.kind == FetchKind::thread_id)
            name("THREADID NIL");
        else
            write_uid(uid);
    }
    close();
}

// What stands in the answer or the view. False: it is not among it.
bool FetchWriter::write_plain(const FetchItem& item, const store::MessageData& message) {
    auto& out = out_.text;
    switch (item.kind) {
    case FetchKind::flags: write_flags(message.uid); return true;
    case FetchKind::uid: write_uid(message.uid); return true;
    case FetchKind::modseq: write_modseq(message.uid); return true;
    case FetchKind::internal_date:
        name("INTERNALDATE ");
        append_internal_date(out, message.internal_date);
        return true;
    case FetchKind::save_date:
        name("SAVEDATE ");
        append_internal_date(out, message.save_date);
        return true;
    case FetchKind::email_id:
        name("EMAILID ");
        append_object_id(out, 'M', static_cast<std::uint64_t>(message.email_id.value));
        return true;
    case FetchKind::thread_id: name("THREADID NIL"); return true; // RFC 8474 §5.2
    case FetchKind::size:
        name("RFC822.SIZE ");
        append_number(out, message.size);
        return true;
    case FetchKind::envelope:
        if (view_.is_utf8() && may_say_more(message.structure.envelope)) return false;
        name("ENVELOPE ");
        out += message.structure.envelope;
        return true;
    case FetchKind::body:
        name("BODY ");
        out += message.structure.body;
        return true;
    case FetchKind::body_structure:
        name("BODYSTRUCTURE ");
        out += message.structure.body_structure;
        return true;
    default: return false;
    }
}

net::Task<Written> FetchWriter::write(const store::MessageData& message, bool is_changed) {
    const auto seq = view_.seq_of(message.uid);
    if (seq == 0 || message.error) co_return Written::skipped;
    std::optional<mail::PartIndex> parts;
    if (!message.structure.parts.empty()) {
        auto decoded = mail::decode_parts(message.structure.parts);
        if (!decoded) co_return Written::skipped;
        parts = std::move(*decoded);
    }
    const auto begin = out_.text.size();
    auto result = Written::complete;
    sizes_.clear();
    open(seq);
    if (is_changed) write_change(message.uid);
    for (const auto& item : items_) {
        if (write_plain(item, message)) continue;
        const auto written = co_await write_item(item, message, parts ? &*parts : nullptr);
        if (written == Written::partly)
            result = written;
        else if (written != Written::complete)
            co_return written;
    }
    if (is_first_) // nothing could be given, and so nothing was flushed
        out_.text.resize(begin);
    else
        close();
    co_return result;
}

net::Task<Written> FetchWriter::write_item(const FetchItem& item, const store::MessageData& message,
                                           const mail::PartIndex* parts) {
    if (item.kind == FetchKind::section) {
        const auto written = co_await write_section(item.section, message, parts);
        co_return written;
    }
    if (item.kind == FetchKind::binary || item.kind == FetchKind::binary_size) {
        const auto written = co_await write_binary(item, message, parts);
        co_return written;
    }
    if (item.kind == FetchKind::envelope)
        co_await write_utf8_envelope(message);
    else
        co_await write_preview(message, item.kind == FetchKind::lazy_preview);
    co_return Written::complete;
}

net::Task<Written> FetchWriter::write_section(const Section& section,
                                              const store::MessageData& message,
                                              const mail::PartIndex* parts) {
    const auto located = locate(section, message, parts);
    if (!located) {
        name(section.label);
        out_.text += " NIL";
        co_return Written::complete;
    }
    if (const auto doubtful = doubtful_header(section, *located, message)) {
        const auto surrogate = co_await surrogate_of(*doubtful, message);
        if (surrogate) {
            const auto written = co_await write_surrogate(section, *surrogate, message);
            co_return written;
        }
    }
    const auto slice = picks_fields(section) ? *located : cut(*located, section.partial);
    const bool is_inline = slice.end <= message.content.size();
    if (is_inline && !picks_fields(section)) {
        write_literal(section, std::string_view(message.content).substr(slice.begin, slice.size()));
        co_return Written::complete;
    }
    if (!picks_fields(section)) {
        const auto written = co_await write_stream(section, slice, message.uid);
        co_return written;
    }
    const auto header = co_await read_header(slice, message);
    if (!header) co_return Written::broken;
    const auto fields = pick_fields(*header, section);
    const auto part = cut({0, fields.size()}, section.partial);
    write_literal(section, std::string_view(fields).substr(part.begin, part.size()));
    co_return Written::complete;
}

// Of the message or a part; the parser of headers looks no further than its own limit.
net::Task<Result<std::string>> FetchWriter::read_header(Slice slice,
                                                        const store::MessageData& message) {
    slice.end = std::min<std::uint64_t>(slice.end, slice.begin + mail::kMaxHeaderSection);
    if (slice.end <= message.content.size())
        co_return message.content.substr(slice.begin, slice.size());
    auto octets = co_await store_.read(session_, message.uid, slice.begin, slice.size());
    co_return octets;
}

// RFC 8970 §4.1: a message that the store did not bring whole would have to be waited for.
net::Task<void> FetchWriter::write_preview(const store::MessageData& message, bool is_lazy) {
    name("PREVIEW ");
    if (is_lazy && message.content.size() < message.size) {
        out_.text += "NIL";
        co_return;
    }
    BodySearch body(message, store_, session_);
    const auto text = co_await body.preview();
    append_string(out_.text, text);
}

void FetchWriter::write_literal(const Section& section, std::string_view octets) {
    name(section.label);
    out_.text += " {";
    append_number(out_.text, octets.size());
    out_.text += "}\r\n";
    out_.text += octets;
}

net::Task<Written> FetchWriter::write_stream(const Section& section, Slice slice, Uid uid) {
    name(section.label);
    out_.text += " {";
    append_number(out_.text, slice.size());
    out_.text += "}\r\n";
    const auto written = co_await write_octets(slice, uid);
    co_return written;
}

net::Task<Written> FetchWriter::write_octets(Slice slice, Uid uid) {
    while (slice.begin < slice.end) {
        const auto piece =
            co_await store_.read(session_, uid, slice.begin, std::min(kSliceSize, slice.size()));
        if (!piece || piece->empty()) co_return Written::broken;
        out_.text += *piece;
        slice.begin += piece->size();
        const bool alive = co_await out_.flush();
        if (!alive) co_return Written::gone;
    }
    co_return Written::complete;
}

} // namespace maild::imap
