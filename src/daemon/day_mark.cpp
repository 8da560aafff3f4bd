#include "daemon/day_mark.hpp"

#include "daemon/whole_file.hpp"

namespace maild::daemon {
namespace {

constexpr std::size_t kMost = 4096; // octets of a file that somebody else may have written
constexpr std::size_t kDate = 10;   // "2026-11-28"

} // namespace

Result<std::optional<UtcDay>> DayMark::load() const {
    const auto text = load_whole(files_, directory_, name_, kMost);
    if (!text) return std::unexpected(text.error());
    if (!*text) return std::nullopt;
    return parse_day(std::string_view(**text).substr(0, kDate));
}

Result<void> DayMark::keep(UtcDay day) {
    return replace_whole(files_, directory_, name_, format_day(day) + "\n");
}

Result<void> DayMark::forget() {
    auto removed = files_.remove(directory_ + "/" + name_);
    if (!removed && removed.error().code == Errc::not_found) return {};
    if (!removed) return removed;
    return files_.sync_directory(directory_);
}

} // namespace maild::daemon
