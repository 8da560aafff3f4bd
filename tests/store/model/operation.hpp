#pragma once
// Random histories of a store: operations as plain values, so that the same ones can be done to the
// store under test and to the reference, printed, and done again. Everything comes from the seed.

#include "store/conformance.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace maild::store::test {

inline constexpr std::int64_t kAccounts = 2;

enum class Verb : std::uint8_t {
    deliver,
    append,
    copy,
    move,
    flags,
    expunge,
    create,
    remove,
    rename,
    subscribe,
    annotate,
};

struct Operation {
    Verb verb = Verb::deliver;
    std::int64_t account = 1; // whose session does it; of a delivery, whose shard keeps queue rows
    std::string mailbox;      // open, or the one that it is about
    std::string destination;  // or the new name
    UidSet uids;
    FlagChange change = FlagChange::add;
    FlagNames flags;
    std::vector<std::string> contents;
    std::vector<std::int64_t> recipients; // of a delivery: accounts here
    int relayed = 0;                      // and how many elsewhere
    AnnotationChange annotations;
};

// What is asked at once, so that it may share a commit; before it the clock moves.
struct Group {
    std::chrono::milliseconds pause{0};
    int ticks = 0; // of upkeep
    std::vector<Operation> operations;
};

class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}
    Group next();
    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    bool chance(unsigned percent) { return below(100) < percent; }

private:
    Operation operation();
    std::string mailbox();
    std::string content();
    UidSet some_uids();
    FlagNames some_flags();
    AnnotationChange annotations(std::string& mailbox);

    std::mt19937_64 random_;
    std::uint32_t added_ = 1; // about the highest UID that a mailbox can have
    int contents_ = 0;
};

// Does it in a session that has `operation.mailbox` open, if there is one; what the store answered,
// in a form that is the same for all implementations.
net::Task<std::string> perform(Subject& subject, SessionId session, Operation operation);
inline constexpr const char* kNotBegun = "unavailable: not begun"; // never asked of the store
// Whether the answer is about the store's own state, rather than a refusal that changed nothing.
bool is_fault(const std::string& answer);

std::string to_string(const Operation& operation);
// Everything that a client or an admin could see; numbers that only grow are told from the
// account's INBOX on.
std::string view_of(Subject& subject);

} // namespace maild::store::test
