#pragma once
// Which copies of a day's reports are out: a file for each day beside the traces, appended to and
// synced as they go, so that whoever begins a day again does not send them again. A line each,
// "domain TAB address"; a last one without an end was never confirmed, and is not read. Kept for
// kKeepDays. Borrows the file system. One thread.

#include "daemon/utc_day.hpp"

#include "maild/base/error.hpp"
#include "maild/base/file.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace maild::daemon {

using SentCopy = std::pair<std::string, std::string>; // policy domain, address

class SentLog {
public:
    static constexpr std::chrono::days kKeepDays{60};
    static constexpr std::uint64_t kMostOctets = 8ULL << 20; // of a day

    // `prefix`: of the files' names, before the day.
    SentLog(FileSystem& files, std::string directory, std::string prefix = "sent.")
        : files_(files), directory_(std::move(directory)), prefix_(std::move(prefix)) {}

    Result<std::vector<SentCopy>> load(UtcDay day) const;
    // On the disk when it returns. limit_exceeded; invalid_argument: names with controls.
    Result<void> add(UtcDay day, const std::vector<SentCopy>& copies);

private:
    Result<std::unique_ptr<File>> open(UtcDay day);
    Result<void> remove_old(UtcDay day);
    std::string path(const std::string& name) const { return directory_ + "/" + name; }
    std::string name_of(UtcDay day) const { return prefix_ + format_day(day); }

    FileSystem& files_;
    std::string directory_;
    std::string prefix_;
};

} // namespace maild::daemon
