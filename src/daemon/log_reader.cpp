#include "daemon/log_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>
#include <utility>

namespace maild::daemon {
namespace {

constexpr std::uint64_t kTail = 4ULL << 20;    // of a file, where its last lines are looked for
constexpr std::uint64_t kPiece = 256ULL << 10; // of one answer; a line has 4 KiB at most

// By lseek(2): libc's fstat() makes a system call that takes names, which this role may not make.
Result<std::uint64_t> size_of(int fd) {
    const auto end = ::lseek(fd, 0, SEEK_END);
    if (end < 0) return fail_errno("lseek in the log");
    return static_cast<std::uint64_t>(end);
}

// The descriptor's offset is everybody's who reads it here, so it is set each time.
Result<std::string> read_piece(int fd, std::uint64_t offset, std::uint64_t count) {
    if (::lseek(fd, static_cast<off_t>(offset), SEEK_SET) < 0)
        return fail_errno("lseek in the log");
    std::string out(count, '\0');
    std::size_t done = 0;
    while (done < out.size()) {
        const auto got = ::read(fd, out.data() + done, out.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno("read of the log");
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    out.resize(done);
    return out;
}

// Whole lines of `piece` that the filter shows; how many octets all whole lines have.
std::size_t take_lines(std::string_view piece, const LogFilter& filter,
                       std::vector<std::string>& out) {
    std::size_t begin = 0;
    for (auto end = piece.find('\n'); end != piece.npos; end = piece.find('\n', begin)) {
        const auto line = piece.substr(begin, end - begin);
        if (filter.shows(line)) out.emplace_back(line);
        begin = end + 1;
    }
    return begin;
}

// "…=value" with an end behind it.
bool has_value(std::string_view line, std::string_view value) {
    for (auto at = line.find(value); at != line.npos; at = line.find(value, at + 1)) {
        const auto end = at + value.size();
        const bool begins = at > 0 && (line[at - 1] == '=' || line[at - 1] == '"');
        const bool ends = end == line.size() || line[end] == ' ' || line[end] == '"';
        if (begins && ends) return true;
    }
    return false;
}

} // namespace

std::optional<log::Level> parse_log_level(std::string_view word) {
    constexpr std::array<std::pair<std::string_view, log::Level>, 5> kLevels{
        {{"debug", log::Level::debug},
         {"info", log::Level::info},
         {"warning", log::Level::warning},
         {"error", log::Level::error},
         {"critical", log::Level::critical}}};
    const auto* found = std::ranges::find(kLevels, word, &decltype(kLevels)::value_type::first);
    return found == kLevels.end() ? std::nullopt : std::optional(found->second);
}

// "2026-01-02T03:04:05.678Z info worker-0[42] smtp_session_started session=…"
bool LogFilter::shows(std::string_view line) const {
    if (level != log::Level::debug) {
        const auto begin = line.find(' ') + 1; // 0 without one
        const auto its = parse_log_level(line.substr(begin, line.find(' ', begin) - begin));
        if (!its || *its < level) return false;
    }
    if (id.empty() || has_value(line, id)) return true;
    const auto dot = id.find('.');
    return dot != id.npos && dot > 0 && line.contains("session=") &&
           has_value(line, std::string_view(id).substr(0, dot));
}

void LogReader::give(UniqueFd file) {
    const auto number = now_.number + 1;
    before_ = std::exchange(now_, Log{number, std::move(file)});
}

const LogReader::Log* LogReader::find(std::uint64_t number) const {
    if (number == now_.number) return &now_;
    return number == before_.number && before_.fd ? &before_ : nullptr;
}

Result<LogReader::Lines> LogReader::last(const LogFilter& filter, std::size_t count) const {
    const auto size = size_of(now_.fd.get());
    if (!size) return std::unexpected(size.error());
    const auto begin = *size > kTail ? *size - kTail : 0;
    const auto piece = read_piece(now_.fd.get(), begin, *size - begin);
    if (!piece) return std::unexpected(piece.error());
    // In the middle of a line, most likely.
    const auto skipped = begin == 0 ? 0 : std::min(piece->find('\n') + 1, piece->size());
    Lines out;
    const auto taken = take_lines(std::string_view(*piece).substr(skipped), filter, out.lines);
    out.next = {now_.number, begin + skipped + taken};
    if (out.lines.size() > count)
        out.lines.erase(out.lines.begin(), out.lines.end() - static_cast<std::ptrdiff_t>(count));
    return out;
}

Result<LogReader::Lines> LogReader::from(Place place, const LogFilter& filter) const {
    const auto* log = find(place.file);
    if (log == nullptr) return from({now_.number, 0}, filter); // too many were rotated meanwhile
    const auto size = size_of(log->fd.get());
    if (!size) return std::unexpected(size.error());
    if (place.offset > *size) place.offset = 0; // it was cut off
    const auto piece =
        read_piece(log->fd.get(), place.offset, std::min(*size - place.offset, kPiece));
    if (!piece) return std::unexpected(piece.error());
    Lines out;
    auto taken = take_lines(*piece, filter, out.lines);
    if (taken == 0 && piece->size() == kPiece) taken = piece->size(); // no line of ours
    out.next = {log->number, place.offset + taken};
    if (taken == 0 && log != &now_) out.next = {now_.number, 0};
    return out;
}

} // namespace maild::daemon
