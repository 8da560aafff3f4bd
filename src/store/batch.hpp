#pragma once
// One group commit on the writer's thread: the transaction that all its requests share, and what
// they leave behind to be done with it: bodies for the pack before the commit, news for sessions
// and notes for a rebuild after it.

#include "store/access.hpp"
#include "store/meta.hpp"
#include "store/record_metadata.hpp"

#include "maild/base/clock.hpp"
#include "maild/db/database.hpp"

#include <memory>
#include <string>
#include <vector>

namespace maild::store {

// A message to store once: immutable, shared between the request, the batch and the pack's write.
struct BodySource {
    std::string own; // `content`, if it is not somebody else's
    std::string_view content;
    Structure structure;
    std::uint32_t header_size = 0;
};
// The header section with the empty line that ends it; everything where there is none (RFC 5322
// §2.1).
std::uint32_t header_size_of(std::string_view content);
std::shared_ptr<const BodySource> make_body(const MessageSource& source);
// The same for a caller who keeps the content until the request is answered: what is large is not
// copied, since so much memory was not counted on.
std::shared_ptr<const BodySource> borrow_body(const MessageSource& source);

// What a commit changed in one mailbox. `status` is the mailbox after it.
struct AclNews {
    AccountId owner;
    Acl acl;                       // of this mailbox
    std::vector<Grantee> grantees; // of all of the owner's mailboxes
};
struct MailboxNews {
    AccountId account;
    MailboxStatus status;
    std::vector<Change> changes;
    std::shared_ptr<const AclNews> acl = {}; // it was changed
};

// What it did to the names of an account's mailboxes.
struct NameNews {
    AccountId account;
    AccountChange change;
};

struct PendingBody {
    std::int64_t id = 0;
    std::shared_ptr<const BodySource> source;
    RecordMetadata metadata;
    std::int64_t refs = 0;
    std::string encoded; // the metadata as it is written
};

class Batch {
public:
    // `next_…`: ids that no row has, and none had since the shard was opened.
    Batch(db::Database& connection, WallTime time, Random& source, std::int64_t next_body,
          std::int64_t next_content)
        : database(connection),
          now(time),
          random(source),
          next_body_(next_body),
          next_content_(next_content) {}

    db::Database& database;
    const WallTime now;
    Random& random;
    std::vector<PendingBody> bodies;
    std::vector<MailboxNews> news;
    std::vector<NameNews> names;
    std::vector<Note> notes;
    std::vector<std::int64_t> reparsed; // bodies: the search index knows them by their old parts
    std::uint64_t delivered = 0;        // messages to local recipients

    // A row id for a body whose own row is written when the pack has taken it; its structure is
    // written now.
    Result<PendingBody*> add_body(std::shared_ptr<const BodySource> source);
    std::int64_t next_body() const { return next_body_; }
    std::int64_t take_content_id() { return next_content_++; }
    std::int64_t next_content() const { return next_content_; }

    // To take back what a request that failed has left here.
    struct Mark {
        std::size_t bodies, news, names, notes;
        std::uint64_t delivered;
    };
    Mark mark() const {
        return {bodies.size(), news.size(), names.size(), notes.size(), delivered};
    }
    void back_to(const Mark& mark);

private:
    std::int64_t next_body_;
    std::int64_t next_content_;
};

} // namespace maild::store
