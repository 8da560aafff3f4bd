#pragma once
// The last day whose reports are out, in a file of the role `trace`: synced before it counts, so
// that no kill and no power cut takes it back. Borrows the file system. One thread.

#include "daemon/utc_day.hpp"

#include "maild/base/error.hpp"
#include "maild/base/file.hpp"

#include <optional>
#include <string>

namespace maild::daemon {

class DayMark {
public:
    DayMark(FileSystem& files, std::string directory, std::string name = "reported")
        : files_(files), directory_(std::move(directory)), name_(std::move(name)) {}

    // None: there is no file, or one that says no day, which is then as good as none.
    Result<std::optional<UtcDay>> load() const;
    Result<void> keep(UtcDay day);
    Result<void> forget();

private:
    FileSystem& files_;
    std::string directory_;
    std::string name_; // of the file
};

} // namespace maild::daemon
