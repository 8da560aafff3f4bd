// BINARY[…] and BINARY.SIZE[…] (RFC 3516 §4, RFC 9051 §6.4.5).
#include "imap/decoded_part.hpp"
#include "imap/fetch_writer.hpp"
#include "imap/respond.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

bool is_identity(mail::TransferEncoding encoding) {
    using enum mail::TransferEncoding;
    return encoding == seven_bit || encoding == eight_bit || encoding == binary;
}

// The whole message, multiparts and messages have no encoding of their own (RFC 2045 §6.4).
mail::TransferEncoding encoding_of(const Section& section, const mail::PartIndex* parts) {
    const auto* part = section.part.empty() ? nullptr : parts->find(section.part);
    const bool is_leaf = part != nullptr && part->kind == mail::PartKind::leaf;
    return is_leaf ? part->encoding : mail::TransferEncoding::binary;
}

Slice wanted_of(const std::optional<Partial>& partial) { return cut({0, UINT64_MAX}, partial); }

} // namespace

bool FetchWriter::marks_seen(const store::MessageData& message) const {
    const auto parts = mail::decode_parts(message.structure.parts);
    return std::ranges::any_of(items_, [&](const FetchItem& item) {
        if (!sets_seen(item)) return false;
        return item.kind != FetchKind::binary || !parts ||
               encoding_of(item.section, &*parts) != mail::TransferEncoding::unknown;
    });
}

net::Task<Written> FetchWriter::write_binary(const FetchItem& item,
                                             const store::MessageData& message,
                                             const mail::PartIndex* parts) {
    const auto& section = item.section;
    const bool is_size = item.kind == FetchKind::binary_size;
    const auto encoded = locate(section, message, parts);
    if (!encoded) {
        name(section.label);
        out_.text += is_size ? " 0" : " NIL"; // the size of what BINARY would answer
        co_return Written::complete;
    }
    // The whole message is BODY[], under another name.
    if (const auto doubtful = doubtful_header(section, *encoded, message)) {
        const auto surrogate = co_await surrogate_of(*doubtful, message);
        if (surrogate && is_size)
            write_size(section, surrogate->size() + encoded->size() - message.header_size);
        if (surrogate && is_size) co_return Written::complete;
        if (surrogate) {
            const auto written = co_await write_surrogate(section, *surrogate, message);
            co_return written;
        }
    }
    const auto encoding = encoding_of(section, parts);
    if (encoding == mail::TransferEncoding::unknown) co_return Written::partly;
    const auto written = co_await write_part(item, message, *encoded, encoding);
    co_return written;
}

net::Task<Written> FetchWriter::write_part(const FetchItem& item, const store::MessageData& message,
                                           Slice encoded, mail::TransferEncoding encoding) {
    const auto& section = item.section;
    const bool is_size = item.kind == FetchKind::binary_size;
    auto wanted = wanted_of(section.partial);
    if (is_identity(encoding)) {
        if (is_size) {
            write_size(section, encoded.size());
            co_return Written::complete;
        }
        encoded = cut(encoded, section.partial); // so nothing before it needs to be read
        wanted = wanted_of({});
    }
    if (const auto known = sizes_.find(section.label); is_size && known != sizes_.end()) {
        write_size(section, known->second); // asked for once more
        co_return Written::complete;
    }
    DecodedPart part(message, store_, session_, encoded, encoding);
    const auto measured = co_await part.measure(wanted);
    if (!measured) co_return Written::broken;
    if (measured->is_damaged) co_return Written::partly;
    if (is_size) {
        sizes_.emplace(section.label, measured->size);
        write_size(section, measured->size);
        co_return Written::complete;
    }
    const auto written = co_await write_decoded(section, part, wanted, *measured);
    co_return written;
}

void FetchWriter::write_size(const Section& section, std::uint64_t size) {
    name(section.label);
    append_number(out_.text += ' ', size);
}

// RFC 3516 §4.3: a literal8 only where there is a NUL.
net::Task<Written> FetchWriter::write_decoded(const Section& section, DecodedPart& part,
                                              Slice wanted, const Measured& measured) {
    name(section.label);
    out_.text += measured.has_nul ? " ~{" : " {";
    append_number(out_.text, measured.size);
    out_.text += "}\r\n";
    if (measured.octets) {
        out_.text += *measured.octets;
        co_return Written::complete;
    }
    part.rewind();
    std::uint64_t written = 0;
    for (std::uint64_t position = 0; written < measured.size;) {
        const auto piece = co_await part.next();
        if (!piece || piece->empty()) co_return Written::broken;
        const auto octets = overlap(*piece, position, wanted);
        position += piece->size();
        written += octets.size();
        out_.text += octets;
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return Written::gone;
    }
    co_return Written::complete;
}

} // namespace maild::imap
