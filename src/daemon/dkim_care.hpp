#pragma once
// Looks after the keys with which domains sign, in `control`: sees in the DNS which of them are
// published, and carries out what directory/dkim_rotation.hpp says is due, for an admin or by
// itself every few minutes. Only the admin's own DNS moves it: a key signs once its record is
// there.

#include "daemon/config.hpp"

#include "maild/base/clock.hpp"
#include "maild/directory/admin.hpp"
#include "maild/directory/dkim_rotation.hpp"
#include "maild/net/resolver.hpp"

#include <functional>
#include <string>
#include <vector>

namespace maild::daemon {

class DkimCare {
public:
    // All outlive it.
    DkimCare(directory::DirectoryAdmin& admin, net::Resolver& resolver, const Clock& clock)
        : admin_(admin), resolver_(resolver), clock_(clock) {}

    struct Turn {
        std::vector<directory::DkimKey> keys; // as they are now
        directory::RotationPlan plan;         // for these
        std::vector<std::string> moved;       // what was carried out, in words
    };
    // Of one domain; what is due is carried out, or only told.
    enum class Way : std::uint8_t { carry_out, tell };
    net::Task<Result<Turn>> turn(std::string domain, directory::RotationRules rules, Way way);

    // Every domain that something is under way for, again and again, for ever; `settings` are those
    // in force.
    net::Task<void> run(std::function<const DkimSettings&()> settings);

private:
    net::Task<directory::DkimSights> see(const std::vector<directory::DkimKey>& keys);
    net::Task<void> turn_all(directory::RotationRules rules);

    directory::DirectoryAdmin& admin_;
    net::Resolver& resolver_;
    const Clock& clock_;
};

directory::RotationRules rotation_rules(const DkimSettings& settings);

} // namespace maild::daemon
