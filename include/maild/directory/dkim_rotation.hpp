#pragma once
// How the keys of a domain follow each other: a new one is published, waited for, switched to, and
// the old one's record stays for mail under way. Pure: from the keys, what the DNS shows and the
// time to what is due and to sentences for the admin. Whoever carries a part of it out and dies
// begins again with the keys as they are then; no step is remembered anywhere else.

#include "maild/base/clock.hpp"
#include "maild/directory/dkim.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace maild::directory {

struct DkimSight {
    policy::dkim::Publication publication = policy::dkim::Publication::none;
    bool is_unknown = false;     // the DNS did not answer
    std::chrono::seconds ttl{0}; // how long others may remember it
};
using DkimSights = std::map<std::string, DkimSight>; // by selector

struct RotationRules {
    // How long the record of a retired key is kept for mail under way, beyond its time to live.
    std::chrono::seconds retired_for = std::chrono::hours(48);
    bool is_forced = false; // published keys are switched to, whatever the DNS shows
};

struct RotationPlan {
    bool is_idle = false;               // nothing is under way: a new rotation may begin
    std::vector<DkimMove> moves;        // due now, for DirectoryAdmin::move_dkim_keys()
    std::vector<std::string> moved;     // what each of them means, in words
    std::vector<std::string> sentences; // how each key stands, and what comes next
};

// Whose records are to be looked up: those that sign, and those that are to.
std::vector<const DkimKey*> keys_to_see(const std::vector<DkimKey>& keys);
// `keys`: of one domain. Each algorithm goes its own way: the newest published key replaces those
// that are active.
RotationPlan plan_rotation(const std::vector<DkimKey>& keys, const DkimSights& sights,
                           const RotationRules& rules, WallTime now);

// The key's record as a zone file has it, in strings of at most 255 octets (RFC 1035 §3.3.14):
// "name. IN TXT ( "v=DKIM1; …" "…" )".
std::string zone_line(const DkimKey& key);
// The value alone: quoted strings.
std::string zone_value(const DkimKey& key);

} // namespace maild::directory
