// Checking: what leads to a body, so that a finding can name it.
#include "store/check.hpp"
#include "store/pass.hpp"

namespace maild::store {
namespace {

Result<void> add_owners(Result<db::Statement> rows, std::string_view what, Owners& owners) {
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        owners.emplace(rows->column<std::int64_t>(0),
                       Owner{rows->column<AccountId>(1), rows->column<MailboxName>(2),
                             rows->column<Uid>(3), std::string(what)});
    }
}

} // namespace

Result<Owners> owners_of(db::Database& database, const std::vector<std::int64_t>& bodies) {
    const auto list = json_list(bodies);
    Owners owners;
    auto messages = add_owners(
        database.query(
            "SELECT c.body_id, b.account_id, b.name, m.uid FROM message m JOIN mailbox b ON b.id = "
            "m.mailbox_id JOIN content c ON c.id = m.content_id WHERE m.content_id IN (SELECT id "
            "FROM content WHERE body_id IN (SELECT value FROM json_each(?1)))",
            list),
        "the message", owners);
    if (!messages) return pass(messages);
    auto expunged = add_owners(
        database.query(
            "SELECT c.body_id, b.account_id, b.name, e.uid FROM expunged e JOIN mailbox b ON b.id "
            "= e.mailbox_id JOIN content c ON c.id = e.content_id WHERE e.content_id IN (SELECT "
            "id FROM content WHERE body_id IN (SELECT value FROM json_each(?1)))",
            list),
        "the expunged message, still kept,", owners);
    if (!expunged) return pass(expunged);
    auto queued =
        add_owners(database.query("SELECT body_id, account_id, '', 0 FROM queue_message WHERE "
                                  "body_id IN (SELECT value FROM json_each(?1))",
                                  list),
                   "a message in the queue", owners);
    if (!queued) return pass(queued);
    return owners;
}

} // namespace maild::store
