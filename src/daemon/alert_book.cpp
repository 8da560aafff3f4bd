#include "daemon/alert_book.hpp"

#include <chrono>

namespace maild::daemon {
namespace {

constexpr std::chrono::hours kIsOver{1};

} // namespace

std::vector<Matter> AlertBook::look(const std::vector<Matter>& matters, WallTime now) {
    std::vector<Matter> out;
    std::set<std::string> urgent;
    for (const auto& matter : matters) {
        if (!matter.is_urgent) continue;
        urgent.insert(matter.key);
        const auto told = told_.find(matter.key);
        if (told != told_.end())
            told->second = now;
        else if (suspected_.contains(matter.key))
            out.push_back(matter);
    }
    suspected_ = std::move(urgent);
    std::erase_if(told_, [now](const auto& entry) { return now - entry.second > kIsOver; });
    return out;
}

void AlertBook::told(const std::vector<Matter>& matters, WallTime now) {
    for (const auto& matter : matters) told_[matter.key] = now;
}

void AlertBook::add(const ToldMatters& keys, WallTime now) {
    for (const auto& key : keys) told_.emplace(key, now);
}

ToldMatters AlertBook::keys() const {
    ToldMatters out;
    for (const auto& [key, seen] : told_) out.insert(key);
    return out;
}

} // namespace maild::daemon
