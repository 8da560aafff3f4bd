#include "store/conformance.hpp"
#include "store/io_executor.hpp"
#include "store/sharing_conformance.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temp_dir.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"
#include "maild/store/local_store.hpp"

namespace maild::store::test {
namespace {

using maild::test::FaultyDisk;
using maild::test::FaultyVfs;

class LocalSubject : public Subject {
public:
    explicit LocalSubject(FileSystem* files = nullptr, const std::string& vfs = {}) {
        options.directory = files != nullptr ? "/shard" : dir_ / "shard";
        options.watermark_bytes = 0;
        options.ballast_bytes = 0;
        options.vfs = vfs;
        files_ = files != nullptr ? files : &posix_;
    }
    void open() {
        options.on_fatal = [](const Error& error) { ADD_FAILURE() << "fatal: " << error.internal; };
        auto opened = LocalStore::open({io, *files_, clock, random_}, key, options);
        if (!opened) throw std::runtime_error(opened.error().internal);
        store_ = std::move(*opened);
    }
    void close() { store_.reset(); }
    MessageStore& store() override { return *store_; }
    StoreAdmin& admin() override { return *store_; }

    LocalStoreOptions options;

private:
    maild::test::TempDir dir_;
    PosixFileSystem posix_;
    FileSystem* files_ = nullptr;
    SystemRandom random_;
    std::unique_ptr<LocalStore> store_;
};

std::unique_ptr<Subject> make_local() {
    auto subject = std::make_unique<LocalSubject>();
    subject->open();
    return subject;
}

// The same without a thread, as the simulation runs it.
class ExecutedSubject final : public LocalSubject {
public:
    ExecutedSubject() { options.executor = &executor_; }
    ~ExecutedSubject() override { close(); }

private:
    IoExecutor executor_{io};
};

std::unique_ptr<Subject> make_executed() {
    auto subject = std::make_unique<ExecutedSubject>();
    subject->open();
    return subject;
}

template <class SomeSubject> std::unique_ptr<Subject> make_two_shards() {
    auto subject = std::make_unique<SomeSubject>();
    subject->options.shards = {ShardId(1), ShardId(2)};
    subject->open();
    return subject;
}

INSTANTIATE_TEST_SUITE_P(Local, StoreConformance,
                         testing::Values(SubjectKind{"Local", make_local},
                                         SubjectKind{"Executed", make_executed}),
                         name_of_kind);
INSTANTIATE_TEST_SUITE_P(Local, SharingConformance,
                         testing::Values(SubjectKind{"Local", make_two_shards<LocalSubject>},
                                         SubjectKind{"Executed", make_two_shards<ExecutedSubject>}),
                         name_of_kind);

// On a disk in memory, where tests can reach the bytes.
struct DiskSubject {
    FaultyDisk disk;
    FaultyVfs vfs{disk};
    LocalSubject subject{&disk, vfs.name()};
};

TEST(LocalStore, KeepsEverythingOverARestart) {
    LocalSubject subject;
    subject.open();
    {
        Client client(subject, 1);
        client.append("INBOX", {"a", "b", "c"}, {kSeen, {"$k"}});
        client.open("INBOX");
        client.store(uid(2), FlagChange::add, {kDeleted, {}});
        client.expunge();
    }
    subject.close();
    subject.open();
    Client client(subject, 1);
    const auto opened = client.open("INBOX");
    EXPECT_EQ(text(opened), "1 3");
    EXPECT_EQ(opened.first_recent, Uid(4)) << "shown before the restart";
    EXPECT_EQ(opened.keywords, (Keywords{"$k"}));
    EXPECT_EQ(client.content(3), "c");
    EXPECT_EQ(client.append("INBOX", {"d"}), "4");
}

TEST(LocalStore, WhoSharesIsKnownAfterARestart) {
    LocalSubject subject;
    subject.options.shards = {ShardId(1), ShardId(2)};
    subject.open();
    const auto sharing = [&](const Client& client) {
        return subject.run(subject.store().sharing_accounts(client.id())).value().accounts.size();
    };
    {
        Client near(subject, 1, 0, 7);
        Client far(subject, 101, 0, 7);
        near.share("INBOX", {AccountId(2), {}}, "lr");
        near.share("Junk", {AccountId(2), {}}, "lr");
        far.share("INBOX", {}, "lr");
        far.share("Junk", {AccountId(3), {}}, "lr", AclEdit::replace, true);
        EXPECT_EQ(sharing(Client(subject, 2, 0, 7)), 2U);
    }
    subject.close();
    subject.open();
    EXPECT_EQ(sharing(Client(subject, 2, 0, 7)), 2U);
    EXPECT_EQ(sharing(Client(subject, 2, 0, 8)), 1U);
    EXPECT_EQ(sharing(Client(subject, 3, 0, 8)), 0U) << "what is only taken away is not shared";
    Client owner(subject, 1, 0, 7);
    owner.share("INBOX", {AccountId(2), {}}, "");
    EXPECT_EQ(sharing(Client(subject, 2, 0, 8)), 1U) << "Junk is still shared";
    owner.remove("Junk");
    EXPECT_EQ(sharing(Client(subject, 2, 0, 8)), 0U);
}

TEST(LocalStore, DamagedBodyIsTroubleOfThatMessageAlone) {
    log::to_nowhere();
    DiskSubject on;
    on.subject.open();
    Client client(on.subject, 1);
    client.append("INBOX",
                  {"Subject: a\r\n\r\nfirst body", "Subject: b\r\n\r\nsecond body", "third"});
    client.open("INBOX");
    const auto pack = "/shard/01/pack/" + on.disk.list("/shard/01/pack")->front();
    on.disk.flip_bit(pack, on.disk.contents(pack).find("second body"));
    const auto fetched =
        on.subject.run(on.subject.store().fetch(client.id(), everything(), kContent));
    ASSERT_TRUE(fetched);
    ASSERT_EQ(fetched->messages.size(), 3U);
    EXPECT_EQ(fetched->messages[0].content, "Subject: a\r\n\r\nfirst body");
    EXPECT_EQ(fetched->messages[1].error, Errc::corrupt);
    EXPECT_EQ(fetched->messages[1].content, "");
    EXPECT_EQ(fetched->messages[2].content, "third");
    EXPECT_EQ(on.subject.run(on.subject.store().read(client.id(), Uid(2), 0, 5)).error().code,
              Errc::corrupt);
    const auto header = on.subject.run(on.subject.store().fetch(client.id(), uid(2), kHeader));
    EXPECT_EQ(header->messages[0].content, "Subject: b\r\n\r\n") << "the header section is whole";
    on.disk.flip_bit(pack, on.disk.contents(pack).find("Subject: b"));
    const auto damaged = on.subject.run(on.subject.store().fetch(client.id(), uid(2), kHeader));
    EXPECT_EQ(damaged->messages[0].error, Errc::corrupt);
}

TEST(LocalStore, RetentionEndsAndDeadSegmentsAreRemoved) {
    log::to_nowhere();
    DiskSubject on;
    on.subject.options.upkeep_interval = std::chrono::milliseconds(5);
    on.subject.options.segment_bytes = 10'000;
    on.subject.open();
    Client client(on.subject, 1);
    client.create("gone");
    client.append("gone", {std::string(6000, 'g'), std::string(6000, 'h')});
    client.append("INBOX",
                  {std::string(6000, 'a'), std::string(6000, 'b'), std::string(6000, 'c')});
    client.append("INBOX", {"kept"});
    client.append("INBOX", {std::string(9000, 'd')});
    client.remove("gone");
    client.open("INBOX");
    client.store(uids(1, 3), FlagChange::add, {kDeleted, {}});
    const auto expunged = client.status("INBOX").highest_modseq;
    client.expunge();
    EXPECT_EQ(on.subject.run(on.subject.store().read(client.id(), Uid(1), 0, 1)).value(), "a")
        << "retained";
    const auto vanished = [&] {
        return on.subject.run(on.subject.store().vanished(client.id(), everything(), expunged));
    };
    EXPECT_EQ(vanished()->value(), uids(1, 3));
    const auto segments = on.disk.list("/shard/01/pack")->size();
    on.subject.clock.advance(std::chrono::hours(24 * 31));
    EXPECT_TRUE(on.subject.run_until(
        [&] { return on.disk.list("/shard/01/pack")->size() < segments - 1; }));
    EXPECT_TRUE(on.subject.run_until(
        [&] { return !on.subject.run(on.subject.store().read(client.id(), Uid(1), 0, 1)); }));
    EXPECT_FALSE(vanished()->has_value()) << "forgotten";
    EXPECT_EQ(client.content(4), "kept");
    EXPECT_EQ(client.content(5), std::string(9000, 'd'));
    on.subject.close();
    on.subject.open();
    Client again(on.subject, 1);
    again.open("INBOX");
    EXPECT_EQ(again.content(4), "kept");
    EXPECT_EQ(again.append("INBOX", {"on"}), "6");
}

TEST(LocalStore, FullDiskRefusesMailButExpungeWorks) {
    log::to_nowhere();
    DiskSubject on;
    on.subject.options.ballast_bytes = 2U << 20U;
    on.subject.options.segment_bytes = 64'000;
    on.disk.set_capacity(6U << 20U);
    on.subject.open();
    Client client(on.subject, 1);
    client.open("INBOX");
    std::string answer;
    for (int i = 0; i < 200 && answer != "no_space"; ++i)
        answer = client.append("INBOX", {std::string(60'000, 'x')});
    EXPECT_EQ(answer, "no_space");
    const auto stored = client.status("INBOX").messages;
    EXPECT_GT(stored, 10U);
    EXPECT_NE(client.store(everything(), FlagChange::add, {kDeleted, {}}), "no_space");
    EXPECT_EQ(client.expunge(), "ok");
    EXPECT_EQ(client.status("INBOX").messages, 0U);
    on.disk.set_capacity(64U << 20U);
    EXPECT_TRUE(on.subject.run_until(
        [&] { return client.append("INBOX", {std::string(60'000, 'x')}) != "no_space"; }));
}

TEST(LocalStore, WatermarkIsAnnouncedEarly) {
    log::to_nowhere();
    DiskSubject on;
    on.subject.options.watermark_bytes = 1U << 20U;
    on.disk.set_capacity(UINT32_MAX);
    on.subject.options.upkeep_interval = std::chrono::milliseconds(5);
    on.subject.open();
    EXPECT_TRUE(on.subject.store().accepts_mail());
    on.disk.set_capacity(1U << 20U);
    EXPECT_TRUE(on.subject.run_until([&] { return !on.subject.store().accepts_mail(); }));
    const auto grant = token(on.subject, 1, auth::Right::deliver);
    EXPECT_EQ(on.subject.run(on.subject.store().check_room(grant, 1)).error().code, Errc::no_space);
    on.disk.set_capacity(UINT32_MAX);
    EXPECT_TRUE(
        on.subject.run_until([&] { return on.subject.store().accepts_mail().has_value(); }));
}

net::Task<void> deliver_some(Subject& subject, std::int64_t account, int count, int& done) {
    for (int i = 0; i < count; ++i) {
        DeliverRequest request{{"Subject: x\r\n\r\nbody", {}},
                               {recipient(subject, account)},
                               std::nullopt,
                               subject.clock.now()};
        const auto result = co_await subject.store().deliver(std::move(request));
        if (result && result->local[0]) ++done;
    }
}

TEST(LocalStore, ConcurrentDeliveriesShareTheirSyncs) {
    LocalSubject subject;
    subject.open();
    int done = 0;
    for (int sender = 0; sender < 64; ++sender) {
        net::spawn(subject.io, deliver_some(subject, 1 + sender % 8, 10, done), "sender");
    }
    ASSERT_TRUE(subject.run_until([&] { return done == 640; }));
    const auto figures = subject.run(subject.admin().figures());
    ASSERT_TRUE(figures);
    EXPECT_EQ(figures->messages_delivered, 640U);
    EXPECT_LE(figures->syncs, 96U) << "0.15 a message";
}

TEST(LocalStore, DeliversToSeveralShards) {
    LocalSubject subject;
    subject.options.shards = {ShardId(1), ShardId(2)};
    subject.open();
    auto far = recipient(subject, 2);
    far.grant.shard = ShardId(2);
    subject.key.sign(far.grant);
    auto nowhere = recipient(subject, 3);
    nowhere.grant.shard = ShardId(9);
    subject.key.sign(nowhere.grant);
    DeliverRequest request{{"Subject: x\r\n\r\nbody", structure("x")},
                           {recipient(subject, 1), far, nowhere},
                           std::nullopt,
                           subject.clock.now()};
    const auto result = subject.run(subject.store().deliver(std::move(request)));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->local[0]->uid, Uid(1));
    EXPECT_EQ(result->local[1]->uid, Uid(1));
    EXPECT_EQ(result->local[2].error().code, Errc::no_such_account);
    const auto usage = subject.run(
        subject.admin().usage({{AccountId(2), ShardId(2)}, {AccountId(2), ShardId(1)}}));
    EXPECT_EQ((*usage)[0].messages, 1U);
    EXPECT_EQ((*usage)[1].messages, 0U);
}

} // namespace
} // namespace maild::store::test
