// Fetching: rows from meta.db, bytes from the packs.
#include "store/pass.hpp"
#include "store/reads.hpp"
#include "store/record_reader.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/base/log.hpp"
#include "maild/db/transaction.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr std::uint32_t kStructureItems = kEnvelope | kBody | kBodyStructure | kParts;

struct Source {
    Location location;
    std::string prefix;
    std::uint32_t header_size = 0;
    std::uint32_t header_crc = 0;
};

// One request.
struct Fetching {
    Reading& reading;
    MailboxId mailbox;
    std::uint32_t items;
    RecordReader records;
    std::size_t bytes = 0; // of the answer
};

// Only the columns that are asked for: a list of ENVELOPEs does not touch the longer structures. A
// message that has lost one of its rows is there too, with NULL where that would be.
Result<db::Statement> query_rows(db::Database& database, MailboxId mailbox, const UidRange& range,
                                 std::uint32_t items) {
    const auto structure = items & kStructureItems;
    if (structure == 0) {
        return database.query(
            "SELECT m.uid, m.internal_date, m.save_date, c.email_id, m.size, c.prefix, b.pack, "
            "b.record_offset, b.metadata_length, b.length, b.header_size, b.header_crc"
            " FROM message m LEFT JOIN content c ON c.id = m.content_id"
            " LEFT JOIN body b ON b.id = c.body_id"
            " WHERE m.mailbox_id = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid",
            mailbox, range.first, range.last);
    }
    if (structure == kEnvelope) {
        return database.query(
            "SELECT m.uid, m.internal_date, m.save_date, c.email_id, m.size, c.prefix, b.pack, "
            "b.record_offset, b.metadata_length, b.length, b.header_size, b.header_crc, s.envelope"
            " FROM message m LEFT JOIN content c ON c.id = m.content_id"
            " LEFT JOIN body b ON b.id = c.body_id LEFT JOIN structure s ON s.body_id = b.id"
            " WHERE m.mailbox_id = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid",
            mailbox, range.first, range.last);
    }
    return database.query(
        "SELECT m.uid, m.internal_date, m.save_date, c.email_id, m.size, c.prefix, b.pack, "
        "b.record_offset, b.metadata_length, b.length, b.header_size, b.header_crc, s.envelope, "
        "s.body, s.body_structure, s.parts"
        " FROM message m LEFT JOIN content c ON c.id = m.content_id"
        " LEFT JOIN body b ON b.id = c.body_id LEFT JOIN structure s ON s.body_id = b.id"
        " WHERE m.mailbox_id = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid",
        mailbox, range.first, range.last);
}

// A list of what ENVELOPEs are made of: where the bodies lie need not be known for it.
constexpr std::uint32_t kListed = kInternalDate | kSize | kEnvelope;
bool is_list(std::uint32_t items) { return (items & kEnvelope) != 0 && (items & ~kListed) == 0; }

Result<db::Statement> query_list(db::Database& database, MailboxId mailbox, const UidRange& range,
                                 std::uint32_t items) {
    if (items == kEnvelope) {
        return database.query("SELECT m.uid, s.envelope FROM message m"
                              " LEFT JOIN content c ON c.id = m.content_id"
                              " LEFT JOIN structure s ON s.body_id = c.body_id"
                              " WHERE m.mailbox_id = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid",
                              mailbox, range.first, range.last);
    }
    return database.query(
        "SELECT m.uid, s.envelope, m.internal_date, m.save_date, m.size, c.email_id FROM message m"
        " LEFT JOIN content c ON c.id = m.content_id"
        " LEFT JOIN structure s ON s.body_id = c.body_id"
        " WHERE m.mailbox_id = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid",
        mailbox, range.first, range.last);
}

Source read_source(const db::Statement& row, int prefix) {
    return {{row.column<PackNumber>(prefix + 1), row.column<std::uint64_t>(prefix + 2),
             row.column<std::uint32_t>(prefix + 3), row.column<std::uint32_t>(prefix + 4)},
            row.column<std::string>(prefix),
            row.column<std::uint32_t>(prefix + 5),
            row.column<std::uint32_t>(prefix + 6)};
}

MessageData read_data(const db::Statement& row, const Source& source, std::uint32_t items) {
    MessageData data;
    data.uid = row.column<Uid>(0);
    data.internal_date = from_millis(row.column<std::int64_t>(1));
    data.save_date = from_millis(row.column<std::int64_t>(2));
    data.email_id = row.column<EmailId>(3);
    data.size = row.column<std::uint64_t>(4);
    data.prefix_size = static_cast<std::uint32_t>(source.prefix.size());
    data.header_size = data.prefix_size + source.header_size;
    if ((items & kEnvelope) != 0) data.structure.envelope = row.column<std::string>(12);
    if ((items & kBody) != 0) data.structure.body = row.column<std::string>(13);
    if ((items & kBodyStructure) != 0) data.structure.body_structure = row.column<std::string>(14);
    if ((items & kParts) != 0) data.structure.parts = row.column<std::string>(15);
    return data;
}

Result<std::string> whole_content(RecordReader& records, const Source& source) {
    const auto record = records.read(source.location);
    if (!record) return pass(record);
    std::string content;
    content.reserve(source.prefix.size() + record->body.size());
    content += source.prefix;
    content += record->body;
    return content;
}

Result<std::string> header_of(Reading& reading, const Source& source) {
    std::string header(source.header_size, '\0');
    auto read = reading.packs.read_body(source.location, 0, header);
    if (!read) return pass(read);
    if (crc32c(header) != source.header_crc) return fail(Errc::corrupt, "header section");
    return source.prefix + header;
}

// Corruption is of this message alone; a disk that cannot be read is trouble for the whole request.
Result<void> add_content(Fetching& fetching, const Source& source, MessageData& data) {
    const auto items = fetching.items;
    Result<std::string> content;
    if ((items & kContent) != 0 && data.size <= kMaxInlineContent)
        content = whole_content(fetching.records, source);
    else if ((items & kHeader) != 0 && data.header_size <= kMaxInlineContent)
        content = header_of(fetching.reading, source);
    else
        return {};
    if (content) {
        data.content = std::move(*content);
        return {};
    }
    if (content.error().code != Errc::corrupt && content.error().code != Errc::not_found)
        return pass(content);
    log::error("store_body_damaged",
               {{"pack", source.location.pack.value}, {"offset", source.location.offset}});
    data.error = Errc::corrupt;
    return {};
}

// Of its content, its body, or the structure where that was asked for.
bool has_lost_rows(const db::Statement& row, std::uint32_t items) {
    constexpr int kPack = 6;
    constexpr int kEnvelopeColumn = 12;
    return row.is_null(kPack) || ((items & kStructureItems) != 0 && row.is_null(kEnvelopeColumn));
}

void note_damage(MessageData& data, MailboxId mailbox) {
    data.error = Errc::corrupt;
    log::error(
        "store_message_damaged",
        {{"mailbox", mailbox.value}, {"uid", data.uid.value}, {"do", "mailctl fsck run names it"}});
}

MessageData read_damaged(const db::Statement& row, MailboxId mailbox) {
    MessageData data;
    data.uid = row.column<Uid>(0);
    data.internal_date = from_millis(row.column<std::int64_t>(1));
    data.save_date = from_millis(row.column<std::int64_t>(2));
    data.size = row.column<std::uint64_t>(4);
    note_damage(data, mailbox);
    return data;
}

std::size_t weight(const MessageData& data) {
    return sizeof data + data.content.size() + data.structure.envelope.size() +
           data.structure.body.size() + data.structure.body_structure.size() +
           data.structure.parts.size();
}

// A message without its structure has lost that row or the one of its content.
void add_listed(Fetching& fetching, const db::Statement& row, FetchResult& result) {
    auto& data = result.messages.emplace_back();
    data.uid = row.column<Uid>(0);
    if (fetching.items != kEnvelope) {
        data.internal_date = from_millis(row.column<std::int64_t>(2));
        data.save_date = from_millis(row.column<std::int64_t>(3));
        data.size = row.column<std::uint64_t>(4);
        data.email_id = row.column<EmailId>(5);
    }
    if (row.is_null(1))
        note_damage(data, fetching.mailbox);
    else
        data.structure.envelope = row.column<std::string_view>(1);
    fetching.bytes += weight(data);
}

Result<void> add_whole(Fetching& fetching, const db::Statement& row, FetchResult& result) {
    if (has_lost_rows(row, fetching.items)) {
        result.messages.push_back(read_damaged(row, fetching.mailbox));
        fetching.bytes += sizeof(MessageData);
        return {};
    }
    const auto source = read_source(row, 5);
    auto data = read_data(row, source, fetching.items);
    if (auto added = add_content(fetching, source, data); !added) return pass(added);
    fetching.bytes += weight(data);
    result.messages.push_back(std::move(data));
    return {};
}

// True when the answer is full.
Result<bool> read_range(Fetching& fetching, const UidRange& range, FetchResult& result) {
    const bool lists = is_list(fetching.items);
    auto rows = (lists ? query_list : query_rows)(fetching.reading.database, fetching.mailbox,
                                                  range, fetching.items);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return false;
        if (fetching.bytes > kMaxFetchAnswer) {
            result.next = rows->column<Uid>(0);
            return true;
        }
        if (lists)
            add_listed(fetching, *rows, result);
        else if (auto added = add_whole(fetching, *rows, result); !added)
            return pass(added);
    }
}

Result<std::optional<Source>> find_source(Result<db::Statement> row) {
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    if (row->is_null(1)) return fail(Errc::corrupt, "the row of the body is lost");
    return read_source(*row, 0);
}

// Of a message, or of one that was expunged and is retained: for a transfer that is under way, so a
// visitor is given none that was gone before he came.
Result<Source> source_of(db::Database& database, const OpenRef& open, Uid uid) {
    auto living = find_source(database.query(
        "SELECT c.prefix, b.pack, b.record_offset, b.metadata_length, "
        "b.length, b.header_size, b.header_crc FROM message m"
        " LEFT JOIN content c ON c.id = m.content_id"
        " LEFT JOIN body b ON b.id = c.body_id WHERE m.mailbox_id = ?1 AND m.uid = ?2",
        open.mailbox, uid));
    if (!living) return pass(living);
    if (*living) return std::move(**living);
    auto gone =
        find_source(database.query("SELECT c.prefix, b.pack, b.record_offset, b.metadata_length, "
                                   "b.length, b.header_size, b.header_crc FROM expunged m"
                                   " JOIN content c ON c.id = m.content_id JOIN body b ON b.id = "
                                   "c.body_id WHERE m.mailbox_id = ?1 AND m.uid = ?2"
                                   " AND m.modseq > ?3",
                                   open.mailbox, uid, open.since));
    if (!gone) return pass(gone);
    if (!*gone) return fail(Errc::not_found);
    return std::move(**gone);
}

} // namespace

Result<FetchResult> read_messages(Reading& reading, const Access& access, MailboxId mailbox,
                                  const UidSet& uids, std::uint32_t items) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    if (auto row = mailbox_by_id(reading.database, access, mailbox, kRead); !row) return pass(row);
    FetchResult result;
    Fetching fetching{reading, mailbox, items, RecordReader(reading.packs)};
    for (const auto& range : uids) {
        const auto is_full = read_range(fetching, range, result);
        if (!is_full) return pass(is_full);
        if (*is_full) break;
    }
    return result;
}

Result<std::string> read_piece(Reading& reading, const OpenRef& open, Uid uid, std::uint64_t offset,
                               std::uint64_t length) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    if (auto row = mailbox_by_id(reading.database, open.access, open.mailbox, kRead); !row)
        return pass(row);
    const auto source = source_of(reading.database, open, uid);
    if (!source) return pass(source);
    return read_body_piece(reading, {source->prefix, source->location, offset, length});
}

Result<std::string> read_body_piece(Reading& reading, const BodyPiece& piece) {
    const auto& [prefix, location, offset, length] = piece;
    if (!reading.verified.contains(location)) {
        if (auto whole = reading.packs.verify(location); !whole) return pass(whole);
        reading.verified.add(location);
    }
    const std::uint64_t size = prefix.size() + location.body_length;
    if (offset >= size) return std::string();
    const auto wanted = std::min({length, std::uint64_t{kMaxRead}, size - offset});
    auto bytes = offset < prefix.size() ? prefix.substr(offset, wanted) : std::string();
    const auto have = bytes.size();
    bytes.resize(wanted);
    if (have == wanted) return bytes;
    const auto body_offset = offset + have - prefix.size();
    auto read = reading.packs.read_body(location, body_offset, std::span(bytes).subspan(have));
    if (!read) return pass(read);
    return bytes;
}

} // namespace maild::store
