#pragma once
// Small texts that `control` and `sender`, which may touch no file, want to find again after a
// restart: each in a file of the role `trace`, replaced as a whole and synced before it counts.
// Borrows the file system. One thread.

#include "maild/base/error.hpp"
#include "maild/base/file.hpp"
#include "maild/ipc/server.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace maild::daemon {

inline constexpr std::size_t kMaxNoteText = 256 * 1024;
inline constexpr std::string_view kStsNote = "sts-policies"; // sender's; all others are control's

class Notes {
public:
    Notes(FileSystem& files, std::string directory)
        : files_(files), directory_(std::move(directory)) {}

    // Lower-case letters and "-", at most 32.
    static bool is_name(std::string_view name);
    // Who may read and replace it: nobody else, or a process that was taken over could take away
    // what another one goes by.
    static bool is_of(ipc::PeerRole role, std::string_view name);
    // Empty: there is none. The name is one. too_large: it is none of ours.
    Result<std::string> load(std::string_view name) const;
    Result<void> keep(std::string_view name, std::string_view text);

private:
    FileSystem& files_;
    std::string directory_;
};

} // namespace maild::daemon
