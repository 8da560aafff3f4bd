#include "daemon/sent_log.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace maild::daemon {
namespace {

Result<std::string> read_all(const File& file) {
    const auto size = file.size();
    if (!size) return std::unexpected(size.error());
    std::string out(std::min(*size, SentLog::kMostOctets), '\0');
    const auto count = file.read_at(0, std::span(out.data(), out.size()));
    if (!count) return std::unexpected(count.error());
    out.resize(*count);
    return out;
}

// Up to the end of the last whole line.
std::string_view whole_lines(std::string_view text) { return text.substr(0, text.rfind('\n') + 1); }

} // namespace

Result<std::vector<SentCopy>> SentLog::load(UtcDay day) const {
    std::vector<SentCopy> out;
    const auto file = files_.open(path(name_of(day)), OpenMode::read_only);
    if (!file && file.error().code == Errc::not_found) return out;
    if (!file) return std::unexpected(file.error());
    const auto text = read_all(**file);
    if (!text) return std::unexpected(text.error());
    auto rest = whole_lines(*text);
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        const auto tab = line.find('\t');
        if (tab != line.npos) out.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    }
    return out;
}

Result<void> SentLog::add(UtcDay day, const std::vector<SentCopy>& copies) {
    std::string lines;
    for (const auto& [domain, address] : copies) {
        if (std::ranges::any_of(domain + address, ascii::is_control))
            return fail(Errc::invalid_argument, "a name with controls");
        lines += domain + "\t" + address + "\n";
    }
    const auto file = open(day);
    if (!file) return std::unexpected(file.error());
    const auto before = read_all(**file);
    if (!before) return std::unexpected(before.error());
    const auto end = whole_lines(*before).size();
    if (end + lines.size() > kMostOctets) return fail(Errc::limit_exceeded, path(name_of(day)));
    if (auto cut = (*file)->truncate(end); !cut) return cut;
    const std::array<std::string_view, 1> pieces{lines};
    if (auto written = (*file)->write_at(end, pieces); !written) return written;
    return (*file)->sync_data();
}

Result<std::unique_ptr<File>> SentLog::open(UtcDay day) {
    const auto file_path = path(name_of(day));
    auto file = files_.open(file_path, OpenMode::read_write);
    if (file || file.error().code != Errc::not_found) return file;
    if (auto removed = remove_old(day); !removed) return std::unexpected(removed.error());
    file = files_.open(file_path, OpenMode::create_new);
    if (!file) return file;
    if (auto synced = files_.sync_directory(directory_); !synced)
        return std::unexpected(synced.error());
    return file;
}

Result<void> SentLog::remove_old(UtcDay day) {
    const auto names = files_.list(directory_);
    if (!names) return std::unexpected(names.error());
    for (const auto& name : *names) {
        if (!name.starts_with(prefix_)) continue;
        const auto of = parse_day(std::string_view(name).substr(prefix_.size()));
        if (!of || *of + kKeepDays >= day) continue;
        if (auto removed = files_.remove(path(name)); !removed) return removed;
    }
    return {};
}

} // namespace maild::daemon
