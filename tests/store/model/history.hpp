#pragma once
// A random history done to the store on a faulty disk and to the reference (MemoryStore), step by
// step, with power cuts at each step of the disk. What must hold after each: the store opens; it
// looks as the reference did after the last acknowledged operation, or after one that was under way
// (each wholly or not at all, in their order); nothing that a session was told is taken back; mail
// can be taken again.

#include "store/io_executor.hpp"
#include "store/model/operation.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "support/faulty_vfs.hpp"

#include "maild/store/local_store.hpp"

#include <map>
#include <memory>
#include <optional>

namespace maild::store::test {

// The store under test, without threads: the same seed is the same run.
class FaultyStore final : public Subject {
public:
    explicit FaultyStore(
        std::unique_ptr<maild::test::FaultyDisk> on = std::make_unique<maild::test::FaultyDisk>());
    ~FaultyStore() override { close(); }

    Result<void> open();
    void close();      // as it ends in order
    void lose_power(); // what it wants to do at its end does not reach the disk
    void tick(int count);
    MessageStore& store() override { return *store_; }
    StoreAdmin& admin() override { return *store_; }

    maild::test::FaultyDisk& disk() { return *disk_; }
    bool is_dead() const { return is_dead_; }

private:
    std::unique_ptr<maild::test::FaultyDisk> disk_;
    maild::test::FaultyVfs vfs_{*disk_};
    maild::test::SeededRandom random_{7};
    IoExecutor executor_{io};
    std::unique_ptr<LocalStore> store_;
    bool is_dead_ = false;
};

// What sessions were told, and how many operations of a group were answered without a fault before
// one that was not.
struct Ledger {
    struct Mark {
        std::uint32_t uid = 0;   // highest that was told to be there
        std::int64_t modseq = 0; // highest at all
    };
    std::map<MailboxId, Mark> told;
    std::vector<std::string> answers;
    std::size_t acknowledged() const;
};

// Does the operations at once, each in a session of its own.
void play(Subject& subject, const std::vector<Operation>& operations, Ledger& ledger);

// MemoryStore, and what it looked like after each operation.
class Reference {
public:
    Reference();
    Reference(Reference&&) = default;
    Reference& operator=(Reference&&) = default;
    ~Reference();
    // Sessions are opened for all of them, as in play(); then one operation after the other.
    std::vector<std::string> play(WallTime at, const std::vector<Operation>& operations);
    void forget_after(std::size_t operations); // the others have not happened
    std::size_t size() const { return views_.size() - 1; }
    const std::string& view(std::size_t operations) const { return views_[operations]; }
    // The operations from `begin` on, in words.
    std::string tail(std::size_t begin) const;

private:
    struct Done {
        WallTime at;
        std::vector<Operation> operations;
    };

    std::unique_ptr<Subject> subject_;
    std::vector<Done> done_;
    std::vector<std::string> views_;
};

struct Tally {
    std::uint64_t crash_points = 0;
    std::uint64_t failures = 0; // of single calls
    std::uint64_t operations = 0;
    std::string wrong; // the first promise that was broken; empty: none
};

struct Mutant {
    std::string syncs_forgotten_of; // paths that end so
};

class History {
public:
    History(std::uint64_t seed, const Mutant& mutant = {});

    // Power cuts at each step of `groups` groups; each seen with what was synced alone, with more,
    // and torn. Now and then the run itself goes on after a cut.
    void crash_everywhere(int groups, Tally& tally);
    // The n-th call of a kind fails, or the disk is full for a while; afterwards a restart.
    void fail_somewhere(int groups, Tally& tally);

private:
    struct Point {
        std::unique_ptr<maild::test::FaultyDisk> disk;
        std::size_t acknowledged = 0;
        std::map<MailboxId, Ledger::Mark> told;
    };

    void start();
    void do_group(const Group& group);
    void compare(const Group& group, Tally& tally);
    std::string check(Point& point, maild::test::Survives what, std::uint64_t seed);
    std::string match(FaultyStore& store, std::size_t acknowledged,
                      const std::map<MailboxId, Ledger::Mark>& told,
                      std::optional<std::size_t>& found);
    std::string restart(maild::test::Survives what);
    std::string explain(const std::string& wrong) const; // with all that is needed to replay it
    void drop_refused(Group& group);
    void plan_failure();

    std::uint64_t seed_;
    Generator generator_;
    FaultyStore live_;
    Reference reference_;
    Ledger ledger_;
    std::size_t begin_ = 0; // operations before the group
    std::vector<Point> points_;
};

} // namespace maild::store::test
