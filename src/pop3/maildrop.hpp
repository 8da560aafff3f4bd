#pragma once
// A maildrop as one session sees it (RFC 1939 §5): the messages that were in INBOX when it logged
// in, numbered, and which of them are marked. Pure. Mail that comes meanwhile does not change it;
// what another session expunges keeps its number.

#include "pop3/command.hpp"

#include "maild/store/types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace maild::pop3 {

struct MaildropMessage {
    Uid uid;
    bool is_deleted = false;   // marked by DELE
    bool is_retrieved = false; // sent whole
    std::uint64_t size = 0;    // RFC822.SIZE: octets as they are sent, before dot-stuffing
};

class Maildrop {
public:
    Maildrop() = default;
    // Ascending by UID.
    Maildrop(UidValidity uid_validity, std::vector<MaildropMessage> messages);

    // Null when there is none or it is marked as deleted.
    const MaildropMessage* find(MessageNumber number) const;
    MessageNumber last() const;
    std::uint64_t count() const { return count_; } // without what is marked as deleted
    std::uint64_t octets() const { return octets_; }

    // Of a message that find() finds.
    void mark_deleted(MessageNumber number);
    void mark_retrieved(MessageNumber number);
    void unmark_deleted(); // RSET

    // RFC 1939 §7: 1 to 70 printable characters, for ever of this one message. UID and UIDVALIDITY
    // in hexadecimal, as Dovecot's default format has them.
    std::string unique_id(const MaildropMessage& message) const;

    // What is there of `from` and the messages behind it: at most `most`, and only `from` may have
    // more than `octets`.
    store::UidSet uids_from(MessageNumber from, std::size_t most, std::uint64_t octets) const;
    // What UPDATE has to remove, and what was retrieved and stays.
    store::UidSet deleted() const;
    store::UidSet seen() const;
    std::size_t deleted_count() const { return messages_.size() - count_; }

private:
    template <class Wanted> store::UidSet uids(std::size_t begin, Wanted is_wanted) const;
    void count_all();

    UidValidity uid_validity_;
    std::vector<MaildropMessage> messages_;
    std::size_t count_ = 0;
    std::uint64_t octets_ = 0;
};

} // namespace maild::pop3
