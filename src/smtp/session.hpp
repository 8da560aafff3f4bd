#pragma once
// One SMTP or LMTP conversation (RFC 5321 §3, RFC 2033, RFC 3207, RFC 4954) from greeting to QUIT:
// protocol state and rules, and no socket, clock or storage. A connection feeds it lines and
// content, and writes what it answers. Belongs to one connection; used by one coroutine at a time.
// Borrows server, which outlives it.

#include "smtp/command.hpp"
#include "smtp/content_reader.hpp"

#include "maild/auth/sasl_login.hpp"
#include "maild/net/line_reader.hpp"
#include "maild/net/task.hpp"
#include "maild/smtp/server.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::smtp {

enum class Expects : std::uint8_t { command, content, chunk, tls_handshake, nothing };

std::string_view name_of(Service service); // "smtp", "submission", "lmtp"

struct Replies {
    std::string text;                   // whole replies as they go over the wire
    std::chrono::milliseconds delay{0}; // to be waited before they are said
};

inline Replies say(std::string_view text) { return {std::string(text), {}}; }

// What became of a message, for the log.
struct Report {
    std::string id;
    std::string reverse_path;
    std::uint64_t size = 0;
    std::size_t recipients = 0; // in the envelope
    std::size_t refused = 0;    // of these; all, when there was one answer for all
    std::string reason;         // the first refusal's, with what is for the log alone
};
struct ContentResult {
    Replies replies;
    Report report;
};

// The longest line that is read at all: AUTH with an initial response (RFC 4954 §4), with CRLF.
inline constexpr std::size_t kMaxLine = auth::kMaxSaslLine + 32;

class Session {
public:
    Session(const Server& server, Client client);

    Replies greeting() const; // RFC 5321 §4.3.1
    // `is_followed`: more input than this line has already arrived.
    net::Task<Replies> on_line(net::Line line, bool is_followed);
    // Before that: lines that have come already, of which a group of RCPT is looked up together.
    // `wants_group`: the line begins one.
    bool wants_group(const net::Line& line) const;
    net::Task<void> look_up(const net::Line& first, std::vector<std::string_view> following);
    // The line may wait for memory: what was answered to those before it is to be on its way.
    bool is_about_to_wait(const net::Line& line) const;
    void stop_waiting(); // for memory: the peer hears that there is none
    // Once for each time that content is expected: with the memory that DATA has got for it.
    ContentReader begin_content();
    // After the content's end; `content` is finished, and given up: a backend may change it.
    net::Task<ContentResult> on_content(ContentReader& content);
    // BDAT: octets of the chunk, at most chunk_left(); then, when all have come, what is answered.
    // The report is of a message that this chunk has finished, or made worthless; without one it
    // has no id.
    std::uint64_t chunk_left() const { return chunk_.left; }
    std::uint64_t chunk_octets() const { return chunk_octets_; } // of all chunks of this message
    // Twice the limit has come and no end: not worth to be read on.
    bool is_hopeless() const { return chunk_octets_ / 2 > server_.limits.message_size; }
    // Before each on_chunk_octets(); with 0 before the first of a chunk.
    net::Task<void> wait_for_chunk_room(std::size_t count);
    void on_chunk_octets(std::string_view octets);
    net::Task<ContentResult> on_chunk();
    void on_tls(net::TlsState state); // after the handshake; before the greeting if TLS is implicit
    void on_lost(std::string_view why); // the connection ended without QUIT

    Expects expects() const { return expects_; }
    bool in_transaction() const { return transaction_.has_value(); }
    bool has_recipient() const { return transaction_ && !transaction_->recipients.empty(); }
    // Content has come, kept or not, and more may.
    bool in_chunks() const { return chunks_ != nullptr || has_failed_chunk_; }
    bool in_content() const {
        return expects_ == Expects::content || expects_ == Expects::chunk || in_chunks() ||
               is_taking_over_;
    }
    bool in_exchange() const { return login_.has_value(); } // what comes is no command
    const Client& client() const { return client_; }
    std::uint64_t transactions() const { return transactions_; }

private:
    using Decision = std::optional<Replies>; // a refusal, or nothing: go on

    // session.cpp: lines, order of commands, and what needs no backend
    std::expected<Command, Replies> admit(const net::Line& line, bool is_followed);
    Decision check_order(const Command& command);
    Replies handle(const Hello& command);
    Replies handle(const Rset& command);
    Replies handle(const StartTls& command);
    Replies handle(const Quit& command);
    Replies handle(const Noop& command);
    Replies handle(const Vrfy& command);
    Replies handle(const Help& command);
    Replies handle(const NotImplemented& command);
    Replies handle(const Http& command);
    Replies bad(std::string_view reply); // the peer's mistake: counted
    Replies end(std::string_view reply); // the last one of this session

    // capabilities.cpp: what EHLO tells, and what depends on it
    std::string capabilities() const;
    bool may_hold() const;
    Decision check_handling(const Mail& command) const;

    // chunks.cpp: BDAT
    Replies handle(const Bdat& command);
    Decision refuse_chunk();
    // `why`: for the trace, when it ends without an answer to its content.
    void forget_transaction(std::string_view why = {});

    // transaction.cpp: MAIL, RCPT, end of data
    net::Task<Replies> handle(const Mail& command);
    net::Task<Replies> handle(const Rcpt& command);
    Decision check_mail(const Mail& command) const;
    Replies refuse_sender(const Mail& command, const Refusal& refusal);
    Replies refuse_recipient(const Rcpt& command, const Refusal& refusal);
    Replies count_rcpt_failure(std::string text);
    net::Task<Replies> handle(const Data& command);
    Decision check_data();
    std::uint64_t largest_of(Body body) const;
    std::uint64_t expected_size() const;
    net::Task<std::vector<Result<void, Refusal>>> take_over(ContentReader& content);
    net::Task<std::optional<Reply>> make_lines(ContentReader& content, std::string& out) const;
    bool is_overdue() const;
    std::vector<Result<void, Refusal>> refuse_all(const Reply& reply) const;
    ContentResult refuse_flawed(const ContentReader& content);
    Report report_on(const ContentReader& content,
                     const std::vector<Result<void, Refusal>>& outcomes) const;

    // record.cpp: what the trace is told
    trace::Record new_record() const;
    void note_refused_sender(const Mail& command, std::string_view reply,
                             const std::string& reason);
    void note_recipient(const Rcpt& command, std::string_view refusal, const std::string& reason);
    void note_refused_content(const Reply& reply) const;
    void note_outcomes(std::string_view replies,
                       const std::vector<Result<void, Refusal>>& outcomes);
    void record_transaction(std::string_view why);

    // login.cpp: AUTH
    net::Task<Replies> handle(const Auth& command);
    net::Task<Replies> on_response(net::Line line);
    Replies on_outcome(auth::SaslOutcome outcome);
    Replies on_failed_login(const auth::LoginRefusal& refusal);
    Decision check_auth();
    bool may_login() const; // a password may cross this connection
    auth::SaslOffer offer() const;

    const Server& server_;
    Client client_; // hello is forgotten at STARTTLS, RFC 3207 §4.2
    Expects expects_ = Expects::command;
    std::optional<Envelope> transaction_;   // MAIL to end of data, the whole of its state …
    std::unique_ptr<ContentReader> chunks_; // … with the content, from the first BDAT …
    std::optional<net::MemoryBudget::Lease> promise_; // … or memory for it, from DATA to its begin
    struct Chunk {
        std::uint64_t size = 0;
        std::uint64_t left = 0; // octets that have not come
        bool is_last = false;
        Decision refusal; // it is read and not kept
    };
    Chunk chunk_; // the one that was announced last
    bool has_failed_chunk_ = false;
    bool is_taking_over_ = false;          // content that has come
    std::uint64_t chunk_count_ = 0;        // of this transaction …
    std::uint64_t chunk_octets_ = 0;       // … and their octets, kept or not
    std::optional<auth::SaslLogin> login_; // between AUTH and its last response
    std::size_t looked_up_ = 0;            // RCPTs to come that were looked up
    bool sender_refused_ = false;          // the last MAIL: its pipelined RCPTs are no mistakes
    std::uint64_t transactions_ = 0;
    unsigned refused_senders_ = 0;
    unsigned commands_ = 0;
    unsigned bad_commands_ = 0;
    unsigned idle_commands_ = 0;
    unsigned rcpt_failures_ = 0;
    unsigned auth_failures_ = 0;
};

} // namespace maild::smtp
