#include "bench/load/servers.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace maild::bench {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

// The number behind `key`, from a file of lines "key number".
std::uint64_t number_behind(const std::string& text, std::string_view key) {
    std::uint64_t number = 0;
    const auto at = text.find(key);
    if (at == std::string::npos) return 0;
    const auto digits = text.find_first_of("0123456789", at + key.size());
    if (digits == std::string::npos) return 0;
    std::from_chars(text.data() + digits, text.data() + text.size(), number);
    return number;
}

double ticks(std::uint64_t count) {
    return static_cast<double>(count) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// proc(5), /proc/PID/stat, behind the name, which may hold anything.
struct Stat {
    pid_t parent = 0;
    double own = 0;
    double ended_children = 0;
};
Stat stat_of(pid_t pid) {
    const auto text = text_of("/proc/" + std::to_string(pid) + "/stat");
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream in(text.substr(name_end + 1));
    std::string skipped;
    Stat stat;
    in >> skipped >> stat.parent;
    for (int field = 5; field < 14; ++field) in >> skipped;
    std::uint64_t user = 0, system = 0, children_user = 0, children_system = 0;
    in >> user >> system >> children_user >> children_system;
    stat.own = ticks(user + system);
    stat.ended_children = ticks(children_user + children_system);
    return stat;
}

template <class Visit> void for_each_thread(pid_t pid, Visit visit) {
    std::error_code fault;
    const fs::path folder = "/proc/" + std::to_string(pid) + "/task";
    for (fs::directory_iterator it(folder, fault), end; !fault && it != end; it.increment(fault))
        visit(it->path().string());
}

// Of its threads, exactly; ticks where a thread has ended, which only they remember.
double own_seconds(pid_t pid, const Stat& stat) {
    double exact = 0;
    for_each_thread(pid, [&](const std::string& thread) {
        std::istringstream in(text_of(thread + "/schedstat"));
        double nanoseconds = 0;
        in >> nanoseconds;
        exact += nanoseconds / 1e9;
    });
    return std::max(exact, stat.own);
}

std::uint64_t switches_of(pid_t pid) {
    std::uint64_t count = 0;
    for_each_thread(pid, [&](const std::string& thread) {
        const auto text = text_of(thread + "/status");
        count += number_behind(text, "\nvoluntary_ctxt_switches:");
        count += number_behind(text, "\nnonvoluntary_ctxt_switches:");
    });
    return count;
}

double group_seconds(const std::string& group) {
    if (const auto usage = text_of(group + "/cpuacct.usage"); !usage.empty())
        return static_cast<double>(number_behind("usage " + usage, "usage")) / 1e9;
    return static_cast<double>(number_behind(text_of(group + "/cpu.stat"), "usage_usec")) / 1e6;
}

std::map<pid_t, std::vector<pid_t>> children() {
    std::map<pid_t, std::vector<pid_t>> of;
    std::error_code fault;
    for (fs::directory_iterator it("/proc", fault), end; !fault && it != end; it.increment(fault)) {
        const auto name = it->path().filename().string();
        pid_t pid = 0;
        const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (bad == std::errc() && *stop == '\0') of[stat_of(pid).parent].push_back(pid);
    }
    return of;
}

// Linux's Documentation/admin-guide/iostats.rst: the sixteenth figure of a disk. Partitions repeat
// their disk's, so a device counts only if it is in /sys/block.
std::uint64_t disk_flushes() {
    std::ifstream in("/proc/diskstats");
    std::uint64_t count = 0;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string word, name;
        words >> word >> word >> name;
        for (int figure = 1; figure < 16; ++figure) words >> word;
        std::uint64_t flushes = 0;
        if (words >> flushes && fs::exists("/sys/block/" + name)) count += flushes;
    }
    return count;
}

double machine_seconds() {
    std::ifstream in("/proc/stat");
    std::string word;
    std::uint64_t user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, soft_irq = 0;
    in >> word >> user >> nice >> system >> idle >> waiting >> irq >> soft_irq;
    return ticks(user + nice + system + irq + soft_irq);
}

} // namespace

Cost operator-(const Cost& end, const Cost& begin) {
    const auto less = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; };
    return {end.cpu_seconds - begin.cpu_seconds, less(end.switches, begin.switches),
            less(end.flushes, begin.flushes), end.busy_seconds - begin.busy_seconds};
}

Servers::Servers(std::string_view charged) {
    std::istringstream in{std::string(charged)};
    for (std::string word; std::getline(in, word, ',');) {
        if (word.starts_with('/'))
            groups_.push_back(word);
        else if (const auto pid = std::atoi(word.c_str()); pid > 0)
            roots_.push_back(pid);
    }
}

std::vector<pid_t> Servers::all() const {
    std::set<pid_t> pids(roots_.begin(), roots_.end());
    for (const auto& group : groups_) {
        std::istringstream in(text_of(group + "/cgroup.procs"));
        for (pid_t pid = 0; in >> pid;) pids.insert(pid);
    }
    if (!roots_.empty()) {
        const auto of = children();
        std::vector<pid_t> unseen = roots_;
        while (!unseen.empty()) {
            const auto found = of.find(unseen.back());
            unseen.pop_back();
            if (found == of.end()) continue;
            for (const auto pid : found->second)
                if (pids.insert(pid).second) unseen.push_back(pid);
        }
    }
    return {pids.begin(), pids.end()};
}

Cost Servers::cost() const {
    Cost cost;
    for (const auto& group : groups_) cost.cpu_seconds += group_seconds(group);
    std::set<pid_t> grouped;
    for (const auto& group : groups_) {
        std::istringstream in(text_of(group + "/cgroup.procs"));
        for (pid_t pid = 0; in >> pid;) grouped.insert(pid);
    }
    for (const auto pid : all()) {
        cost.switches += switches_of(pid);
        if (grouped.contains(pid)) continue;
        const auto stat = stat_of(pid);
        cost.cpu_seconds += own_seconds(pid, stat) + stat.ended_children;
    }
    cost.flushes = disk_flushes();
    cost.busy_seconds = machine_seconds();
    return cost;
}

std::uint64_t Servers::proportional_kib() const {
    std::uint64_t sum = 0;
    for (const auto pid : all())
        sum += number_behind(text_of("/proc/" + std::to_string(pid) + "/smaps_rollup"), "\nPss:");
    return sum;
}

std::size_t Servers::processes() const { return all().size(); }

double own_cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

} // namespace maild::bench
