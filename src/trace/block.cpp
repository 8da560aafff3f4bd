#include "trace/block.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/ipc/codec.hpp"

#include <algorithm>

namespace maild::trace {
namespace {

constexpr std::uint32_t kMagic = 0x3142544d; // "MTB1"

struct Checked {
    std::uint32_t magic = kMagic;
    BlockHeader header;
};
template <class Codec> void describe(Codec& codec, Checked& c) {
    auto& h = c.header;
    codec(c.magic, h.key_octets, h.record_octets, h.count, h.first, h.first_time, h.last_time,
          h.key_crc, h.record_crc);
}

std::string format_header(const BlockHeader& header) {
    auto out = ipc::encode(Checked{.header = header});
    out += ipc::encode(crc32c(out));
    return out;
}

} // namespace

std::optional<BlockHeader> parse_header(std::string_view octets) {
    if (octets.size() < kBlockHeader) return std::nullopt;
    constexpr auto kCovered = kBlockHeader - 4;
    const auto crc = ipc::decode<std::uint32_t>(octets.substr(kCovered, 4));
    const auto checked = ipc::decode<Checked>(octets.substr(0, kCovered));
    if (!crc || !checked || checked->magic != kMagic || *crc != crc32c(octets.substr(0, kCovered)))
        return std::nullopt;
    const auto& header = checked->header;
    const auto is_time = [](WallTime time) {
        return time >= WallTime() && time.time_since_epoch().count() < INT64_C(1) << 50;
    };
    if (!is_time(header.first_time) || !is_time(header.last_time) || header.first > INT64_MAX ||
        header.key_octets > kMaxBlockPart || header.record_octets > kMaxBlockPart ||
        header.count == 0 || header.count > header.record_octets / 4)
        return std::nullopt;
    return header;
}

Result<std::vector<std::uint64_t>> parse_keys(const BlockHeader& header, std::string_view octets) {
    if (octets.size() != header.key_octets || crc32c(octets) != header.key_crc)
        return fail(Errc::corrupt, "the keys of a block of traces");
    auto keys = ipc::decode<std::vector<std::uint64_t>>(octets);
    if (!keys || !std::ranges::is_sorted(*keys))
        return fail(Errc::corrupt, "the keys of a block of traces");
    return keys;
}

Result<std::vector<std::string_view>> parse_records(const BlockHeader& header,
                                                    std::string_view octets) {
    if (octets.size() != header.record_octets || crc32c(octets) != header.record_crc)
        return fail(Errc::corrupt, "the records of a block of traces");
    auto records = ipc::decode<std::vector<std::string_view>>(octets);
    if (!records || records->size() != header.count)
        return fail(Errc::corrupt, "the records of a block of traces");
    return records;
}

void BlockBuilder::add(std::string record, std::span<const std::uint64_t> keys, WallTime time) {
    if (records_.empty()) first_time_ = time;
    last_time_ = time;
    octets_ += record.size() + 4 + keys.size_bytes();
    records_.push_back(std::move(record));
    keys_.insert(keys_.end(), keys.begin(), keys.end());
}

std::string BlockBuilder::format() {
    std::ranges::sort(keys_);
    const auto rest = std::ranges::unique(keys_);
    keys_.erase(rest.begin(), rest.end());
    const auto keys = ipc::encode(keys_);
    const auto records = ipc::encode(records_);
    const auto octets = [](const std::string& text) {
        return static_cast<std::uint32_t>(text.size());
    };
    auto out = format_header({.key_octets = octets(keys),
                              .record_octets = octets(records),
                              .count = static_cast<std::uint32_t>(records_.size()),
                              .first = first_,
                              .first_time = first_time_,
                              .last_time = last_time_,
                              .key_crc = crc32c(keys),
                              .record_crc = crc32c(records)});
    out.append(keys).append(records);
    return out;
}

void BlockBuilder::clear() {
    first_ = end();
    records_.clear();
    keys_.clear();
    octets_ = 0;
}

} // namespace maild::trace
