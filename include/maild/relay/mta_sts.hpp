#pragma once
// MTA-STS (RFC 8461): which hosts a domain calls its MX, over HTTPS, and whether mail may go there
// without a good certificate. Records and policies as values, a cache of policies that survives a
// restart as text, and the finding of the policy for a domain. One thread.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/net/resolver.hpp"
#include "maild/net/timer.hpp"
#include "maild/relay/tls_report.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maild::relay {

inline constexpr std::size_t kMaxStsPolicy = 64 * 1024; // octets, §3.3
inline constexpr std::size_t kMaxStsPatterns = 100;     // mx of a policy; more make it invalid
inline constexpr std::chrono::seconds kMaxStsAge{31'557'600}; // §3.2; a longer age is this

enum class StsMode : std::uint8_t { none, testing, enforce };
std::string_view name_of(StsMode mode);

struct StsPolicy {
    StsMode mode = StsMode::none;
    std::chrono::seconds max_age{0};
    std::vector<std::string> mx; // lower case: names, or "*." and a name

    // §4.1: "*" stands for one label.
    bool allows(std::string_view host) const;
    friend bool operator==(const StsPolicy&, const StsPolicy&) = default;
};

// The id of the one record that there is among these texts (§3.1); none: there is none, or
// several.
std::optional<std::string> parse_sts_record(std::span<const std::string> texts);
// §3.2. The error says for people what is wrong.
Result<StsPolicy> parse_sts_policy(std::string_view text);

struct StsEntry {
    std::string id;
    StsPolicy policy;
    WallTime expires{};
    friend bool operator==(const StsEntry&, const StsEntry&) = default;
};

// By domain, lower case. Bounded: where there is no room, what expires first goes.
class StsCache {
public:
    static constexpr std::size_t kMost = 10'000;
    explicit StsCache(std::size_t most = kMost) : most_(most) {}

    const StsEntry* find(const std::string& domain, WallTime now) const; // what has expired is gone
    void put(const std::string& domain, StsEntry entry);
    // Of a domain that is in both, what is here stays.
    void merge(StsCache other);
    // What has expired goes, and nothing lasts longer than its max_age from now on, whatever the
    // clock said when it came, or a text that was damaged says.
    void settle(WallTime now);
    std::size_t size() const { return entries_.size(); }

    // At most `octets`. Left out is first what is far longer than policies are, so that nobody
    // takes the room of many; then what protects least, mode none before testing; then what expires
    // first.
    std::string format(std::size_t octets = std::string::npos) const;
    // Of what format() has written. Lines that cannot be read are left out, and counted.
    static StsCache parse(std::string_view text, std::size_t most = kMost,
                          std::size_t* damaged = nullptr);

private:
    void make_room();

    std::size_t most_;
    std::map<std::string, StsEntry, std::less<>> entries_;
};

struct StsFault {
    TlsResult result = TlsResult::sts_policy_fetch_error;
    std::string words;
};

// Brings the text of https://mta-sts.DOMAIN/.well-known/mta-sts.txt.
class StsFetcher {
public:
    virtual ~StsFetcher() = default;
    virtual net::Task<std::expected<std::string, StsFault>> fetch(std::string domain) = 0;
};

struct StsFound {
    std::optional<StsPolicy> policy; // in force; mode none is as good as none
    std::string id;
    std::optional<StsFault> fault; // of a newer one that could not be had (§3.3: reported)
};

class StsPolicies {
public:
    // §3.3: after a failure a domain is left alone for so long.
    static constexpr std::chrono::minutes kPause{5};
    static constexpr std::chrono::seconds kLookup{20};

    // All outlive it.
    StsPolicies(net::Resolver& resolver, StsFetcher& fetcher, const Clock& clock, StsCache& cache)
        : resolver_(resolver), fetcher_(fetcher), clock_(clock), cache_(cache) {}

    // `domain`: of the recipient, lower case. Who asks while it is being fetched waits for that.
    net::Task<StsFound> find(std::string domain);
    // While what was kept is being read, find() waits: without it a policy that is in force would
    // count as none. Whoever says true says false in the end.
    void set_loading(bool is_loading);
    // The cache has changed since this was asked last: it is worth to be kept.
    bool take_changed() { return std::exchange(has_changed_, false); }

private:
    struct Failure {
        std::string id;
        StsFault fault;
        SteadyTime until;
    };
    static constexpr std::size_t kMostFailures = 1'000;

    StsFound known(const std::string& domain) const;
    net::Task<void> fetch(std::string domain, std::string id);
    void take(const std::string& domain, const std::string& id,
              std::expected<std::string, StsFault> text);
    const Failure* failure_of(const std::string& domain, const std::string& id) const;

    net::Resolver& resolver_;
    StsFetcher& fetcher_;
    const Clock& clock_;
    StsCache& cache_;
    std::map<std::string, std::shared_ptr<net::Event>> fetching_;
    std::map<std::string, Failure> failures_;
    net::Event loaded_;
    bool is_loading_ = false;
    bool has_changed_ = false;
};

} // namespace maild::relay
