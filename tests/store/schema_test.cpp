// The steps of schema/store: each database of an older program ends at the same schema, with what
// it had.
#include "schema/store.hpp"
#include "support/schema_check.hpp"

namespace maild::store::test {
namespace {

using maild::test::text_of;

TEST(StoreSchema, EndsAlikeFromEveryVersion) {
    maild::test::expect_same_schema_from_every_version(schema());
}

TEST(StoreSchema, CountsWhatIsDeleted) {
    const maild::test::TempDir dir;
    PosixFileSystem files;
    auto database = db::Database::open(files, dir / "meta.db");
    ASSERT_TRUE(database);
    ASSERT_EQ(db::migrate(*database, schema().first(1)), 1);
    ASSERT_TRUE(database->execute_script(
        "INSERT INTO account (id, uid_validity) VALUES (1, 9);"
        "INSERT INTO mailbox (id, account_id, name, uid_validity, highest_modseq, messages, "
        "deleted)"
        " VALUES (1, 1, 'INBOX', 9, 1, 3, 2), (2, 1, 'Junk', 9, 1, 0, 0);"
        "INSERT INTO message (mailbox_id, uid, content_id, flags, modseq, size, internal_date,"
        " save_date) VALUES (1, 1, 1, 8, 1, 300, 0, 0), (1, 2, 1, 9, 1, 40, 0, 0),"
        " (1, 3, 1, 1, 1, 5, 0, 0)"));
    ASSERT_TRUE(db::migrate(*database, schema()));
    EXPECT_EQ(text_of(*database, "SELECT name || ' ' || deleted_size FROM mailbox ORDER BY id"),
              "INBOX 340\nJunk 0\n");
}

// What the namespace of other users (RFC 2342) has taken: each such mailbox has a name that can be
// reached, and its subscription goes along. Step 4 has renamed what it could before.
TEST(StoreSchema, GivesOwnMailboxesNamesBesideThoseOfOthers) {
    for (std::size_t version = 1; version <= 5; ++version) {
        const maild::test::TempDir dir;
        PosixFileSystem files;
        auto database = db::Database::open(files, dir / "meta.db");
        ASSERT_TRUE(database);
        ASSERT_EQ(db::migrate(*database, schema().first(version)), static_cast<int>(version));
        ASSERT_TRUE(database->execute_script(
            "INSERT INTO account (id, uid_validity) VALUES (1, 1), (2, 1), (3, 1);"
            "INSERT INTO mailbox (id, account_id, name, uid_validity, highest_modseq) VALUES"
            " (1, 1, 'INBOX', 1, 1), (2, 1, 'Other Users', 1, 1), (3, 1, 'Other Users/a', 1, 1),"
            " (4, 1, 'Own Other Users', 1, 1), (5, 1, 'Own Other Users 2', 1, 1),"
            " (6, 2, 'Other Users/x/y', 1, 1), (7, 2, 'Other Users too', 1, 1),"
            " (8, 3, 'Other Users/' || replace(hex(zeroblob(493)), '00', 'xy'), 1, 1);" // too long
            "INSERT INTO subscription (account_id, name) VALUES (1, 'Other Users'),"
            " (1, 'Other Users/a'), (1, 'Own Other Users'), (2, 'Other Users/x/y'),"
            " (2, 'Other Users/ada@example.org/INBOX')"));
        ASSERT_TRUE(db::migrate(*database, schema()));
        const std::string child = version < 4 ? "Own Other Users/a" : "Own Other Users 2 2/a";
        EXPECT_EQ(text_of(*database, "SELECT id || ' ' || name FROM mailbox ORDER BY id"),
                  "1 INBOX\n2 Own Other Users 2 2\n3 " + child +
                      "\n4 Own Other Users\n5 Own Other Users 2\n6 Own Other Users/x/y\n"
                      "7 Other Users too\n8 Own Other Users 8\n")
            << "from version " << version;
        const std::string first = "Own Other Users\nOwn Other Users 2 2\n";
        EXPECT_EQ(text_of(*database, "SELECT name FROM subscription ORDER BY account_id, name"),
                  first + child + "\nOther Users/ada@example.org/INBOX\nOwn Other Users/x/y\n")
            << "from version " << version;
    }
}

} // namespace
} // namespace maild::store::test
