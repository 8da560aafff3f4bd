#pragma once
// Which urgent matters the admin has to be told of now, look by look. What is urgent at one look
// alone is not told: a process that has just been replaced, say. What was told is told again only
// after it was away for an hour, so that what comes and goes does not fill a mailbox. Pure.

#include "daemon/host_facts.hpp"

#include "maild/base/clock.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace maild::daemon {

class AlertBook {
public:
    // Those that are to be told now; told() says that they were.
    std::vector<Matter> look(const std::vector<Matter>& matters, WallTime now);
    void told(const std::vector<Matter>& matters, WallTime now);

    // What a process before this one has told.
    void add(const ToldMatters& keys, WallTime now);
    ToldMatters keys() const; // what is not to be told again

private:
    std::map<std::string, WallTime> told_; // and when it was there last
    std::set<std::string> suspected_;      // urgent at the last look
};

} // namespace maild::daemon
