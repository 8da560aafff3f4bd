// Bit rot in meta.db, and its loss: trouble of that shard alone, told, and mended by a rebuild.
#include "store/check_subject.hpp"

#include "maild/base/log.hpp"
#include "maild/store/rebuild.hpp"

#include <fstream>

namespace maild::store::test {
namespace {

constexpr int kPage = 4096;

int root_page(CheckSubject& subject, db::Sql query) {
    auto database = db::Database::open(subject.files, subject.shard() + "/meta.db");
    auto row = database->prepare(query);
    row->step().value();
    return row->column<int>(0);
}

// Zeros over the head of one page of the closed database.
void rot(const CheckSubject& subject, int page) {
    std::fstream file(subject.shard() + "/meta.db",
                      std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(std::streamoff{page - 1} * kPage);
    file.write(std::string(64, '\0').data(), 64);
}

auth::Token token_for(const CheckSubject& subject, std::int64_t account, ShardId shard) {
    auto grant = token(subject, account);
    grant.shard = shard;
    subject.key.sign(grant);
    return grant;
}

class Damage : public testing::Test {
protected:
    Damage() {
        log::to_nowhere();
        subject.shards = {ShardId(1), ShardId(2)};
        subject.open();
        deliver(subject, 1, "Subject: one\r\n\r\nbody");
        EXPECT_EQ(on_shard_two(), "ok");
        subject.close();
    }
    std::string on_shard_two() {
        auto grant = token_for(subject, 2, ShardId(2));
        DeliverRequest request{{"Subject: x\r\n\r\nbody", structure("appended")},
                               {{grant, "INBOX", {}, "b@example.org", ""}},
                               std::nullopt,
                               subject.clock.now()};
        const auto result = subject.run(subject.store().deliver(std::move(request)));
        if (!result) return std::string(name_of(result.error().code));
        return result->local[0] ? "ok" : std::string(name_of(result->local[0].error().code));
    }
    void rebuild() {
        subject.close();
        EXPECT_NE(damage_of(subject.files, subject.shard()).value(), "");
        const auto report =
            maild::store::rebuild(subject.files, subject.clock, subject.random, subject.shard());
        ASSERT_TRUE(report) << report.error().internal;
        EXPECT_EQ(report->messages, 1U);
        subject.trouble.clear();
        subject.open();
        EXPECT_EQ(subject.trouble, "");
        EXPECT_EQ(text(subject.check()), "");
        EXPECT_EQ(deliver(subject, 1, "Subject: two\r\n\r\nbody"), "2");
    }

    CheckSubject subject;
};

TEST_F(Damage, LostMetaTakesItsShardOfflineAlone) {
    std::filesystem::remove(subject.shard() + "/meta.db");
    subject.open();
    EXPECT_EQ(subject.trouble, "shard 1 is offline: stop maild and run mailctl store rebuild 1");
    EXPECT_EQ(deliver(subject, 1, "Subject: two\r\n\r\nbody"), "unavailable");
    EXPECT_EQ(on_shard_two(), "ok");
    EXPECT_EQ(subject.run(subject.admin().figures())->messages_stored, 2U);
    EXPECT_TRUE(text(subject.check()).starts_with("shard 0  0: the shard is offline: "));
    EXPECT_FALSE(std::filesystem::exists(subject.shard() + "/meta.db")) << "none is made";
    rebuild();
}

// Who shares from an offline shard is not known: a list of others' mailboxes has to say so.
TEST_F(Damage, SharersOfALostShardAreMissed) {
    std::filesystem::remove(subject.shard() + "/meta.db");
    subject.open();
    Client client(subject, 101); // of the other shard
    EXPECT_FALSE(subject.run(subject.store().sharing_accounts(client.id())).value().is_whole);
}

TEST_F(Damage, EmptyMetaIsALostOne) {
    std::ofstream(subject.shard() + "/meta.db").close();
    subject.open();
    EXPECT_NE(subject.trouble, "");
    EXPECT_EQ(deliver(subject, 1, "Subject: two\r\n\r\nbody"), "unavailable");
    rebuild();
}

TEST_F(Damage, RotThatTheWriterMeetsTakesTheShardOffline) {
    rot(subject, root_page(subject, "SELECT rootpage FROM sqlite_schema WHERE name = "
                                    "'mailbox_by_name'"));
    subject.open();
    EXPECT_EQ(subject.trouble, "") << "nobody has looked there yet";
    EXPECT_EQ(deliver(subject, 1, "Subject: two\r\n\r\nbody"), "unavailable");
    EXPECT_TRUE(subject.run_until([&] { return !subject.trouble.empty(); }));
    EXPECT_EQ(subject.trouble, "shard 1 is offline: stop maild and run mailctl store rebuild 1");
    EXPECT_EQ(deliver(subject, 1, "Subject: two\r\n\r\nbody"), "unavailable");
    EXPECT_EQ(on_shard_two(), "ok");
    rebuild();
}

TEST_F(Damage, RotThatAReaderMeetsIsToldAndFailsThatRequest) {
    rot(subject, root_page(subject, "SELECT rootpage FROM sqlite_schema WHERE name = 'message'"));
    subject.open();
    {
        Client client(subject, 1);
        const auto opened = subject.run(subject.store().open_mailbox(client.id(), "INBOX", false));
        EXPECT_EQ(opened.error().code, Errc::corrupt);
        EXPECT_TRUE(subject.run_until([&] { return !subject.trouble.empty(); }));
        EXPECT_EQ(subject.trouble,
                  "shard 1 has damage: stop maild and run mailctl store rebuild 1");
        EXPECT_EQ(client.names(), "Archive Drafts INBOX Junk Sent Trash") << "this is whole";
    }
    rebuild();
}

// What a fetch gives: "2 corrupt", "3 ok" …
std::string fetched(CheckSubject& subject, const Client& client, std::uint32_t items) {
    const auto got = subject.run(subject.store().fetch(client.id(), everything(), items));
    if (!got) return std::string(name_of(got.error().code));
    std::string out;
    for (const auto& message : got->messages)
        out += std::to_string(message.uid.value) + " " +
               std::string(message.error ? name_of(*message.error) : "ok") + ", ";
    return out;
}

TEST_F(Damage, AMessageThatLostARowIsCorruptAlone) {
    subject.open();
    for (const auto* uid : {"2", "3", "4", "5"})
        EXPECT_EQ(deliver(subject, 1, "Subject: more\r\n\r\n" + std::string(uid)), uid);
    subject.plant(
        "UPDATE message SET content_id = 9999 WHERE uid = 2; UPDATE content SET body_id = "
        "9999 WHERE id = (SELECT content_id FROM message WHERE uid = 3); DELETE FROM "
        "structure WHERE body_id = (SELECT body_id FROM content WHERE id = (SELECT "
        "content_id FROM message WHERE uid = 4))");
    subject.open();
    Client client(subject, 1);
    EXPECT_EQ(text(client.open("INBOX")), "1 2 3 4 5");
    for (const std::uint32_t items : {kSize, kContent, kHeader})
        EXPECT_EQ(fetched(subject, client, items), "1 ok, 2 corrupt, 3 corrupt, 4 ok, 5 ok, ");
    for (const std::uint32_t items : {kEnvelope + 0U, kEnvelope | kBodyStructure})
        EXPECT_EQ(fetched(subject, client, items), "1 ok, 2 corrupt, 3 corrupt, 4 corrupt, 5 ok, ");
    const auto read = [&](std::uint32_t uid) {
        return subject.run(subject.store().read(client.id(), Uid(uid), 0, 10));
    };
    EXPECT_EQ(read(2).error().code, Errc::corrupt);
    EXPECT_EQ(read(3).error().code, Errc::corrupt);
    EXPECT_TRUE(read(5));
    EXPECT_EQ(client.store(everything(), FlagChange::add, {kSeen, {}}), "1 2 3 4 5");
    EXPECT_EQ(client.news().find("lost"), std::string::npos);
}

TEST_F(Damage, CheckFindsRotAndGoesOn) {
    rot(subject, root_page(subject, "SELECT rootpage FROM sqlite_schema WHERE name = "
                                    "'body_by_pack'"));
    subject.plant("UPDATE account SET used_bytes = 1 WHERE id = 1");
    subject.open();
    const auto found = text(subject.check());
    EXPECT_TRUE(found.starts_with("database 0  0: the table body of meta.db ")) << found;
    EXPECT_NE(found.find("account 1  0: the account counts 1 octets for"), found.npos) << found;
    EXPECT_EQ(subject.trouble.find("offline"), std::string::npos) << "looking costs nothing";
}

} // namespace
} // namespace maild::store::test
