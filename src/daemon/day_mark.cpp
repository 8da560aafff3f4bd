#include "daemon/day_mark.hpp"

#include <algorithm>
#include <array>

namespace maild::daemon {
namespace {

constexpr const char* kUnfinished = ".new";
constexpr std::size_t kDate = 10; // "2026-11-28"

Result<bool> has(FileSystem& files, const std::string& directory, std::string_view name) {
    const auto names = files.list(directory);
    if (!names) return std::unexpected(names.error());
    return std::ranges::find(*names, name) != names->end();
}

} // namespace

Result<std::optional<UtcDay>> DayMark::load() const {
    const auto is_there = has(files_, directory_, name_);
    if (!is_there) return std::unexpected(is_there.error());
    if (!*is_there) return std::nullopt;
    const auto file = files_.open(path(name_), OpenMode::read_only);
    if (!file) return std::unexpected(file.error());
    std::array<char, kDate> text{};
    const auto count = (*file)->read_at(0, text);
    if (!count) return std::unexpected(count.error());
    return parse_day({text.data(), *count});
}

Result<void> DayMark::keep(UtcDay day) {
    const auto is_left = has(files_, directory_, name_ + kUnfinished); // by a crash
    if (!is_left) return std::unexpected(is_left.error());
    if (*is_left) {
        if (auto removed = files_.remove(path(name_ + kUnfinished)); !removed) return removed;
    }
    const auto file = files_.open(path(name_ + kUnfinished), OpenMode::create_new);
    if (!file) return std::unexpected(file.error());
    const auto text = format_day(day) + "\n";
    const std::array<std::string_view, 1> pieces{text};
    if (auto written = (*file)->write_at(0, pieces); !written) return written;
    if (auto synced = (*file)->sync_data(); !synced) return synced;
    if (auto renamed = files_.rename(path(name_ + kUnfinished), path(name_)); !renamed)
        return renamed;
    return files_.sync_directory(directory_);
}

Result<void> DayMark::forget() {
    const auto is_there = has(files_, directory_, name_);
    if (!is_there) return std::unexpected(is_there.error());
    if (!*is_there) return {};
    if (auto removed = files_.remove(path(name_)); !removed) return removed;
    return files_.sync_directory(directory_);
}

} // namespace maild::daemon
