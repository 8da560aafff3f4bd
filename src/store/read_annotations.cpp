// Annotations of one mailbox or of the server (RFC 5464 §4.2), on a reader's thread.
#include "store/pass.hpp"
#include "store/reads.hpp"

#include "maild/db/transaction.hpp"

#include <algorithm>

namespace maild::store {
namespace {

// What the question is about, by the names alone; values that are too long are noted.
Result<void> choose(db::Database& database, AccountId account, MailboxId mailbox,
                    const AnnotationQuery& query, Annotations& out) {
    auto rows = database.query("SELECT name, length(value) FROM annotation WHERE account_id = ?1 "
                               "AND mailbox_id = ?2 ORDER BY name",
                               account, mailbox);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        auto name = rows->column<std::string>(0);
        if (!matches(query, name)) continue;
        const auto size = rows->column<std::uint32_t>(1);
        if (size <= query.max_size) {
            out.entries.push_back({std::move(name), std::nullopt});
            continue;
        }
        out.longest = std::max(out.longest, size);
        out.too_long.push_back(std::move(name));
    }
}

// RFC 5464 §3.1: what is private is the owner's.
void leave_shared(Annotations& out) {
    const auto is_private = [](std::string_view name) { return !name.starts_with("/shared/"); };
    std::erase_if(out.entries, [&](const Annotation& entry) { return is_private(entry.name); });
    std::erase_if(out.too_long, is_private);
    if (out.too_long.empty()) out.longest = 0;
}

Result<void> read_value(db::Database& database, AccountId account, MailboxId mailbox,
                        Annotation& entry) {
    auto row = database.query(
        "SELECT value FROM annotation WHERE account_id = ?1 AND mailbox_id = ?2 AND name = ?3",
        account, mailbox, entry.name);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return fail(Errc::corrupt, "an annotation that is only half there");
    entry.value = std::string(row->column<db::Blob>(0).bytes);
    return {};
}

} // namespace

Result<Annotations> read_annotations(Reading& reading, const Access& access,
                                     const MailboxName& name, const AnnotationQuery& query) {
    const auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    Annotations out;
    MailboxId mailbox; // zero: the server
    if (!name.empty()) {
        const auto row = mailbox_by_name(reading.database, access, name, kLookup | kRead);
        if (!row) return pass(row);
        mailbox = row->status.id;
        if (access.is_own()) out.use = row->use;
    } else if (!access.is_own())
        return fail(Errc::not_permitted, "another's server annotations");
    const auto account = access.account;
    auto chosen = choose(reading.database, account, mailbox, query, out);
    if (!chosen) return pass(chosen);
    if (!access.is_own()) leave_shared(out);
    for (auto& entry : out.entries) {
        if (auto read = read_value(reading.database, account, mailbox, entry); !read)
            return pass(read);
    }
    return out;
}

} // namespace maild::store
