#include "maild/sendmail/pickup.hpp"

#include "sendmail/spool.hpp"
#include "sendmail/spooled_file.hpp"

#include "maild/base/clock.hpp"
#include "maild/base/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <vector>

namespace maild::sendmail {
namespace {

constexpr std::size_t kMostAtOnce = 1'000'000; // files of one turn
constexpr std::chrono::hours kForgotten{24};   // how long an unfinished file may be under way

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

struct Names {
    std::vector<std::string> whole;
    std::vector<std::string> unfinished;
};

// Everybody's first file, then everybody's second: whoever has left a million keeps nobody waiting.
std::vector<std::string> in_turns(std::map<uid_t, std::vector<std::string>> by_owner) {
    std::vector<std::string> out;
    for (auto& [owner, names] : by_owner) std::ranges::sort(names);
    for (std::size_t round = 0; !by_owner.empty(); ++round) {
        std::erase_if(by_owner, [&](const auto& entry) { return entry.second.size() <= round; });
        for (auto& [owner, names] : by_owner) out.push_back(std::move(names[round]));
    }
    return out;
}

Result<Names> list(int directory) {
    const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return fail_errno("maildrop");
    const std::unique_ptr<DIR, CloseDirectory> entries(::fdopendir(copy));
    if (!entries) return fail_errno("maildrop");
    Names names;
    std::map<uid_t, std::vector<std::string>> by_owner;
    std::size_t count = 0;
    while (const auto* entry = ::readdir(entries.get())) {
        const std::string_view name(entry->d_name);
        struct stat facts{};
        if (name.starts_with(kUnfinished)) names.unfinished.emplace_back(name);
        if (!is_spooled_name(name) ||
            ::fstatat(directory, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        by_owner[facts.st_uid].emplace_back(name);
        if (++count == kMostAtOnce) break;
    }
    names.whole = in_turns(std::move(by_owner));
    return names;
}

class Turn {
public:
    Turn(const PickupPlan& plan, int directory) : plan_(plan), directory_(directory) {}

    Result<PickupCount> run() {
        auto names = list(directory_);
        if (!names) return std::unexpected(std::move(names.error()));
        for (const auto& name : names->unfinished) clean(name);
        count_.left = names->whole.size();
        for (const auto& name : names->whole) {
            if (plan_.is_stopping && plan_.is_stopping()) break;
            if (auto taken = take(name); !taken) return std::unexpected(std::move(taken.error()));
        }
        if (count_.submitted > 0) ::fsync(directory_); // a file that comes back is a second copy
        return count_;
    }

private:
    // A writer that has died. Its owner may only have made it look old.
    void clean(const std::string& name) {
        struct stat facts{};
        if (::fstatat(directory_, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) return;
        const auto changed = std::chrono::sys_seconds(std::chrono::seconds(facts.st_ctim.tv_sec));
        if (SystemClock().now() - changed > kForgotten) ::unlinkat(directory_, name.c_str(), 0);
    }

    void tell(PickedUp::Fate fate, const std::string& name, uid_t uid, std::string_view why) {
        if (fate != PickedUp::Fate::later) --count_.left;
        if (fate == PickedUp::Fate::submitted) ++count_.submitted;
        if (fate == PickedUp::Fate::refused) ++count_.refused;
        if (plan_.report) plan_.report({fate, name, uid, why});
    }

    // Kept out of the way, for the admin to look at.
    void refuse(const std::string& name, uid_t uid, std::string_view why) {
        const auto aside = std::string(kRefused) + name;
        ::renameat(directory_, name.c_str(), directory_, aside.c_str());
        tell(PickedUp::Fate::refused, name, uid, why);
    }

    // The error: there is no use in going on.
    Result<void> take(const std::string& name) {
        SpooledFile file(directory_, name, plan_.most_octets);
        if (!file.is_there()) {
            --count_.left;
            return {};
        }
        if (const auto fault = file.fault(); !fault.empty()) {
            refuse(name, file.owner(), fault);
            return {};
        }
        if (!file.is_ours_to_take()) {
            tell(PickedUp::Fate::later, name, file.owner(), "only root takes what is others'");
            return {};
        }
        const auto end = file.submit_as_owner(plan_.socket, plan_.maildrop);
        switch (end.exit) {
        case EX_OK:
            ::unlinkat(directory_, name.c_str(), 0);
            tell(PickedUp::Fate::submitted, name, file.owner(), {});
            return {};
        case EX_DATAERR: refuse(name, file.owner(), end.why); return {};
        case EX_UNAVAILABLE: return fail(Errc::unavailable, end.why);
        default: tell(PickedUp::Fate::later, name, file.owner(), end.why); return {};
        }
    }

    const PickupPlan& plan_;
    int directory_;
    PickupCount count_;
};

} // namespace

Result<PickupCount> pick_up(const PickupPlan& plan) {
    const UniqueFd directory(
        ::open(plan.maildrop.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory && errno == EACCES)
        return fail(Errc::not_permitted, plan.maildrop + " is not yours to look into");
    if (!directory) return fail_errno(plan.maildrop);
    struct stat facts{};
    if (::fstat(directory.get(), &facts) != 0) return fail_errno(plan.maildrop);
    if (facts.st_uid != ::geteuid())
        return fail(Errc::not_permitted, plan.maildrop + " is not yours to look into");
    if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0)
        return fail(Errc::busy, "another process takes the mail up");
    return Turn(plan, directory.get()).run();
}

} // namespace maild::sendmail
