#pragma once
// The log as `mailctl log` reads it, through descriptors that the supervisor has opened: `control`
// itself may open nothing. A file that was rotated is read to its end before the next one begins.
// One thread; each call reads a bounded piece.

#include "maild/base/error.hpp"
#include "maild/base/log.hpp"
#include "maild/base/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {

// Which lines are shown.
struct LogFilter {
    std::string id; // a value that stands in the line; of a transaction, its session's lines too
    log::Level level = log::Level::debug; // and worse

    bool shows(std::string_view line) const;
};
std::optional<log::Level> parse_log_level(std::string_view word);

class LogReader {
public:
    struct Place {
        std::uint64_t file = 0; // counts those that were given
        std::uint64_t offset = 0;
    };
    struct Lines {
        std::vector<std::string> lines; // without their ends
        Place next;
    };

    // The log, and again the new one after it was rotated.
    void give(UniqueFd file);
    bool has_log() const { return static_cast<bool>(now_.fd); }

    // The last `count` that the filter shows, of the last few MiB.
    Result<Lines> last(const LogFilter& filter, std::size_t count) const;
    // Those behind a place, as far as they are there: at most a piece, whose end is the next place.
    Result<Lines> from(Place place, const LogFilter& filter) const;

private:
    struct Log {
        std::uint64_t number = 0;
        UniqueFd fd;
    };
    const Log* find(std::uint64_t number) const;

    Log now_;
    Log before_;
};

} // namespace maild::daemon
