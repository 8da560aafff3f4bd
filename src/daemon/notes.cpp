#include "daemon/notes.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>

namespace maild::daemon {
namespace {

std::string file_of(std::string_view name) { return std::string(name) + ".note"; }

} // namespace

bool Notes::is_name(std::string_view name) {
    constexpr std::size_t kMost = 32;
    return !name.empty() && name.size() <= kMost &&
           std::ranges::all_of(name, [](char c) { return ascii::is_lower(c) || c == '-'; });
}

Result<bool> Notes::has(std::string_view file) const {
    const auto names = files_.list(directory_);
    if (!names) return std::unexpected(names.error());
    return std::ranges::find(*names, file) != names->end();
}

Result<std::string> Notes::load(std::string_view name) const {
    const auto is_there = has(file_of(name));
    if (!is_there) return std::unexpected(is_there.error());
    if (!*is_there) return std::string();
    const auto file = files_.open(path(file_of(name)), OpenMode::read_only);
    if (!file) return std::unexpected(file.error());
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    if (*size > kMaxNote) return fail(Errc::too_large, path(file_of(name)) + " is too long");
    std::string text(*size, '\0');
    const auto count = (*file)->read_at(0, text);
    if (!count) return std::unexpected(count.error());
    text.resize(*count);
    return text;
}

Result<void> Notes::keep(std::string_view name, std::string_view text) {
    if (text.size() > kMaxNote) return fail(Errc::too_large, "a note is too long");
    const auto unfinished = file_of(name) + ".new";
    const auto is_left = has(unfinished); // by a crash
    if (!is_left) return std::unexpected(is_left.error());
    if (*is_left) {
        if (auto removed = files_.remove(path(unfinished)); !removed) return removed;
    }
    const auto file = files_.open(path(unfinished), OpenMode::create_new);
    if (!file) return std::unexpected(file.error());
    const std::array<std::string_view, 1> pieces{text};
    if (auto written = (*file)->write_at(0, pieces); !written) return written;
    if (auto synced = (*file)->sync_data(); !synced) return synced;
    if (auto renamed = files_.rename(path(unfinished), path(file_of(name))); !renamed)
        return renamed;
    return files_.sync_directory(directory_);
}

} // namespace maild::daemon
