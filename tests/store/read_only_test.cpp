// A shard that is read-only: because its disk failed to write twice within ten minutes, each time
// under another owner, or because its file system is. What is there is read, what would write is
// refused, and nothing changes on the disk.
#include "schema/store.hpp"
#include "store/conformance.hpp"
#include "store/io_executor.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "support/faulty_vfs.hpp"

#include "maild/base/log.hpp"
#include "maild/db/database.hpp"
#include "maild/db/migration.hpp"
#include "maild/store/local_store.hpp"

namespace maild::store::test {
namespace {

using maild::test::DiskCall;
using maild::test::FaultyDisk;
using maild::test::FaultyVfs;
using maild::test::Survives;

constexpr const char* kTwice =
    "shard 1 is read-only, its disk failed to write twice: mend the disk, then run mailctl server "
    "reload";
constexpr const char* kFileSystem =
    "shard 1 is read-only, its file system is read-only: mend the disk, then run mailctl server "
    "reload";

// Owners of one disk, one after the other; the record of faults goes from one to the next.
class OwnedSubject final : public Subject {
public:
    explicit OwnedSubject(bool has_threads = true) {
        log::to_nowhere();
        options.directory = "/shard";
        options.watermark_bytes = 0;
        options.ballast_bytes = 0;
        options.readers = 2;
        options.vfs = vfs_.name();
        options.frozen_vfs = vfs_.lockless_name();
        options.upkeep_interval =
            std::chrono::hours(1); // what the disk counts is what we asked for
        if (!has_threads) options.executor = &executor_;
        options.on_fault = [this](const FaultRecord& record) { record_ = record.format(); };
    }
    ~OwnedSubject() override { close(); }

    Result<void> open() {
        close();
        trouble.clear();
        options.faults = FaultRecord::parse(record_);
        options.on_fatal = [this](const Error&) { ++fatal; };
        options.on_trouble = [this](const std::string& what) { trouble = what; };
        auto opened = LocalStore::open({io, disk, clock, random_}, key, options);
        if (!opened) return std::unexpected(opened.error());
        store_ = std::move(*opened);
        return {};
    }
    void close() {
        store_.reset();
        io.restart();
        io.poll();
    }
    void forget_faults() { record_.clear(); }
    // The owner's process ends; it is not asked to close.
    void kill() {
        close();
        disk.crash(Survives::everything);
    }
    // A write or sync of a delivery fails; the next owner is there.
    void fail(DiskCall call, std::uint64_t n) {
        fatal = 0;
        disk.fail_nth(call, n);
        const auto answer = deliver(*this, 1, "Subject: lost\r\n\r\nlost");
        EXPECT_TRUE(answer == "io" || answer == "unavailable") << answer;
        EXPECT_TRUE(run_until([this] { return fatal == 1; }));
        disk.clear_failures();
        const auto next = open();
        if (!next) throw std::runtime_error(next.error().internal);
    }
    // As a program has left it that knew only the first step of the schema.
    void make_old() {
        for (const auto* directory : {"/shard", "/shard/01", "/shard/01/pack"})
            if (!disk.make_directory(directory)) throw std::runtime_error(directory);
        auto database = db::Database::open(disk, "/shard/01/meta.db", {.vfs = vfs_.name()});
        if (!database || !db::migrate(*database, schema().first(1)))
            throw std::runtime_error("no meta.db of an older program");
    }
    MessageStore& store() override { return *store_; }
    StoreAdmin& admin() override { return *store_; }
    LocalStore& local() { return *store_; }

    FaultyDisk disk;
    LocalStoreOptions options;
    std::string trouble;
    int fatal = 0;

private:
    FaultyVfs vfs_{disk};
    IoExecutor executor_{io};
    maild::test::SeededRandom random_{7};
    std::string record_;
    std::unique_ptr<LocalStore> store_;
};

void open(OwnedSubject& subject) {
    const auto opened = subject.open();
    if (!opened) throw std::runtime_error(opened.error().internal);
}

// With a message in each of two mailboxes of account 1.
void fill(OwnedSubject& subject) {
    open(subject);
    EXPECT_EQ(deliver(subject, 1, "Subject: one\r\n\r\nfirst"), "1");
    Client client(subject, 1);
    EXPECT_EQ(client.append("Archive", {"kept"}), "1");
}

void expect_only_reads(OwnedSubject& subject) {
    const auto steps = subject.disk.steps();
    {
        Client client(subject, 1);
        EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash");
        EXPECT_EQ(text(client.open("INBOX")), "1");
        EXPECT_TRUE(client.content(1).ends_with("first")) << client.content(1);
        EXPECT_EQ(client.status("Archive").messages, 1U);
        EXPECT_EQ(client.append("INBOX", {"new"}), "unavailable");
        EXPECT_EQ(client.store(uid(1), FlagChange::add, {kSeen, {}}), "unavailable");
        EXPECT_EQ(client.copy(uid(1), "Archive"), "unavailable");
        EXPECT_EQ(client.move(uid(1), "Archive"), "unavailable");
        EXPECT_EQ(client.expunge(), "unavailable");
        EXPECT_EQ(client.create("new"), "unavailable");
        EXPECT_EQ(client.remove("Archive"), "unavailable");
        EXPECT_EQ(client.rename("Archive", "new"), "unavailable");
        EXPECT_EQ(client.news(), "");
    }
    EXPECT_EQ(deliver(subject, 1, "Subject: x\r\n\r\nx"), "unavailable");
    EXPECT_EQ(subject.store().accepts_mail().error().code, Errc::unavailable);
    const auto grant = token(subject, 1, auth::Right::deliver);
    EXPECT_EQ(subject.run(subject.store().check_room(grant, 1)).error().code, Errc::unavailable);
    const auto figures = subject.run(subject.admin().figures());
    ASSERT_TRUE(figures);
    EXPECT_EQ(figures->read_only_shards, 1U);
    EXPECT_FALSE(figures->accepts_mail);
    subject.close();
    EXPECT_EQ(subject.disk.steps(), steps) << "nothing was changed, closing included";
}

void expect_writes_again(OwnedSubject& subject) {
    open(subject);
    EXPECT_EQ(subject.trouble, "");
    EXPECT_TRUE(subject.store().accepts_mail());
    const auto uid = deliver(subject, 1, "Subject: x\r\n\r\nagain");
    Client client(subject, 1);
    EXPECT_TRUE(text(client.open("INBOX")).ends_with(uid)) << uid;
    EXPECT_TRUE(client.content(1).ends_with("first"));
}

class ReadOnly : public testing::TestWithParam<bool> {
protected:
    OwnedSubject subject{GetParam()};
};

TEST_P(ReadOnly, AfterASecondFault) {
    for (const auto call : {DiskCall::write, DiskCall::sync}) {
        for (const std::uint64_t n : {1U, 2U}) { // the pack's, the WAL's
            SCOPED_TRACE("call " + std::to_string(int(call)) + " number " + std::to_string(n));
            OwnedSubject twice(GetParam());
            fill(twice);
            twice.fail(call, n);
            EXPECT_EQ(twice.trouble, "") << "the first fault costs a restart, no more";
            EXPECT_TRUE(twice.store().accepts_mail());
            twice.fail(call, n);
            EXPECT_EQ(twice.trouble, kTwice);
            expect_only_reads(twice);
            open(twice);
            EXPECT_EQ(twice.trouble, kTwice) << "also the owner after the next";
            twice.forget_faults();
            expect_writes_again(twice);
        }
    }
}

TEST_P(ReadOnly, NotAfterFaultsThatAreFarApart) {
    fill(subject);
    for (int i = 0; i < 3; ++i) {
        subject.fail(DiskCall::sync, 1);
        EXPECT_EQ(subject.trouble, "");
        subject.clock.advance(kFaultWindow + std::chrono::seconds(1));
    }
    expect_writes_again(subject);
}

TEST_P(ReadOnly, AfterAFaultOfAnOwnerThatCannotEvenOpen) {
    fill(subject);
    subject.fail(DiskCall::sync, 1);
    subject.close();
    subject.disk.fail_nth(DiskCall::sync_directory, 1);
    EXPECT_EQ(subject.open().error().code, Errc::io);
    subject.disk.clear_failures();
    open(subject);
    EXPECT_EQ(subject.trouble, kTwice);
    expect_only_reads(subject);
}

TEST_P(ReadOnly, IsOfflineAsLongAsItsSchemaIsOld) {
    subject.make_old();
    subject.disk.set_read_only(true);
    open(subject);
    EXPECT_TRUE(subject.trouble.starts_with("shard 1 is offline, meta.db has the schema of an"))
        << subject.trouble;
    EXPECT_TRUE(subject.local().has_read_only_shard());
    EXPECT_EQ(deliver(subject, 1, "Subject: x\r\n\r\nx"), "unavailable");
    const auto slice = subject.run(subject.admin().check({}));
    ASSERT_TRUE(slice);
    ASSERT_EQ(slice->findings.size(), 1U);
    EXPECT_TRUE(slice->findings[0].what.starts_with("the shard is offline: mend the disk"));
    subject.disk.set_read_only(false);
    open(subject);
    EXPECT_EQ(subject.trouble, "");
    EXPECT_EQ(deliver(subject, 1, "Subject: x\r\n\r\nx"), "1");
}

TEST_P(ReadOnly, OnAFileSystemThatIs) {
    fill(subject);
    subject.kill(); // there is a WAL
    subject.disk.set_read_only(true);
    const auto steps = subject.disk.steps();
    open(subject);
    EXPECT_EQ(subject.disk.steps(), steps);
    EXPECT_EQ(subject.trouble, kFileSystem);
    EXPECT_TRUE(subject.local().has_read_only_shard());
    expect_only_reads(subject);
    subject.disk.set_read_only(false);
    expect_writes_again(subject);
    EXPECT_FALSE(subject.local().has_read_only_shard());
}

TEST_P(ReadOnly, OnOneThatTurnsSoUnderTheOwner) {
    fill(subject);
    subject.disk.set_read_only(true);
    const auto answer = deliver(subject, 1, "Subject: x\r\n\r\nx");
    EXPECT_TRUE(answer == "io" || answer == "unavailable") << answer;
    EXPECT_TRUE(subject.run_until([this] { return subject.fatal == 1; }));
    open(subject);
    EXPECT_EQ(subject.trouble, kFileSystem);
    expect_only_reads(subject);
    subject.disk.set_read_only(false);
    expect_writes_again(subject);
}

TEST_P(ReadOnly, OnOneWithoutAWal) {
    fill(subject);
    subject.close(); // with a checkpoint, and SQLite removes the WAL
    subject.disk.set_read_only(true);
    ASSERT_FALSE(subject.disk.exists("/shard/01/meta.db-wal"));
    open(subject);
    expect_only_reads(subject);
    EXPECT_FALSE(subject.disk.exists("/shard/01/meta.db-wal"));
}

TEST_P(ReadOnly, IsOneShardsTrouble) {
    subject.options.shards = {ShardId(1), ShardId(2)};
    fill(subject);
    subject.fail(DiskCall::sync, 1);
    subject.fail(DiskCall::sync, 1);
    EXPECT_EQ(deliver(subject, 1, "Subject: x\r\n\r\nx"), "unavailable");
    EXPECT_TRUE(subject.store().accepts_mail()) << "there is a shard that takes it";
    auto other = recipient(subject, 2);
    other.grant.shard = ShardId(2);
    subject.key.sign(other.grant);
    DeliverRequest request{{"Subject: x\r\n\r\nx", structure("x")}, {other}, {}, {}};
    const auto done = subject.run(subject.store().deliver(std::move(request)));
    EXPECT_TRUE(done && done->local[0]);
}

INSTANTIATE_TEST_SUITE_P(Store, ReadOnly, testing::Values(true, false),
                         [](const auto& each) { return each.param ? "Threads" : "Executed"; });

TEST(FaultRecord, GoesFromOwnerToOwner) {
    const SteadyTime start{std::chrono::hours(5)};
    FaultRecord record;
    record.add(ShardId(1), start);
    record = FaultRecord::parse(record.format());
    record.add(ShardId(2), start);
    EXPECT_FALSE(record.is_read_only(ShardId(1)));
    record.add(ShardId(1), start + kFaultWindow);
    record.add(ShardId(2), start + kFaultWindow + std::chrono::milliseconds(1));
    record = FaultRecord::parse(record.format());
    EXPECT_TRUE(record.is_read_only(ShardId(1)));
    EXPECT_FALSE(record.is_read_only(ShardId(2)));
    record.add(ShardId(1), start + std::chrono::hours(1));
    EXPECT_TRUE(record.is_read_only(ShardId(1))) << "until it is forgotten";
    const auto bytes = record.format();
    EXPECT_FALSE(FaultRecord::parse(bytes.substr(1)).is_read_only(ShardId(1)));
    EXPECT_FALSE(FaultRecord::parse("").is_read_only(ShardId(1)));
}

} // namespace
} // namespace maild::store::test
