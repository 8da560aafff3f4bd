#pragma once
// The selected mailbox as one session's client knows it (RFC 9051 §2.3.1.2): message sequence
// numbers, flags, and the news that it has not been told yet. News come in when the store has them;
// they become responses only where the protocol allows it, and until then no number shifts. No I/O;
// belongs to one session. Memory: 24 octets a message, 8 for each pending change.
//
// Changes of flags may come in any order and one by one, whatever clients do: they are put in
// order together, when somebody asks or as many have come as there were. So n of them never cost
// n * n.
//
// Of a large mailbox only the number of messages is known at first (OpenedMailbox without
// messages), and the news that came since: the view is whole when complete() was given the rest.
// Until then nothing may be asked that is about single messages, and announce() not at all.

#include "imap/sequence_set.hpp"

#include "maild/store/message_store.hpp"
#include "maild/store/types.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace maild::imap {

enum class ExpungeRule : std::uint8_t { hold, announce };

// What the client has asked the news to be like.
struct NewsStyle {
    bool has_modseq = false; // UID and MODSEQ in each FETCH, RFC 7162 §3.2.4
    bool vanished = false;   // UIDs in VANISHED instead of numbers in EXPUNGE, §3.2.10
    bool uid_only = false;   // UIDFETCH and VANISHED, no number of a message, RFC 9586
    bool is_utf8 = false;    // names, header fields and quoted strings in UTF-8, RFC 9755
    bool is_rev2 = false;    // UID in each FETCH, neither RECENT nor \Recent, RFC 9051 Appendix E
};

class MailboxView {
public:
    MailboxView(store::OpenedMailbox opened, bool read_only, NewsStyle style);

    bool is_whole() const { return unknown_below_ == Uid(); }
    // The messages, ascending, as the store has them at a moment that lies between two changes that
    // this view was told, or behind all. False: they do not fit what it knows.
    bool complete(std::vector<store::MessageState> states);

    void apply(const store::Change& change);
    // What may be said now: EXPUNGE (if allowed), FLAGS, EXISTS and RECENT, FETCH.
    void announce(std::string& out, ExpungeRule expunges, bool with_uid);
    // Flag changes alone, so that what the client itself changes next is told apart from them. Of
    // which messages, ascending.
    std::vector<Uid> announce_flags(std::string& out, bool with_uid);
    bool has_news() const;
    void forget_flag_news(); // the client does not want to hear of them
    bool has_modseq() const { return style_.has_modseq; }
    bool is_utf8() const { return style_.is_utf8; }
    bool uid_only() const { return style_.uid_only; }
    void set_style(NewsStyle style) { style_ = style; }
    // All changes up to here have been told (RFC 7162 §3.1.2.1, §3.2): a client that comes back
    // with it misses nothing.
    ModSeq told_modseq();
    ModSeq highest_modseq() const { return highest_modseq_; }
    bool holds_expunges() const { return !expunged_.empty(); }
    const std::vector<Uid>& expunged() const { return expunged_; } // not told yet, ascending
    // From now on what changes or comes is kept in mind, besides what the client is told of it.
    void track();
    void untrack();
    // Of that what the client knows to be there; ascending.
    std::vector<Uid> take_touched();
    void touch(Uid uid); // as if it had changed

    std::uint32_t exists() const { return exists_; } // as the client knows it
    const store::MessageState& at(std::uint32_t seq) const { return messages_[seq - 1]; }
    std::uint32_t seq_of(Uid uid) const; // 0: the client knows no such message
    // It went before the view was whole: it has its number still, and no flags.
    bool was_never_seen(std::uint32_t seq) const { return at(seq).modseq == ModSeq(); }
    bool is_recent(Uid uid) const { return uid >= first_recent_; }
    bool tells_recent(Uid uid) const { return !style_.is_rev2 && is_recent(uid); } // as a flag
    std::uint32_t recent() const;
    std::uint32_t first_unseen() const { return first_unseen_; } // when it was opened; 0: none
    bool is_expunged(Uid uid) const;                             // but the client has not been told

    // Sets as a client gives them, `*` being the last message that it knows.
    Ranges seqs(const SequenceSet& set, bool is_uid) const; // sequence numbers that exist
    Ranges seqs_of(const Ranges& uids) const;               // the announced ones; `uids` normal
    bool fits(const SequenceSet& seqs) const;               // no number beyond the last
    // The highest UID whose sequence number the client has right: of what is gone up to there it
    // knows already (RFC 7162 §3.2.5.2). Both ascending, with as many numbers.
    Uid matched(const Ranges& seqs, const Ranges& uids) const;
    Uid last_uid() const; // that was given out, as far as this session knows
    store::UidSet without_known(const store::UidSet& uids) const;
    // What `$` means from now on (RFC 5182 §2.1): messages that go leave it by themselves.
    void save(const std::vector<std::uint32_t>& seqs);
    Ranges changed_since(const Ranges& seqs, ModSeq modseq) const; // those that changed later
    store::UidSet uids(const Ranges& seqs) const; // joined where no other message lies between

    // The client knows the flags of these already. With a mod-sequence: those that its own STORE
    // made, unless another change came between.
    void forget_changes(const store::UidSet& uids, std::optional<ModSeq> of_change);

    // What others changed of these wait until after this command, but not `told` (UIDs, ascending).
    void hold_changes(const Ranges& seqs, const std::vector<Uid>& told);
    bool holds_change(Uid uid) const;

    const store::MailboxStatus& status() const { return status_; }
    const store::Keywords& keywords() const { return keywords_; }
    bool read_only() const { return read_only_; }
    bool is_deleted() const { return is_deleted_; }
    store::Rights rights() const { return rights_; }
    bool is_revoked() const { return !rights_.has(store::kRead); }
    MailboxId id() const { return status_.id; }
    std::size_t memory() const;

    // "* 7 FETCH (", or with the UID "* 4711 UIDFETCH (" for who wants no numbers.
    void open_fetch(std::string& out, std::uint32_t seq) const;
    void append_fetch_flags(std::string& out, std::uint32_t seq, bool with_uid) const;
    void append_fetch_modseq(std::string& out, std::uint32_t seq,
                             ModSeq modseq) const;  // with the UID
    void append_flag_lists(std::string& out) const; // FLAGS and PERMANENTFLAGS

private:
    void apply(const store::Added& change);
    void apply(const store::FlagsChanged& change);
    void apply(const store::Expunged& change);
    void apply(const store::KeywordsAdded& change);
    void apply(const store::MailboxDeleted&) { is_deleted_ = true; }
    void apply(const store::RightsChanged& change) {
        rights_ = change.rights;
        has_new_flags_ = true;
    }
    std::size_t lower_bound(Uid uid) const; // index in messages_
    bool knows(std::size_t index, Uid uid) const {
        return index < messages_.size() && messages_[index].uid == uid;
    }
    // Index in messages_ of the first that has not been announced.
    std::size_t first_new() const { return is_whole() ? exists_ : lower_bound(unknown_below_); }
    std::size_t place_of(Uid uid); // index in messages_, its size for what was never there
    void note_change(Uid uid, ModSeq modseq, bool is_announced);
    void announce_expunges(std::string& out);
    void announce_exists(std::string& out);
    void announce_held(std::string& out);

    struct Dirty {
        Uid uid;
        bool repeated = false; // changed more than once since it was told
        bool is_held = false;  // until after this command
    };
    std::size_t dirty_bound(Uid uid) const;
    void settle_early(); // into messages_
    void settle_fresh(); // into dirty_
    void settle_touched();
    void forget_change(Uid uid);

    store::MailboxStatus status_;
    store::Keywords keywords_;
    // Ascending; those behind exists_ are not announced. Until the view is whole: only those that
    // have changed, gone or come since it was opened.
    std::vector<store::MessageState> messages_;
    // Until it is whole: later states of what was there when it was opened, as they came.
    std::vector<store::MessageState> early_;
    Uid unknown_below_; // until it is whole: UIDNEXT when it was opened
    std::uint32_t exists_ = 0;
    std::uint32_t first_unseen_ = 0;
    std::uint32_t told_recent_ = 0;
    Uid first_recent_;
    ModSeq highest_modseq_;
    ModSeq first_held_;         // of the first of expunged_
    std::vector<Uid> expunged_; // ascending, of the first exists_
    std::vector<Dirty> dirty_;  // ascending, of the first exists_
    std::vector<Uid> fresh_;    // changed after that, as they came
    std::vector<Uid> touched_;  // the first settled_touched_ ascending, the others as they came
    std::size_t settled_touched_ = 0;
    Ranges saved_; // UIDs
    NewsStyle style_;
    store::Rights rights_;
    bool has_new_flags_ = false; // keywords, or who may change them
    bool has_told_held_ = false;
    bool read_only_ = false;
    bool is_deleted_ = false;
    bool is_tracked_ = false;
};

} // namespace maild::imap
