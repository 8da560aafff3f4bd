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

} // namespace
} // namespace maild::store::test
