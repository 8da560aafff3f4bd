#include "daemon/host_users.hpp"

#include "daemon/descriptor_text.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"
#include "maild/base/unique_fd.hpp"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>

namespace maild::daemon {
namespace {

bool is_name(std::string_view name) {
    const auto is_good = [](char c) {
        return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.';
    };
    return !name.empty() && name.size() <= kMaxUserName && std::ranges::all_of(name, is_good) &&
           (ascii::is_alnum(name.front()) || name.front() == '_') && !name.ends_with('.') &&
           !name.contains("..");
}

// "name:password:uid:…"
std::optional<HostUser> parse_user(std::string_view line) {
    const auto name = line.substr(0, line.find(':'));
    if (!is_name(name) || name.size() == line.size()) return std::nullopt;
    line.remove_prefix(name.size() + 1);
    const auto password_end = line.find(':');
    if (password_end == line.npos) return std::nullopt;
    line.remove_prefix(password_end + 1);
    const auto digits = line.substr(0, line.find(':'));
    HostUser user{0, std::string(name)};
    const auto* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, user.uid);
    if (digits.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return user;
}

} // namespace

std::vector<HostUser> parse_users(std::string_view passwd) {
    std::vector<HostUser> users;
    while (!passwd.empty() && users.size() < kMaxHostUsers) {
        const auto line = passwd.substr(0, passwd.find('\n'));
        passwd.remove_prefix(std::min(line.size() + 1, passwd.size()));
        if (auto user = parse_user(line)) users.push_back(std::move(*user));
    }
    return users;
}

void HostUsers::set(std::vector<HostUser> users) {
    by_uid_.clear();
    names_.clear();
    for (auto& user : users) {
        names_.insert(user.name);
        by_uid_.try_emplace(user.uid, std::move(user.name));
    }
}

std::string HostUsers::name_of(std::uint32_t uid) const {
    const auto found = by_uid_.find(uid);
    return found != by_uid_.end() ? found->second : "uid-" + std::to_string(uid);
}

bool UserFile::look() {
    const UniqueFd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat facts{};
    if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
    const Mark mark{facts.st_dev, facts.st_ino, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec,
                    facts.st_size};
    if (mark == mark_) return false;
    const auto text = read_all(file.get());
    if (!text) return false;
    mark_ = mark;
    auto users = parse_users(*text);
    if (users.size() == kMaxHostUsers)
        log::warning("too_many_host_users", {{"file", path_}, {"named", users.size()}});
    if (users == users_) return false;
    users_ = std::move(users);
    return true;
}

} // namespace maild::daemon
