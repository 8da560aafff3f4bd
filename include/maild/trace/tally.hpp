#pragma once
// What many records add up to: how much mail came and went in each period, and how each destination
// took ours. Behind `mailctl report volume`, `report deliverability` and the daily summary. Pure;
// what it takes is bounded by the constants below, whatever is added. One thread.

#include "maild/trace/record.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace maild::trace {

inline constexpr std::size_t kMaxPeriods = 1'000;       // the newest ones
inline constexpr std::size_t kMaxDestinations = 10'000; // further ones are counted together
inline constexpr std::size_t kMaxTexts = 16;            // of a destination; likewise
inline constexpr std::size_t kMaxText = 200;            // octets

struct Volume {
    std::uint64_t received = 0;  // messages that were taken from other hosts, and by LMTP
    std::uint64_t submitted = 0; // … from accounts and programs
    std::uint64_t refused = 0;   // messages, and senders at MAIL, for good
    std::uint64_t put_off = 0;   // likewise, to be tried again by the peer
    std::uint64_t delivered = 0; // recipients: into a mailbox here
    std::uint64_t sent = 0;      // … that another host has taken
    std::uint64_t failed = 0;    // … that are not tried again
    std::uint64_t deferred = 0;  // attempts, for each recipient, that are to be repeated
    std::uint64_t octets = 0;    // of the messages that were taken
    std::uint64_t uncounted = 0; // recipients beyond a record's first hundred: their fates
    std::uint64_t lost = 0;      // records that were not kept: all of this is too little by them
};

struct Text {
    std::string words;
    std::uint64_t count = 0;
};
// How one destination took mail.
struct Destination {
    std::string name; // as the queue calls it: a domain, mostly
    std::string host; // that spoke last
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;
    std::uint64_t deferred = 0;
    // Why it did not, in its own words where it spoke, the most frequent first: without what is in
    // them of one recipient or one moment, so that equal reasons are one.
    std::vector<Text> texts;
    std::uint64_t other_texts = 0;
};

class Tally {
public:
    struct Choice {
        // Mail to and from this domain of ours alone, lower case; empty: all. Senders that were
        // refused at MAIL belong to no domain of ours.
        std::string domain{};
        std::chrono::seconds period{std::chrono::days(1)}; // counted from 1970 on
    };
    explicit Tally(Choice choice) : choice_(std::move(choice)) {}

    void add(const Record& record);

    const std::map<WallTime, Volume>& volumes() const { return volumes_; } // by their beginning
    Volume total() const;
    // Those that took least of it first. Behind the last one, and without a name, what all for
    // which there was no room add up to.
    std::vector<Destination> destinations() const;

private:
    void add_incoming(const Record& record, Volume& volume);
    void add_attempt(const Record& record, Volume& volume);
    Destination& destination(const std::string& name);
    bool is_chosen(std::string_view address) const;
    Volume* volume_at(WallTime time);

    Choice choice_;
    std::map<WallTime, Volume> volumes_;
    std::map<std::string, Destination> destinations_;
    Destination others_;
};

// A remote host's words without the recipient's address and without what looks like the number of
// a session or message, cut to kMaxText.
std::string generalized(std::string_view words, std::string_view recipient);

} // namespace maild::trace
