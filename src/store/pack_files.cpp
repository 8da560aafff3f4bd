#include "store/pack_files.hpp"

#include "store/pack_scan.hpp"

#include <algorithm>
#include <charconv>

namespace maild::store {
namespace {

constexpr std::string_view kSuffix = ".pk";
constexpr std::size_t kDigits = 10; // of the greatest std::uint32_t

} // namespace

std::string segment_name(PackNumber number) {
    const auto digits = std::to_string(number.value);
    return std::string(kDigits - digits.size(), '0') + digits + std::string(kSuffix);
}

std::optional<PackNumber> parse_segment_name(std::string_view name) {
    if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
    std::uint32_t value = 0;
    const auto* end = name.data() + kDigits;
    const auto parsed = std::from_chars(name.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end || value == 0) return std::nullopt;
    return PackNumber(value);
}

Result<std::vector<PackNumber>> list_segments(FileSystem& files, const std::string& directory) {
    auto names = files.list(directory);
    if (!names) return std::unexpected(std::move(names.error()));
    std::vector<PackNumber> numbers;
    for (const auto& name : *names) {
        if (const auto number = parse_segment_name(name)) numbers.push_back(*number);
    }
    std::ranges::sort(numbers);
    return numbers;
}

Result<std::shared_ptr<const OpenSegment>> PackFiles::get(PackNumber number) {
    const std::scoped_lock lock(mutex_);
    auto found = entries_.find(number);
    if (found == entries_.end()) {
        auto segment = open(number);
        if (!segment) return segment;
        if (entries_.size() >= limit_) drop_oldest();
        found = entries_.emplace(number, Entry{std::move(*segment), 0}).first;
    }
    found->second.used = ++uses_;
    return found->second.segment;
}

void PackFiles::forget(PackNumber number) {
    const std::scoped_lock lock(mutex_);
    entries_.erase(number);
}

Result<std::shared_ptr<const OpenSegment>> PackFiles::open(PackNumber number) const {
    auto file = files_.open(path_of(number), OpenMode::read_only);
    if (!file) return std::unexpected(std::move(file.error()));
    auto header = read_segment_header(**file);
    if (!header) return std::unexpected(std::move(header.error()));
    if (header->number != number) return fail(Errc::corrupt, path_of(number) + ": another number");
    return std::make_shared<const OpenSegment>(OpenSegment{std::move(*file), *header});
}

void PackFiles::drop_oldest() {
    const auto oldest =
        std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.used; });
    if (oldest != entries_.end()) entries_.erase(oldest);
}

} // namespace maild::store
