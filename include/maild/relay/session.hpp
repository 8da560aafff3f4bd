#pragma once
// One session as client of an SMTP (RFC 5321) or LMTP (RFC 2033) server, over a connection that is
// there already: greeting, EHLO, STARTTLS, AUTH, then any number of transactions. It decides
// nothing about hosts, TLS policies or retries: what it meets comes back as outcomes. Belongs to
// one coroutine at a time; not movable. Memory: some 256 KiB while content is sent, whatever its
// size.

#include "maild/base/clock.hpp"
#include "maild/net/client_tls.hpp"
#include "maild/net/stream.hpp"
#include "maild/relay/capabilities.hpp"
#include "maild/relay/content.hpp"
#include "maild/relay/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace maild::relay {

enum class Protocol : std::uint8_t { smtp, lmtp };

// RFC 5321 §4.5.3.2; each for one reply, or one block of content.
struct Timeouts {
    std::chrono::milliseconds greeting = std::chrono::minutes(5);
    std::chrono::milliseconds hello = std::chrono::minutes(5);
    std::chrono::milliseconds tls = std::chrono::minutes(2); // STARTTLS, and the handshake
    std::chrono::milliseconds login = std::chrono::minutes(2);
    std::chrono::milliseconds mail = std::chrono::minutes(5);
    std::chrono::milliseconds rcpt = std::chrono::minutes(5);
    std::chrono::milliseconds data = std::chrono::minutes(2);
    std::chrono::milliseconds block = std::chrono::minutes(3);
    std::chrono::milliseconds content_end = std::chrono::minutes(10);
    std::chrono::milliseconds quit = std::chrono::seconds(2); // nothing depends on the answer
};

struct SessionOptions {
    Protocol protocol = Protocol::smtp;
    std::string hello_name{}; // this host's
    std::string host{};       // the peer's name, for outcomes
    Timeouts timeouts{};
    // RCPTs of one transaction; a server has to take a hundred (§4.5.3.1.8).
    std::size_t most_recipients = 100;
    // BDAT (RFC 3030) where it is offered. DATA is what every server gets right.
    bool uses_chunking = false;
};

struct Credentials {
    std::string name;
    std::string password;
    std::string mechanism{};        // upper case; empty: the best that is offered
    bool allows_plain_text = false; // without TLS, RFC 4954 §4
};

struct Recipient {
    std::string address;              // as mail::Address::format() writes it
    std::string original_recipient{}; // ORCPT, "rfc822;…", decoded; empty without
    std::string notify{};             // NOTIFY, empty without
};

struct DeliverBy { // RFC 2852
    std::chrono::seconds left{};
    bool returns = false; // by-mode R
    bool traces = false;
};

struct Envelope {
    std::string reverse_path{}; // empty: the null reverse-path
    std::vector<Recipient> recipients{};
    std::string envelope_id{};    // ENVID, decoded
    std::string return_content{}; // RET
    bool is_8bit = false;         // the content has octets above 127
    bool is_smtputf8 = false;     // its header section is in UTF-8, or an address is
    bool requires_tls = false;    // REQUIRETLS
    std::optional<DeliverBy> deliver_by{};
    std::int8_t priority = 0; // MT-PRIORITY
};

class Session {
public:
    // `random` outlives it.
    Session(net::Stream stream, SessionOptions options, Random& random);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // TLS from the first octet on (RFC 8314 §3.3): before open().
    net::Task<Result<void, Outcome>> wrap_tls(const net::ClientTls& tls, std::string server_name);
    // Greeting and EHLO (or HELO, where EHLO is not known; or LHLO).
    net::Task<Result<void, Outcome>> open();
    // STARTTLS, handshake, EHLO again. Wherever it fails, the session is over: plain text wants a
    // new connection.
    net::Task<Result<void, Outcome>> start_tls(const net::ClientTls& tls, std::string server_name);
    // A refusal is no fault of the mail: always deferred.
    net::Task<Result<void, Outcome>> login(const Credentials& credentials);
    // One transaction. An outcome for each recipient, in their order.
    net::Task<std::vector<Outcome>> send(const Envelope& envelope, Content& content);
    // MAIL and RCPT alone, taken back by RSET: whom it would take. Nothing is sent.
    net::Task<std::vector<Outcome>> ask_about(const Envelope& envelope);
    net::Task<void> quit(); // at most Timeouts::quit, and closes

    // Another transaction can be tried. A server that has gone meanwhile shows at MAIL: then
    // nothing was sent, and the outcome is the host's.
    bool is_usable() const;
    std::size_t most_recipients() const; // of one transaction, at least 1
    std::size_t transactions() const;
    const Capabilities& capabilities() const;
    const net::Stream& stream() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace maild::relay
