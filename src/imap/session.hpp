#pragma once
// One IMAP conversation (RFC 3501 §3, RFC 9051 §3) from greeting to logout: state and rules,
// without socket or timer. A connection feeds it fragments and lines and writes what it says.
// Belongs to one connection; used by one coroutine at a time, except that the store tells its
// changes between awaits. Each group of commands has its own file: do_auth.cpp, do_select.cpp,
// do_fetch.cpp …

#include "imap/list_match.hpp"
#include "imap/mailbox_view.hpp"
#include "imap/output.hpp"
#include "imap/parse.hpp"
#include "imap/progress.hpp"
#include "imap/respond.hpp"
#include "imap/search_context.hpp"
#include "imap/visits.hpp"
#include "imap/watch.hpp"

#include "maild/auth/sasl_login.hpp"
#include "maild/imap/server.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/timer.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

enum class Expects : std::uint8_t {
    command,
    sasl_line, // the client's next step of AUTHENTICATE
    done,      // IDLE's end
    tls,       // the handshake, now
    deflate,   // everything from here on is compressed, both ways …
    plain,     // … and no longer
    end,       // nothing: write what is left and close
};

class Beside;
class Room;

inline constexpr std::string_view kLost = "[UNAVAILABLE] The mail store was restarted, come back";

class Session final : private store::ChangeSink {
public:
    struct Channel {
        net::Peer peer;
        bool is_tls = false;
        net::TlsBinding binding{};
    };

    // `output`, `wake` and `server` outlive it. `wake` is notified when there are news for an idle
    // client.
    Session(Channel channel, const Server& server, Output& output, net::Event& wake);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Expects expects() const { return expects_; }
    State state() const { return state_; }
    const std::optional<auth::Identity>& identity() const { return identity_; }

    void greet();
    // A whole command without its last CRLF. `ahead` is what the client has sent behind it already.
    net::Task<void> on_command(std::string_view fragment, std::string_view ahead);
    // The line that sasl_line or done wait for.
    net::Task<void> on_line(std::string_view line);
    // A command whose synchronizing literal is too large, up to that literal.
    void on_refused(std::string_view beginning);
    // The same for want of memory: it may be said again later.
    void on_short(std::string_view beginning);
    // The handshake is done: everything begins anew, RFC 9051 §6.2.1.
    void on_tls(net::TlsBinding binding);
    void on_layer();                 // deflate or plain is as it was asked for
    net::Task<void> on_wake();       // tells what may be told outside of a command
    void bye(std::string_view text); // and the end
    // To wait before the answer goes out, after a failed login; given once.
    std::chrono::milliseconds take_delay();
    bool has_delay() const { return delay_.count() > 0; }
    void stop_waiting(); // for memory, now and later: there is none
    bool is_patient() const { return is_patient_; }
    std::size_t memory() const;

private:
    void on_changes(MailboxId mailbox, std::span<const store::Change> changes) override;
    void on_annotations(const store::MailboxName& mailbox,
                        std::span<const std::string> names) override;
    void on_account(const store::AccountChange& change) override;
    void on_lost() override;

    net::Task<Response> run(const Command& command);
    net::Task<Response> run_selected(const Command& command);
    Response refuse(const CommandError& error);
    bool needs_uids(const Command& command) const;
    net::Task<void> finish(std::string_view tag, const CommandRow& row, const Response& response);
    bool holds_expunges(const CommandRow& row) const;
    store::MessageStore& store() { return server_.backend.store(); }
    // Of the selected mailbox: the own one, or one that visits another account.
    store::SessionId selected() const { return guest_.session.value_or(*store_session_); }
    // A handle for a mailbox beside: of the same account it need not be told.
    std::optional<store::SessionId> across(const Place& place) const {
        return place.account == selected_owner_ ? std::nullopt : std::optional(place.session);
    }
    bool end_if_gone(); // says BYE when the selected mailbox cannot be had any longer
    NameForm name_form() const { return style_.is_utf8 ? NameForm::utf8 : NameForm::utf7; }

    // do_auth.cpp
    std::string capabilities() const;
    bool allows_password() const;
    auth::SaslOffer offer() const;
    Response do_capability();
    Response do_id(const Id& id);
    Response do_starttls();
    Response do_compress();
    Response do_logout();
    net::Task<Response> do_login(const Login& login);
    net::Task<Response> do_authenticate(const Authenticate& authenticate, std::string_view tag);
    net::Task<Response> on_sasl(auth::SaslOutcome outcome);
    net::Task<Response> log_in(auth::Identity identity);
    Response fail_login(const auth::LoginRefusal& refusal);

    // do_enable.cpp
    Response do_enable(const Enable& enable);
    void enable_condstore();
    Response do_unauthenticate();

    // do_select.cpp
    net::Task<Response> do_select(const Select& select, bool examine);
    net::Task<Result<store::SessionId, Response>> enter(const Place& place);
    net::Task<Response> do_close(bool expunge);
    net::Task<Result<void>> complete_view(); // before anything about single messages
    void say_selected();
    void say_unseen();
    void close_view();
    net::Task<Response> do_idle(std::string_view tag);

    // do_resync.cpp
    net::Task<Result<void>> resync(const QuickResync& client);
    net::Task<void> tell_vanished(const Ranges& uids, ModSeq since, Uid known);

    // do_mailbox.cpp
    net::Task<Response> do_create(const Create& create);
    net::Task<Response> do_delete(const MailboxArgument& mailbox);
    net::Task<Response> do_rename(const Rename& rename);
    net::Task<Response> do_subscribe(const MailboxArgument& mailbox, bool subscribed);
    net::Task<Response> do_status(const StatusCommand& status);
    void tell_status(const store::MailboxName& name, const StatusItems& items,
                     const store::MailboxStatus& status);

    // do_list.cpp
    net::Task<Response> do_list(const List& list);
    net::Task<Response> do_lsub(const List& list);
    net::Task<Result<store::MailboxStatus>> status_of(store::MailboxName name);
    void tell_missing(Errc why);
    net::Task<void> tell_listed(const List& list, const Listed& listed);
    bool is_respelled(std::string_view sent, const store::MailboxName& name) const;
    net::Task<void> tell_name(const store::MailboxName& name, std::string_view sent);
    void tell_entry(const std::vector<store::MailboxEntry>& entries, const store::MailboxName& name,
                    std::string_view old_name);

    // do_acl.cpp
    net::Task<Result<Place, Response>> locate(std::string_view sent);
    net::Task<Result<store::AclChange, Response>> identify(std::string_view identifier,
                                                           const Place& place);
    net::Task<Response> edit_acl(const SetAcl& set, std::string_view command);
    net::Task<Response> do_set_acl(const SetAcl& set);
    net::Task<Response> do_delete_acl(const AclArgument& whom);
    net::Task<Response> do_get_acl(const MailboxArgument& mailbox);
    net::Task<Response> do_list_rights(const AclArgument& whom);
    net::Task<Response> do_my_rights(const MailboxArgument& mailbox);
    void tell_rights(const store::MailboxName& name, store::Rights rights);
    void append_sent_mailbox(std::string& out, std::string_view sent);

    // do_quota.cpp
    std::string quota_root() const;
    net::Task<Response> tell_quota(std::string_view command, const Place& place);
    net::Task<Response> do_get_quota(const QuotaRoot& root);
    net::Task<Response> do_get_quota_root(const MailboxArgument& mailbox);
    Response do_set_quota(const QuotaRoot& root);

    // do_metadata.cpp
    net::Task<Result<store::Annotations>> look_up(store::MailboxName name,
                                                  store::AnnotationQuery query);
    net::Task<Response> do_get_metadata(const GetMetadata& get);
    net::Task<Response> do_set_metadata(const SetMetadata& set);
    net::Task<void> tell_metadata(const store::MailboxName& name,
                                  const std::vector<std::string>& entries);
    net::Task<void> tell_metadata_news();

    // do_notify.cpp
    net::Task<Response> do_notify(const Notify& notify);
    bool is_open_here(MailboxId mailbox) const;
    bool hears_selected() const;
    bool listens() const;
    bool has_news() const;
    net::Task<void> tell_elsewhere();
    void tell_name_news(const std::vector<store::MailboxEntry>& entries,
                        const store::AccountChange& change);

    // newcomers.cpp
    struct Wanted { // items of messages that come: of these, ascending, or of all
        FetchItems items;
        std::vector<std::uint32_t> seqs;
        bool all = false;
    };
    void note_own(UidValidity validity, const store::UidSet& uids);
    void note_own(const store::CopyResult& copied);
    net::Task<void> send_newcomers(Uid known, std::vector<Wanted> wanted);

    // do_append.cpp
    net::Task<Response> do_append(const Append& append);
    net::Task<Response> do_replace(const Replace& replace, bool is_uid);
    net::Task<Result<std::vector<store::AppendMessage>, Response>>
    gather(const Append& append, Room& room, std::vector<std::string>& own);
    net::Task<Result<store::AppendResult, Response>> put(const Append& append,
                                                         std::optional<Uid> replaced);

    // do_fetch.cpp
    net::Task<Response> do_fetch(Fetch fetch, bool is_uid);
    net::Task<Response> send_items(const Fetch& fetch, const Ranges& seqs, bool is_uid);
    void add_modseq(Fetch& fetch);
    std::string expunge_code() const;
    // do_search.cpp
    net::Task<Result<std::vector<std::uint32_t>, Response>> find(const Search& search,
                                                                 Progress& progress);
    net::Task<Response> do_search(const Search& search, std::string_view tag, bool is_uid);
    net::Task<void> tell_search(std::string_view name, const Search& search,
                                const std::vector<std::uint32_t>& found, bool is_uid);
    void tell_esearch(const SearchReturn& returns, const Search& search, const FoundMessages& found,
                      std::string_view tag, bool is_uid);
    net::Task<Result<std::vector<std::uint32_t>, Response>>
    score(const Search& search, const std::vector<std::uint32_t>& found, Progress& progress);
    // do_context.cpp
    bool is_followed(std::string_view tag) const;
    void follow(SearchContext context);
    void untrack(); // when no search is followed
    void refuse_update(std::string_view tag);
    std::vector<SortKey> with_uids(std::vector<SortKey> keys) const;
    Response do_cancel_update(const CancelUpdate& cancel);
    net::Task<void> announce(ExpungeRule rule, bool with_uid); // in state selected
    net::Task<std::vector<Wanted>> update_contexts(Uid known, std::string& updates);
    std::vector<std::uint32_t> above(Uid known, std::vector<std::uint32_t> seqs) const;
    // do_multisearch.cpp
    struct MailboxSearch {
        const Search& search;
        const store::MailboxName& name;
        std::string_view tag;
    };
    std::optional<Response> refuse_multisearch(const MultiSearch& command,
                                               std::string_view tag) const;
    net::Task<Result<std::pair<store::OpenedMailbox, store::SessionId>>>
    open_beside(Beside& beside, store::MailboxName name);
    std::optional<MailboxId> open_id() const;
    std::vector<store::MailboxEntry>
    sources_of(const MailboxFilters& filters,
               const std::vector<store::MailboxEntry>& entries) const;
    net::Task<Response> do_multisearch(const MultiSearch& command, std::string_view tag);
    net::Task<std::optional<Response>> search_one(MailboxSearch what, MailboxView& view,
                                                  store::SessionId session, Progress& progress);
    // do_sort.cpp
    using Take = std::function<void(std::uint32_t, store::MessageData&)>;
    net::Task<Result<void>> read_each(const std::vector<std::uint32_t>& seqs, std::uint32_t items,
                                      Progress& progress, Take take);
    net::Task<Result<std::vector<SortKey>, Response>> find_keys(const Sort& sort,
                                                                Progress& progress);
    net::Task<Result<std::vector<SortKey>>> read_keys(const SortProgram& program,
                                                      const std::vector<std::uint32_t>& seqs,
                                                      Progress& progress);
    net::Task<Response> do_sort(const Sort& sort, std::string_view tag, bool is_uid);
    net::Task<Response> do_thread(const Thread& thread, std::string_view tag, bool is_uid);
    // do_store.cpp
    net::Task<Response> do_store(StoreFlags store_flags, bool is_uid);
    struct Stored {
        const StoreFlags& command;
        const store::FlagChangeResult& result;
        const std::vector<Uid>& told; // whose flags the client heard before the change
        bool is_uid;
    };
    void tell_stored(const Stored& stored, std::uint32_t seq);
    struct CopyKind {
        std::string_view tag;
        bool is_uid = false;
        bool is_move = false;
    };
    net::Task<Response> do_copy(const CopyTo& copy, CopyKind kind);
    net::Task<Result<store::CopyResult>> copy_all(store::UidSet uids, store::Destination to,
                                                  CopyKind kind);
    net::Task<Response> do_expunge(const Arguments& arguments);
    std::optional<Response> refuse_set(const SequenceSet& set, bool is_uid) const;

    // Hears of the selected mailbox while it is another account's.
    struct Guest final : store::ChangeSink {
        explicit Guest(Session& session_told) : told(session_told) {}
        void on_changes(MailboxId mailbox, std::span<const store::Change> changes) override {
            told.on_changes(mailbox, changes);
        }
        void on_lost() override;

        Session& told;
        std::optional<store::SessionId> session;
        bool is_lost = false;
    };

    const Server& server_;
    Output& out_;
    net::Event& wake_;
    Channel channel_;
    State state_ = State::not_authenticated;
    Expects expects_ = Expects::command;
    bool is_opening_ = false; // open_mailbox() is under way: its changes are kept in early_
    bool is_busy_ = false;    // a command is under way
    bool is_compressed_ = false;
    std::uint8_t auth_failures_ = 0;
    unsigned syntax_errors_ = 0; // in a row
    std::chrono::milliseconds delay_{};
    std::string_view ahead_; // while a command runs
    std::string tag_;        // of AUTHENTICATE or IDLE, while it lasts
    std::unique_ptr<auth::SaslLogin> sasl_;
    std::optional<auth::Identity> identity_; // RFC 9051 §3.2
    NewsStyle style_;                        // what was enabled, RFC 5161 §3.1
    bool forbids_charset_ = false;           // likewise: everything is UTF-8, RFC 9755 §3
    std::optional<store::SessionId> store_session_;
    std::unique_ptr<Visits> visits_; // while there is store_session_
    Guest guest_{*this};
    AccountId selected_owner_;
    ShardId selected_shard_;
    bool is_lost_ = false;
    std::unique_ptr<MailboxView> view_;   // in state selected
    std::vector<SearchContext> contexts_; // of view_
    store::MailboxName selected_;         // its name when it was opened, for the log
    std::vector<std::pair<MailboxId, store::Change>> early_;
    bool hears_metadata_ = false;                                       // by ENABLE, RFC 5464 §4.1
    std::map<store::MailboxName, std::set<std::string>> metadata_news_; // entries that changed
    std::size_t metadata_news_size_ = 0;
    std::unique_ptr<Watch> watch_; // since the first NOTIFY
    store::UidSet own_uids_;       // what this command has put into view_
    bool is_own_change_ = false;   // this command changes it
    Room* room_ = nullptr;         // of this command
    bool is_patient_ = true;
};

} // namespace maild::imap
