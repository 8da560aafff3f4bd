#pragma once
// What a load costs the servers: of whole process trees and of cgroups (v1 cpuacct, v2), processes
// that have ended included. A process's own time is read in nanoseconds (schedstat), that of ended
// children in the kernel's ticks, as their parents have it. A daemon that leaves its parent leaves
// the tree: for such a one name its own PID, or a cgroup.

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace maild::bench {

struct Cost {
    double cpu_seconds = 0;     // user and system
    std::uint64_t switches = 0; // context switches of the processes that are there
    std::uint64_t flushes = 0;  // of all disks, whoever wanted them
    double busy_seconds = 0;    // of the whole machine
};
Cost operator-(const Cost& end, const Cost& begin);

class Servers {
public:
    // PIDs and directories of cgroups, with commas; may be empty.
    explicit Servers(std::string_view charged);

    Cost cost() const;
    std::uint64_t proportional_kib() const; // PSS, pages that several share by parts
    std::size_t processes() const;

private:
    std::vector<pid_t> all() const;

    std::vector<pid_t> roots_;
    std::vector<std::string> groups_;
};

// Of this program alone.
double own_cpu_seconds();

} // namespace maild::bench
