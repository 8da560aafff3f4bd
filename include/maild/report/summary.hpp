#pragma once
// What many reports say together, and what to do about it: for each client that was seen with a
// domain's name, or each failure of TLS. Pure. A report that comes twice (RFC 9990 §3.5.4) counts
// once. Memory is bounded by what was read: a line for each source, and kMaxNames names in it.

#include "maild/report/aggregate.hpp"
#include "maild/report/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace maild::report {

inline constexpr std::size_t kMaxNames = 20;

struct Choice {
    std::string domain{}; // only reports of this policy domain, lower case; empty: of all
    WallTime since{};     // only reports that end behind it
};

// One client, with one domain in From.
struct DmarcSource {
    std::uint64_t messages = 0;
    std::uint64_t passed = 0; // by DKIM or SPF, aligned
    std::uint64_t dkim_aligned = 0;
    std::uint64_t spf_aligned = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t rejected = 0;
    std::uint64_t overridden = 0;  // failed, and the receiver gave a reason to let it be
    std::set<std::string> signers; // d= of signatures that passed and were not aligned
    std::set<std::string> senders; // domains of an SPF pass that was not aligned
    std::set<std::string> reporters;
};

class DmarcSummary {
public:
    explicit DmarcSummary(Choice choice = {}) : choice_(std::move(choice)) {}
    void add(const AggregateReport& report);

    using Key = std::pair<std::string, std::string>; // source, domain in From
    const std::map<Key, DmarcSource>& sources() const { return sources_; }
    std::vector<Key> keys() const; // those with most failed messages first, then most messages
    std::size_t reports() const { return seen_.size(); }
    std::size_t duplicates() const { return duplicates_; }
    WallTime begin() const { return begin_; } // of the earliest report that says it
    WallTime end() const { return end_; }

private:
    void add(const AggregateReport& report, const AggregateRecord& record);

    Choice choice_;
    std::map<Key, DmarcSource> sources_;
    std::set<std::tuple<std::string, std::string, std::string, WallTime>> seen_;
    std::size_t duplicates_ = 0;
    WallTime begin_{};
    WallTime end_{};
};

// One or two sentences: what is wrong with a source's mail, and what to do.
std::string advice_for(const DmarcSource& source, std::string_view header_from);

// Sessions of one kind at one host.
struct TlsKey {
    std::string domain;
    std::string policy;      // "sts", …
    std::string mx;          // receiving-mx-hostname, or its address; empty for what succeeded
    std::string result_type; // empty: sessions that succeeded
    friend auto operator<=>(const TlsKey&, const TlsKey&) = default;
};

struct TlsLine {
    std::uint64_t sessions = 0;
    std::set<std::string> reporters;
    std::set<std::string> details; // failure-reason-code, additional-information
};

class TlsSummary {
public:
    explicit TlsSummary(Choice choice = {}) : choice_(std::move(choice)) {}
    void add(const TlsReport& report);

    const std::map<TlsKey, TlsLine>& lines() const { return lines_; }
    std::vector<TlsKey> keys() const; // failures with most sessions first, then successes
    std::size_t reports() const { return seen_.size(); }
    std::size_t duplicates() const { return duplicates_; }
    WallTime begin() const { return begin_; }
    WallTime end() const { return end_; }

private:
    void add(const TlsReport& report, const TlsPolicyReport& policy);
    bool is_wanted(const TlsReport& report) const;

    Choice choice_;
    std::map<TlsKey, TlsLine> lines_;
    std::set<std::tuple<std::string, std::string, WallTime>> seen_;
    std::size_t duplicates_ = 0;
    WallTime begin_{};
    WallTime end_{};
};

} // namespace maild::report
