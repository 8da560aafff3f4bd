#include "store/index_block.hpp"

#include "store/little_endian.hpp"

#include "maild/base/crc32c.hpp"

#include <array>
#include <optional>

namespace maild::store {
namespace {

constexpr std::string_view kMagic = "FTB\n";
constexpr std::size_t kHeader = 16;
constexpr std::size_t kCrcAt = 12;

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80U);
    out += static_cast<char>(value);
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    std::optional<std::uint64_t> varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 63 && !rest_.empty(); shift += 7) {
            const auto octet = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(octet & 0x7fU) << shift;
            if (octet < 0x80) return value;
        }
        return std::nullopt;
    }
    std::optional<std::uint32_t> number() {
        const auto bytes = take(4);
        return bytes ? std::optional(number_at<std::uint32_t>(*bytes, 0)) : std::nullopt;
    }
    std::optional<std::string_view> take(std::uint64_t length) {
        if (length > rest_.size()) return std::nullopt;
        const auto bytes = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return bytes;
    }
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

struct Lengths {
    std::array<std::uint64_t, 3> of{}; // prefix, header, body
};

bool read_entry(Reader& in, IndexEntry& entry, Lengths& lengths, std::int64_t before) {
    const auto step = in.varint();
    if (!step || *step / 2 == 0) return false;
    const auto id = static_cast<std::uint64_t>(before) + *step / 2; // both below 2^62
    if (id > INT64_MAX / 2) return false;
    entry.content = static_cast<std::int64_t>(id);
    entry.shares_body = *step % 2 == 1;
    const auto check = in.number();
    if (!check || (entry.shares_body && before == 0)) return false;
    entry.check = *check;
    for (std::size_t i = 0; i < (entry.shares_body ? 1U : 3U); ++i) {
        const auto length = in.varint();
        if (!length) return false;
        lengths.of[i] = *length;
    }
    return true;
}

bool read_filters(Reader& in, const Lengths& lengths, const IndexEntry* before, IndexEntry& entry) {
    const auto prefix = in.take(lengths.of[0]);
    if (!prefix) return false;
    entry.prefix = *prefix;
    if (entry.shares_body) {
        entry.header = before->header;
        entry.body = before->body;
        return true;
    }
    const auto header = in.take(lengths.of[1]);
    const auto body = header ? in.take(lengths.of[2]) : std::nullopt;
    if (!body) return false;
    entry.header = *header;
    entry.body = *body;
    return true;
}

std::uint32_t crc_of(std::string_view block) {
    return crc32c(block.substr(kHeader), crc32c(block.substr(0, kCrcAt)));
}

} // namespace

void BlockBuilder::add(const IndexEntry& entry) {
    const bool shares = entry.shares_body && count_ > 0;
    if (count_ == 0) {
        first_ = entry.content;
        last_ = 0;
    }
    append_varint(entries_,
                  static_cast<std::uint64_t>(entry.content - last_) * 2 + (shares ? 1 : 0));
    append_number(entries_, entry.check);
    append_varint(entries_, entry.prefix.size());
    filters_ += entry.prefix;
    if (!shares) {
        append_varint(entries_, entry.header.size());
        append_varint(entries_, entry.body.size());
        filters_.append(entry.header).append(entry.body);
    }
    last_ = entry.content;
    ++count_;
}

std::string BlockBuilder::take() {
    std::string block(kMagic);
    append_number(block, static_cast<std::uint32_t>(kHeader + entries_.size() + filters_.size()));
    append_number(block, count_);
    append_number(block, std::uint32_t{0});
    block.append(entries_).append(filters_);
    std::string crc;
    append_number(crc, crc_of(block));
    block.replace(kCrcAt, crc.size(), crc);
    entries_.clear();
    filters_.clear();
    count_ = 0;
    return block;
}

Result<std::vector<IndexEntry>> parse_block(std::string_view block) {
    const auto damaged = [] { return fail(Errc::corrupt, "a block of the search index"); };
    if (block.size() < kHeader || !block.starts_with(kMagic) ||
        number_at<std::uint32_t>(block, 4) != block.size() ||
        number_at<std::uint32_t>(block, kCrcAt) != crc_of(block))
        return damaged();
    const auto count = number_at<std::uint32_t>(block, 8);
    Reader in(block.substr(kHeader));
    if (count > block.size() / 6) return damaged(); // an entry has at least so many octets
    std::vector<IndexEntry> entries(count);
    std::vector<Lengths> lengths(count);
    std::int64_t before = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!read_entry(in, entries[i], lengths[i], before)) return damaged();
        before = entries[i].content;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const auto* last = i == 0 ? nullptr : &entries[i - 1];
        if (!read_filters(in, lengths[i], last, entries[i])) return damaged();
    }
    if (!in.at_end()) return damaged();
    return entries;
}

} // namespace maild::store
