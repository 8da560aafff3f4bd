#include "daemon/host_facts.hpp"

#include "maild/mail/date.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

// Certificates are renewed a month before their end by most; three days leave a weekend.
constexpr auto kCertificateSoon = std::chrono::days(21);
constexpr auto kCertificateNow = std::chrono::days(3);
constexpr auto kLongInQueue = std::chrono::days(1);
constexpr std::uint32_t kRestarts = 3;   // a process that died once is none of an admin's business
constexpr std::uint64_t kDiskMargin = 4; // times the room below which no mail is taken
constexpr std::size_t kMostQueues = 20;  // destinations that are named one by one
constexpr std::size_t kMaxKey = 200;     // octets

std::string mebibytes(std::uint64_t octets) { return std::to_string(octets >> 20U) + " MiB"; }

class Judge {
public:
    explicit Judge(const HostFacts& facts) : facts_(facts) {}

    std::vector<Matter> judge() {
        judge_processes();
        judge_store();
        judge_certificates();
        judge_queue();
        judge_dns();
        std::ranges::stable_sort(matters_, std::greater<>{}, &Matter::is_urgent);
        return std::move(matters_);
    }

private:
    void say(std::string key, std::string words, bool is_urgent) {
        std::ranges::replace(key, '\n', ' ');
        key = trace::clipped(key, kMaxKey);
        matters_.push_back({std::move(key), std::move(words), is_urgent});
    }

    void judge_processes() {
        if (facts_.status.is_stopping) return;
        for (const auto& process : facts_.status.processes) {
            const auto name =
                std::string(name_of(process.role)) + " " + std::to_string(process.index);
            const bool is_down =
                process.state == ProcessState::waiting && process.restarts >= kRestarts;
            if (is_down)
                say("process " + name,
                    "The process " + name + " does not stay up (" +
                        std::to_string(process.restarts) + " restarts): " + process.text +
                        ". See mailctl log.",
                    true);
            else if (!process.text.empty())
                say("process says " + name, "The process " + name + " says: " + process.text + ".",
                    false);
        }
    }

    void judge_store() {
        if (!facts_.store)
            return say("store", "The store does not answer: see mailctl server status.", true);
        const auto& store = *facts_.store;
        if (store.offline_shards > 0)
            say("offline shards",
                std::to_string(store.offline_shards) +
                    " shards are damaged and not served, their accounts have no mail: see mailctl "
                    "server status, and mailctl store rebuild.",
                true);
        if (store.read_only_shards > 0)
            say("read-only shards",
                std::to_string(store.read_only_shards) + " of " + std::to_string(store.shards) +
                    " shards are read-only, their accounts get no mail: see mailctl server status, "
                    "and mailctl fsck run.",
                true);
        const bool is_served = store.shards > 0; // else nobody has looked how much is free
        if (is_served && store.free_bytes < facts_.min_free)
            say("disk full",
                "The disk is too full, mail is put off with 452: " + mebibytes(store.free_bytes) +
                    " are free, and [store] min_free wants " + mebibytes(facts_.min_free) + ".",
                true);
        else if (is_served && store.free_bytes < facts_.min_free * kDiskMargin)
            say("disk nearly full",
                "The disk is nearly full: " + mebibytes(store.free_bytes) + " are free, below " +
                    mebibytes(facts_.min_free) + " mail is put off.",
                true);
    }

    // One that the host has made for itself is renewed by the host.
    void judge_certificates() {
        if (!facts_.certificates) return;
        for (const auto& row : *facts_.certificates) {
            if (row.file.empty()) continue;
            const auto until = mail::format_date_time(row.not_after);
            const auto left = row.not_after - facts_.now;
            if (left <= 0s)
                say("certificate expired " + row.file,
                    "The certificate in " + row.file + " expired at " + until +
                        ": renew it, then mailctl server reload.",
                    true);
            else if (left < kCertificateSoon)
                say((left < kCertificateNow ? "certificate expires now " : "certificate expires ") +
                        row.file,
                    "The certificate in " + row.file + " expires at " + until +
                        ": renew it, then mailctl server reload.",
                    left < kCertificateNow);
        }
    }

    void judge_queue() {
        if (facts_.queue) judge_destinations(*facts_.queue);
        if (!facts_.suspensions) return;
        for (const auto& suspension : *facts_.suspensions)
            say("suspended " + suspension.destination,
                "Nothing is sent to " + suspension.destination + " before " +
                    mail::format_date_time(suspension.until) +
                    (suspension.reason.empty() ? "." : ": " + suspension.reason + "."),
                false);
    }

    void judge_destinations(const std::vector<queue::DestinationFigures>& queue) {
        std::uint64_t held = 0;
        std::size_t late = 0;
        for (const auto& to : queue) {
            held += to.held;
            const bool is_late = to.due > 0 && facts_.now - to.oldest > kLongInQueue;
            if (!is_late || ++late > kMostQueues) continue;
            say("queue " + to.domain,
                std::to_string(to.due) + " recipients wait for " + to.domain +
                    ", the oldest since " + mail::format_date_time(to.oldest) +
                    ": mailctl queue list --to " + to.domain + ".",
                false);
        }
        if (late > kMostQueues)
            say("queue others",
                "Mail waits for more than a day for " + std::to_string(late - kMostQueues) +
                    " further destinations: mailctl queue stats.",
                false);
        if (held > 0)
            say("queue held",
                std::to_string(held) + " recipients are held in the queue: mailctl queue list "
                                       "--held.",
                false);
    }

    void judge_dns() {
        if (!facts_.dns) return;
        for (const auto& [domain, finding] : *facts_.dns) {
            std::string words = domain + ": " + finding.code + ", " + finding.name + ".";
            if (!finding.found.empty()) words += " Found: " + finding.found + ".";
            if (!finding.wanted.empty()) words += " Wanted: " + finding.wanted + ".";
            if (!finding.repair.empty()) words += " " + finding.repair;
            say("dns " + domain + " " + finding.code + " " + finding.name + " " + finding.found,
                std::move(words), false);
        }
    }

    const HostFacts& facts_;
    std::vector<Matter> matters_;
};

} // namespace

std::vector<Matter> matters_of(const HostFacts& facts) { return Judge(facts).judge(); }

bool is_known(const HostFacts& facts, std::string_view key) {
    if (key.starts_with("dns ")) return facts.dns.has_value();
    if (key.starts_with("queue ")) return facts.queue.has_value();
    if (key.starts_with("suspended ")) return facts.suspensions.has_value();
    if (key.starts_with("certificate ")) return facts.certificates.has_value();
    if (key.starts_with("disk ") || key.ends_with(" shards")) return facts.store.has_value();
    return true; // the supervisor and the store's silence itself
}

ToldMatters parse_told(std::string_view text) {
    ToldMatters out;
    while (!text.empty() && out.size() < kMaxTold) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.empty()) out.emplace(line);
    }
    return out;
}

std::string format_told(const ToldMatters& told) {
    std::string out;
    std::size_t count = 0;
    for (const auto& key : told)
        if (count++ < kMaxTold) out += key + "\n";
    return out;
}

} // namespace maild::daemon
