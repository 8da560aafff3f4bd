#include "daemon/whole_file.hpp"

#include <array>

namespace maild::daemon {
namespace {

Result<void> remove_if_there(FileSystem& files, const std::string& path) {
    auto removed = files.remove(path);
    if (!removed && removed.error().code == Errc::not_found) return {};
    return removed;
}

} // namespace

Result<std::optional<std::string>> load_whole(FileSystem& files, const std::string& directory,
                                              const std::string& name, std::size_t most) {
    const auto path = directory + "/" + name;
    const auto file = files.open(path, OpenMode::read_only);
    if (!file && file.error().code == Errc::not_found) return std::nullopt;
    if (!file) return std::unexpected(file.error());
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    if (*size > most) return fail(Errc::too_large, path + " is too long");
    std::string text(*size, '\0');
    const auto count = (*file)->read_at(0, text);
    if (!count) return std::unexpected(count.error());
    text.resize(*count);
    return text;
}

Result<void> replace_whole(FileSystem& files, const std::string& directory, const std::string& name,
                           std::string_view text) {
    const auto path = directory + "/" + name;
    const auto unfinished = path + ".new";
    if (auto removed = remove_if_there(files, unfinished); !removed) return removed;
    const auto file = files.open(unfinished, OpenMode::create_new);
    if (!file) return std::unexpected(file.error());
    const std::array<std::string_view, 1> pieces{text};
    if (auto written = (*file)->write_at(0, pieces); !written) return written;
    if (auto synced = (*file)->sync_data(); !synced) return synced;
    if (auto renamed = files.rename(unfinished, path); !renamed) return renamed;
    return files.sync_directory(directory);
}

} // namespace maild::daemon
