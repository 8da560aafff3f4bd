#include "store/conformance.hpp"
#include "support/faulty_disk.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temp_dir.hpp"

#include "maild/base/log.hpp"
#include "maild/db/database.hpp"
#include "maild/store/local_store.hpp"
#include "maild/store/rebuild.hpp"

#include <filesystem>
#include <fstream>

namespace maild::store::test {
namespace {

class RebuildSubject final : public Subject {
public:
    explicit RebuildSubject(FileSystem* disk = nullptr, std::string vfs = {})
        : disk_(disk), vfs_(std::move(vfs)) {}
    void open() {
        LocalStoreOptions options;
        options.directory = disk_ != nullptr ? "/shard" : dir / "shard";
        options.vfs = vfs_;
        options.watermark_bytes = 0;
        options.ballast_bytes = 0;
        auto& under = disk_ != nullptr ? *disk_ : static_cast<FileSystem&>(files);
        auto opened = LocalStore::open({io, under, clock, random}, key, options);
        if (!opened) throw std::runtime_error(opened.error().internal);
        store_ = std::move(*opened);
    }
    void close() { store_.reset(); }
    void lose_meta() {
        for (const auto* name : {"meta.db", "meta.db-wal", "meta.db-shm"})
            std::filesystem::remove(shard() + "/" + name);
    }
    std::string shard() const { return dir / "shard/01"; }
    MessageStore& store() override { return *store_; }
    StoreAdmin& admin() override { return *store_; }

    maild::test::TempDir dir;
    PosixFileSystem files;
    SystemRandom random;

private:
    FileSystem* disk_;
    std::string vfs_;
    std::unique_ptr<LocalStore> store_;
};

TEST(Rebuild, BringsEveryMessageBack) {
    log::to_nowhere();
    RebuildSubject subject;
    subject.open();
    UidValidity validity;
    const queue::Handling handling{false, true, 4, subject.clock.now() + std::chrono::hours(9), {}};
    {
        Client client(subject, 1);
        deliver(subject, 1, "Subject: delivered\r\n\r\nbody");
        client.append("INBOX", {"one", "two"}, {kSeen, {"$k"}});
        client.create("a/b");
        client.append("a/b", {"in a/b"});
        client.rename("a", "renamed");
        client.open("INBOX");
        client.move(uid(2), "renamed/b");
        client.store(uid(3), FlagChange::add, {kDeleted, {}});
        client.expunge();
        client.copy(uid(1), "Junk");
        validity = client.status("INBOX").uid_validity;
        DeliverRequest request{{"Subject: out\r\n\r\n", {}}, {}, std::nullopt, subject.clock.now()};
        request.relay = RelayRequest{token(subject, 1), {}, "Received: x\r\n", "held"};
        request.relay->envelope.recipients = {{"x@example.com", {}, {}}};
        request.relay->envelope.handling = handling;
        ASSERT_TRUE(subject.run(subject.store().deliver(std::move(request))));
        deliver(subject, 1, "last");
    }
    subject.close();
    subject.lose_meta();
    subject.clock.advance(std::chrono::hours(1));
    const auto report =
        maild::store::rebuild(subject.files, subject.clock, subject.random, subject.shard());
    ASSERT_TRUE(report) << report.error().internal;
    EXPECT_EQ(report->damaged_bytes, 0U);
    EXPECT_EQ(report->messages, 5U);

    subject.open();
    Client client(subject, 1);
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash renamed renamed/b");
    const auto inbox = client.open("INBOX");
    EXPECT_EQ(text(inbox), "1 4");
    EXPECT_EQ(inbox.status.uid_validity, validity);
    EXPECT_EQ(inbox.status.uid_next, Uid(5));
    EXPECT_EQ(client.content(1),
              "Return-Path: <bob@example.net>\r\nSubject: delivered\r\n\r\nbody");
    const auto fetched =
        subject.run(subject.store().fetch(client.id(), uid(1), kEnvelope | kInternalDate));
    EXPECT_EQ(fetched->messages[0].structure.envelope, "(envelope delivered)");
    EXPECT_EQ(fetched->messages[0].internal_date + std::chrono::hours(1), subject.clock.now());
    EXPECT_EQ(text(client.open("renamed/b")), "1 2");
    EXPECT_EQ(client.content(1), "in a/b");
    EXPECT_EQ(client.content(2), "one");
    client.open("Junk");
    EXPECT_EQ(client.content(1),
              "Return-Path: <bob@example.net>\r\nSubject: delivered\r\n\r\nbody");
    const auto queued = subject.run(subject.admin().queued(QueueId(), 10))->at(0);
    EXPECT_EQ(queued.recipient, "x@example.com");
    EXPECT_EQ(queued.handling, handling);
    EXPECT_EQ(queued.next_attempt_at, handling.not_before);
    EXPECT_EQ(client.append("INBOX", {"new"}), "5");
    const auto usage = subject.run(subject.admin().usage({{AccountId(1), ShardId(1)}}));
    EXPECT_EQ((*usage)[0].messages, 6U);
}

TEST(Rebuild, KnowsTheLastUseOfAMailbox) {
    log::to_nowhere();
    RebuildSubject subject;
    subject.open();
    {
        Client client(subject, 1);
        client.append("Sent", {"sent"});
        client.create("Outgoing");
        client.append("Outgoing", {"sent too"});
        ASSERT_EQ(client.annotate("Outgoing", {}, SpecialUse::sent), "ok");
        ASSERT_EQ(client.annotate("Drafts", {}, SpecialUse::none), "ok");
    }
    subject.close();
    subject.lose_meta();
    ASSERT_TRUE(
        maild::store::rebuild(subject.files, subject.clock, subject.random, subject.shard()));
    subject.open();
    Client client(subject, 1);
    const auto use_of = [&](const char* name) { return client.annotations(name, {}).value().use; };
    EXPECT_EQ(use_of("Outgoing"), SpecialUse::sent);
    EXPECT_EQ(use_of("Sent"), SpecialUse::none);
    EXPECT_EQ(use_of("Drafts"), SpecialUse::none);
    EXPECT_EQ(use_of("Trash"), SpecialUse::trash);
}

// Records from before there was sharing may have such names.
TEST(Rebuild, GivesOwnMailboxesNamesBesideThoseOfOthers) {
    log::to_nowhere();
    RebuildSubject subject;
    subject.open();
    {
        Client client(subject, 1);
        client.create("Own Other Users"); // the seventh
    }
    subject.close();
    {
        auto database = db::Database::open(subject.files, subject.shard() + "/meta.db");
        ASSERT_TRUE(database);
        ASSERT_TRUE(database->execute_script(
            "INSERT INTO mailbox (account_id, name, uid_validity, highest_modseq) VALUES"
            " (1, 'Other Users', 1000, 1), (1, 'Other Users/b', 1001, 1)"));
    }
    subject.open();
    {
        Client client(subject, 1);
        for (const auto* name : {"Other Users", "Other Users/b", "Own Other Users"})
            ASSERT_EQ(client.append(name, {name}), "1");
    }
    subject.close();
    subject.lose_meta();
    ASSERT_TRUE(
        maild::store::rebuild(subject.files, subject.clock, subject.random, subject.shard()));
    subject.open();
    Client client(subject, 1);
    EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Own Other Users Own Other Users 8 Own "
                              "Other Users 8/b Sent Trash");
    client.open("Own Other Users 8"); // its number
    EXPECT_EQ(client.content(1), "Other Users");
    client.open("Own Other Users 8/b");
    EXPECT_EQ(client.content(1), "Other Users/b");
    client.open("Own Other Users");
    EXPECT_EQ(client.content(1), "Own Other Users");
}

// Migrations write no record: only messages that have come since know the new name.
TEST(Rebuild, KeepsTogetherWhatAMigrationHasRenamed) {
    log::to_nowhere();
    struct Case {
        const char* name;
        std::vector<const char*>
            before; // of "Other Users", "Other Users/b" and "…/c" have a message
        std::vector<const char*> after; // of the same a later one
    };
    const Case cases[] = {{"all new", {}, {"", "/b", "/c"}},
                          {"one that has both", {"", "/c"}, {"", "/b"}},
                          {"old ones beside", {"", "/b", "/c"}, {"/b"}},
                          {"old ones alone", {"", "/b", "/c"}, {}}};
    for (const auto& c : cases) {
        RebuildSubject subject;
        subject.open();
        {
            Client client(subject, 1);
        }
        subject.close();
        const auto change = [&](db::Sql sql) {
            auto database = db::Database::open(subject.files, subject.shard() + "/meta.db");
            ASSERT_TRUE(database && database->execute_script(sql));
        };
        change("INSERT INTO mailbox (account_id, name, uid_validity, highest_modseq) VALUES"
               " (1, 'Other Users', 1000, 1), (1, 'Other Users/b', 1001, 1),"
               " (1, 'Other Users/c', 1002, 1)");
        const auto append = [&](const std::string& root, const std::vector<const char*>& to) {
            subject.open();
            Client client(subject, 1);
            for (const std::string below : to) client.append(root + below, {"in " + below});
        };
        append("Other Users", c.before);
        subject.close();
        change("UPDATE mailbox SET name = 'Own ' || name WHERE name LIKE 'Other Users%'");
        append("Own Other Users", c.after);
        subject.close();
        subject.lose_meta();
        ASSERT_TRUE(
            maild::store::rebuild(subject.files, subject.clock, subject.random, subject.shard()));
        subject.open();
        Client client(subject, 1);
        EXPECT_TRUE(
            client.names().contains(" Own Other Users Own Other Users/b Own Other Users/c Sent"))
            << c.name << ": " << client.names();
    }
}

TEST(Rebuild, KeepsTheOldMetaBeside) {
    RebuildSubject subject;
    subject.open();
    deliver(subject, 1, "Subject: kept\r\n\r\nbody");
    subject.close();
    EXPECT_EQ(damage_of(subject.files, subject.shard()).value(), "");
    std::ofstream(subject.shard() + "/meta.db", std::ios::binary | std::ios::in).write("no", 2);
    EXPECT_NE(damage_of(subject.files, subject.shard()).value(), "");
    const auto report =
        maild::store::rebuild(subject.files, subject.clock, subject.random, subject.shard());
    ASSERT_TRUE(report) << report.error().internal;
    EXPECT_EQ(report->kept, subject.shard() + "/meta.db.broken-1700000000");
    EXPECT_TRUE(std::filesystem::exists(report->kept));
    EXPECT_EQ(damage_of(subject.files, subject.shard()).value(), "");
    subject.open();
    Client client(subject, 1);
    client.open("INBOX");
    EXPECT_EQ(client.content(1), "Return-Path: <bob@example.net>\r\nSubject: kept\r\n\r\nbody");
}

TEST(Rebuild, SaysWhatIsDamaged) {
    RebuildSubject subject;
    EXPECT_EQ(damage_of(subject.files, subject.shard()).value(), "") << "nothing is there yet";
    EXPECT_EQ(maild::store::rebuild(subject.files, subject.clock, subject.random, subject.shard())
                  .error()
                  .code,
              Errc::not_found);
    subject.open();
    deliver(subject, 1, "Subject: one\r\n\r\n");
    subject.close();
    subject.lose_meta();
    EXPECT_EQ(damage_of(subject.files, subject.shard()).value(), "meta.db is lost");
    std::ofstream(subject.shard() + "/meta.db").close();
    EXPECT_EQ(damage_of(subject.files, subject.shard()).value(), "meta.db is empty");
}

// Whatever step is the last one, what is there afterwards is the old meta.db, the new one, or none,
// which no store opens; and the next attempt succeeds.
TEST(Rebuild, CanBeInterruptedAnywhere) {
    log::to_nowhere();
    for (std::uint64_t steps = 1;; steps += 3) {
        maild::test::FaultyDisk disk;
        maild::test::FaultyVfs vfs(disk);
        RebuildSubject subject(&disk, vfs.name());
        subject.open();
        deliver(subject, 1, "Subject: one\r\n\r\nbody");
        subject.close();
        disk.cut_power_after(steps);
        const auto cut =
            maild::store::rebuild(disk, subject.clock, subject.random, "/shard/01", vfs.name());
        const bool was_cut = !disk.is_powered();
        disk.crash(maild::test::Survives::synced);
        EXPECT_EQ(cut.has_value(), !was_cut) << steps;
        if (!damage_of(disk, "/shard/01", vfs.name()).value().empty()) {
            EXPECT_TRUE(
                maild::store::rebuild(disk, subject.clock, subject.random, "/shard/01", vfs.name()))
                << steps;
        }
        subject.open();
        {
            Client client(subject, 1);
            EXPECT_EQ(text(client.open("INBOX")), "1") << steps;
        }
        subject.close();
        if (!was_cut) {
            EXPECT_GT(steps, 10U);
            return;
        }
    }
}

} // namespace
} // namespace maild::store::test
