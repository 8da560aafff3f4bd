// ZIP as far as reports come in it: read from its central directory (APPNOTE.TXT §4.3), files
// stored or deflated. No ZIP64, which begins where our limits have long ended, and no encryption.
#include "report/unpack.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <zlib.h>

namespace maild::report {
namespace {

constexpr std::size_t kEndSize = 22;   // of the end record, without its comment
constexpr std::size_t kEntrySize = 46; // of a file's header in the directory, without its texts
constexpr std::size_t kLocalSize = 30; // of the header before a file
constexpr std::size_t kMostComment = 65535;
constexpr std::uint32_t kEncrypted = 1; // bit 0 of the flags, §4.4.4
constexpr std::uint32_t kStored = 0;    // §4.4.5
constexpr std::uint32_t kDeflated = 8;

// Little-endian numbers at their places; 0 where there is nothing.
class Record {
public:
    explicit Record(std::string_view bytes) : bytes_(bytes) {}
    std::uint32_t u16(std::size_t at) const { return byte(at) | byte(at + 1) << 8; }
    std::uint32_t u32(std::size_t at) const { return u16(at) | u16(at + 2) << 16; }

private:
    std::uint32_t byte(std::size_t at) const {
        return at < bytes_.size() ? static_cast<unsigned char>(bytes_[at]) : 0;
    }
    std::string_view bytes_;
};

struct Entry {
    std::string_view name;
    std::uint32_t flags = 0;
    std::uint32_t method = 0;
    std::uint32_t checksum = 0;
    std::uint32_t packed_size = 0;
    std::uint32_t offset = 0; // of the local header
};

std::string_view from(std::string_view text, std::size_t at) {
    return text.substr(std::min(at, text.size()));
}

// It is the last thing in the file, but for a comment (§4.3.16).
std::optional<Record> find_end(std::string_view file) {
    const auto tail = from(file, file.size() - std::min(file.size(), kEndSize + kMostComment));
    const auto at = tail.rfind("PK\x05\x06");
    if (at == tail.npos || tail.size() - at < kEndSize) return std::nullopt;
    return Record(tail.substr(at));
}

// Takes an entry off the directory's beginning.
std::optional<Entry> take_entry(std::string_view& directory) {
    if (directory.size() < kEntrySize || !directory.starts_with("PK\x01\x02")) return std::nullopt;
    const Record record(directory);
    const auto name_size = record.u16(28);
    const auto size = kEntrySize + name_size + record.u16(30) + record.u16(32);
    if (directory.size() < size) return std::nullopt;
    const Entry entry{.name = directory.substr(kEntrySize, name_size),
                      .flags = record.u16(8),
                      .method = record.u16(10),
                      .checksum = record.u32(16),
                      .packed_size = record.u32(20),
                      .offset = record.u32(42)};
    directory.remove_prefix(size);
    return entry;
}

// Directories, and what macOS adds to files of its own accord.
bool is_no_file(std::string_view name) {
    return name.ends_with('/') || name.starts_with("__MACOSX/");
}

Result<std::string> content_of(std::string_view file, const Entry& entry, std::size_t limit) {
    if ((entry.flags & kEncrypted) != 0) return fail(Errc::protocol_error, "the ZIP is encrypted");
    const auto local = from(file, entry.offset);
    if (local.size() < kLocalSize || !local.starts_with("PK\x03\x04"))
        return fail(Errc::protocol_error, "the ZIP is damaged");
    const Record header(local);
    const auto packed = from(local, kLocalSize + header.u16(26) + header.u16(28));
    if (packed.size() < entry.packed_size) return fail(Errc::protocol_error, "the ZIP is cut");
    const auto bytes = packed.substr(0, entry.packed_size);
    if (entry.method == kDeflated) return inflate_raw(bytes, limit);
    if (entry.method != kStored)
        return fail(Errc::protocol_error, "the ZIP is packed by another method than deflate");
    if (bytes.size() > limit) return fail(Errc::too_large, "unpacked, it is too large");
    return std::string(bytes);
}

bool is_right(std::string_view content, std::uint32_t checksum) {
    return ::crc32(0, reinterpret_cast<const Bytef*>(content.data()),
                   static_cast<uInt>(content.size())) == checksum;
}

} // namespace

Result<std::vector<std::string>> unpack_zip(std::string_view file, std::size_t limit) {
    const auto end = find_end(file);
    if (!end) return fail(Errc::protocol_error, "the ZIP is cut");
    auto directory = from(file, end->u32(16));
    std::vector<std::string> out;
    for (auto left = end->u16(10); left > 0 && out.size() < kMaxPackedFiles; --left) {
        const auto entry = take_entry(directory);
        if (!entry) return fail(Errc::protocol_error, "the ZIP is damaged");
        if (is_no_file(entry->name)) continue;
        auto content = content_of(file, *entry, limit);
        if (!content) return std::unexpected(content.error());
        if (!is_right(*content, entry->checksum))
            return fail(Errc::protocol_error, "a checksum of the ZIP is wrong");
        limit -= content->size();
        out.push_back(std::move(*content));
    }
    if (out.empty()) return fail(Errc::protocol_error, "the ZIP is empty");
    return out;
}

} // namespace maild::report
