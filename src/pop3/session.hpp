#pragma once
// One POP3 conversation (RFC 1939) from greeting to QUIT: state and rules, without socket or timer.
// A connection feeds it lines and writes what it answers; a message that is too large for one reply
// is handed out in pieces. Belongs to one connection; used by one coroutine at a time, except that
// the store tells its changes between awaits. login.cpp has AUTHORIZATION, mail.cpp TRANSACTION,
// update.cpp UPDATE.

#include "pop3/command.hpp"
#include "pop3/maildrop.hpp"
#include "pop3/read_ahead.hpp"
#include "pop3/reply.hpp"
#include "pop3/transfer.hpp"

#include "maild/auth/sasl_login.hpp"
#include "maild/net/line_reader.hpp"
#include "maild/net/stream.hpp"
#include "maild/pop3/server.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace maild::pop3 {

enum class Expects : std::uint8_t {
    command,
    sasl_line, // the client's next step of AUTH
    tls,       // the handshake, now
    end,       // nothing: write what is left and close
};

class Session final : private store::ChangeSink {
public:
    struct Channel {
        net::Peer peer;
        bool is_tls = false;
        net::TlsBinding binding{};
    };

    // `server` outlives it. `on_lost` is called when the store has lost the session: there is
    // nothing to wait for any more.
    Session(Channel channel, const Server& server, std::function<void()> on_lost = {});
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Expects expects() const { return expects_; }
    State state() const { return state_; }
    bool is_lost() const { return is_lost_; }
    const std::optional<auth::Identity>& identity() const { return identity_; }
    // For the log: sent whole, and removed.
    std::uint64_t retrieved() const { return retrieved_; }
    std::uint64_t removed() const { return removed_; }

    static Reply greeting();
    // `is_followed`: the client has sent more behind it already. `line` is needed until the task
    // has completed.
    net::Task<Reply> on_line(net::Line line, bool is_followed);
    // A message is under way: next_piece() before the next line.
    bool is_sending() const { return sending_.has_value(); }
    // Its next octets. An error: the rest cannot be had, and only a closed connection tells the
    // client that what it has is not whole.
    net::Task<Result<std::string>> next_piece();
    // The handshake is done: everything begins anew, RFC 2595 §4.
    void on_tls(net::TlsBinding binding);

private:
    void on_changes(MailboxId, std::span<const store::Change>) override {} // see Maildrop
    void on_lost() override;

    net::Task<Reply> run(const Command& command, bool is_followed);
    net::Task<Reply> run_with_mail(const Command& command);
    Reply bad(std::string_view text);
    Reply end(Reply reply);
    store::MessageStore& store() { return server_.backend.store(); }

    // login.cpp
    bool allows_password() const;
    auth::SaslOffer offer() const;
    Reply capabilities() const;
    Reply do_stls(bool is_followed);
    Reply do_utf8();
    Reply do_user(const Text& user);
    net::Task<Reply> do_pass(const Text& password);
    net::Task<Reply> do_auth(const Auth& auth);
    net::Task<Reply> on_sasl(auth::SaslOutcome outcome);
    net::Task<Reply> log_in(auth::Identity identity);
    Reply fail_login(const auth::LoginRefusal& refusal);
    net::Task<Result<void>> open_maildrop(const auth::Token& token);
    net::Task<Result<void>> load_maildrop();
    void close_maildrop();

    // mail.cpp
    Reply do_stat() const;
    Reply do_list(const Listing& listing) const;
    Reply do_uidl(const Listing& listing) const;
    Reply do_dele(MessageNumber number);
    Reply do_rset();
    net::Task<Result<store::MessageData>> fetch(MessageNumber number, bool header_only);
    net::Task<Reply> send_message(MessageNumber number, std::optional<std::uint32_t> lines);

    // update.cpp
    net::Task<Reply> do_quit();
    net::Task<Result<void>> remove_deleted();
    net::Task<Result<void>> change(store::UidSet uids, std::uint64_t flag, bool expunge);

    struct Sending {
        Uid uid;
        std::uint64_t longer; // than what is stored, with a surrogate; modulo 2^64
        Transfer transfer;
    };

    const Server& server_;
    std::function<void()> tell_lost_;
    Channel channel_;
    State state_ = State::authorization;
    Expects expects_ = Expects::command;
    bool is_utf8_ = false; // RFC 6856 §2.1
    bool is_lost_ = false;
    unsigned auth_failures_ = 0;
    unsigned errors_ = 0; // in a row
    std::string user_;    // from USER to PASS
    std::optional<auth::SaslLogin> sasl_;
    std::optional<auth::Identity> identity_;
    std::optional<store::SessionId> store_session_;
    Maildrop maildrop_;
    ReadAhead ahead_;
    std::optional<Sending> sending_;
    std::uint64_t retrieved_ = 0;
    std::uint64_t removed_ = 0;
};

} // namespace maild::pop3
