#pragma once
// Small files that are replaced as a whole: what is read is what was kept last or what was kept
// before that, never a part, whatever was cut off meanwhile. For roles with a directory of their
// own; one thread.

#include "maild/base/error.hpp"
#include "maild/base/file.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace maild::daemon {

// None: there is no such file. too_large: it has more than `most` octets.
Result<std::optional<std::string>> load_whole(FileSystem& files, const std::string& directory,
                                              const std::string& name, std::size_t most);
// Synced, its name too, when it returns. NAME.new is what a crash may leave.
Result<void> replace_whole(FileSystem& files, const std::string& directory, const std::string& name,
                           std::string_view text);

} // namespace maild::daemon
