#pragma once
// POP3 clients without sockets: the real session over a MemoryStore, lines in, octets out.

#include "pop3/session.hpp"
#include "support/bearer_tokens.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"
#include "support/scram_host.hpp"

#include "maild/store/memory_store.hpp"

#include <boost/asio/io_context.hpp>

#include <initializer_list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace maild::pop3::test {

using maild::test::run_task;

// Accounts are made when they first log in with the password "password"; names with "invalid" have
// none.
class TestBackend final : public Backend, public auth::Authenticator {
public:
    explicit TestBackend(store::MemoryStore& store) : store_(store) {}

    auth::Authenticator& authenticator() override { return *this; }
    net::Task<auth::LoginResult> login(auth::Credentials credentials, const net::Peer&) override {
        ++logins;
        if (failure) co_return fail(*failure);
        if (credentials.password != "password" || credentials.authcid.starts_with("invalid"))
            co_return std::unexpected(
                auth::LoginRefusal(Error{Errc::authentication_failed, {}}, hold_back));
        co_return identity(credentials.authcid);
    }
    // A chain's first is the name itself here.
    net::Task<auth::LoginResult> external(auth::ExternalLogin login, const net::Peer&) override {
        ++logins;
        if (failure) co_return fail(*failure);
        if (!login.authzid.empty() && login.authzid != login.chain.front())
            co_return fail(Errc::authentication_failed);
        co_return identity(login.chain.front());
    }
    net::Task<auth::LoginResult> bearer(auth::BearerLogin login, const net::Peer&) override {
        ++logins;
        if (failure) co_return fail(*failure);
        const auto name = maild::test::bearer_of(login);
        if (!name) co_return fail(Errc::authentication_failed);
        co_return identity(*name);
    }
    net::Task<auth::ScramResult> scram(auth::ScramMessage message, const net::Peer&) override {
        auto answer = scram_host_.on_message(message);
        if (answer && answer->identity) answer->identity = identity(answer->identity->address);
        co_return answer;
    }
    store::MessageStore& store() override { return store_; }
    store::Claims& claims() override { return store_; }

    auth::Identity identity(const std::string& name) {
        const auto account =
            accounts_.try_emplace(name, AccountId(std::int64_t(accounts_.size()) + 1)).first;
        return {account->second, name, store_.grant(account->second, auth::Right::access)};
    }

    int logins = 0;
    std::optional<Errc> failure;
    std::chrono::milliseconds hold_back{}; // of the answer to a wrong password

private:
    store::MemoryStore& store_;
    maild::test::ScramHost scram_host_{"password"};
    std::map<std::string, AccountId> accounts_;
};

// Somebody else who uses the same mail: what IMAP would do.
class OtherSession final : private store::ChangeSink {
public:
    OtherSession(store::MemoryStore& store, const auth::Token& token) : store_(store) {
        id_ = run_task(store.open_session(token, *this)).value();
        opened = run_task(store.open_mailbox(id_, "INBOX", false)).value();
    }
    ~OtherSession() override { store_.close_session(id_); }
    OtherSession(const OtherSession&) = delete;
    OtherSession& operator=(const OtherSession&) = delete;

    void append(std::string_view content) {
        std::vector<store::AppendMessage> messages(1);
        messages[0].message.content = content;
        run_task(store_.append(id_, "INBOX", std::move(messages), {})).value();
    }
    void expunge(std::uint32_t uid) {
        const store::UidSet uids{{Uid(uid), Uid(uid)}};
        run_task(store_.change_flags(id_, uids, store::FlagChange::add, {store::kDeleted, {}}, {}))
            .value();
        if (!run_task(store_.expunge(id_, uids))) throw std::runtime_error("expunge");
    }
    std::string content(std::uint32_t uid) {
        return run_task(store_.read(id_, Uid(uid), 0, store::kMaxRead)).value();
    }

    store::OpenedMailbox opened; // as it was at the beginning

private:
    void on_changes(MailboxId, std::span<const store::Change>) override {}
    void on_lost() override {}
    store::MemoryStore& store_;
    store::SessionId id_;
};

// What all clients of one test share.
struct Host {
    Host()
        : store(clock),
          backend(store),
          server(std::make_shared<Server>(Server{.tls = nullptr,
                                                 .implicit_tls = false,
                                                 .plaintext = auth::PlaintextPolicy::loopback,
                                                 .limits = {},
                                                 .backend = backend,
                                                 .clock = clock})) {}

    // STLS is offered when there is one; no session ever looks into it.
    void pretend_tls() {
        static char context = 0;
        server->tls = {std::shared_ptr<void>(), reinterpret_cast<net::TlsContext*>(&context)};
    }
    OtherSession other(const std::string& user = "ada") {
        return {store, backend.identity(user).token};
    }
    void append(std::initializer_list<std::string> contents, const std::string& user = "ada") {
        auto session = other(user);
        for (const auto& content : contents) session.append(content);
    }
    // The UIDs and \Seen of what is in INBOX: "1 2s 5".
    std::string inbox(const std::string& user = "ada") {
        std::string out;
        for (const auto& message : other(user).opened.messages) {
            out += (out.empty() ? "" : " ") + std::to_string(message.uid.value);
            if (message.flags.has(store::kSeen)) out += 's';
        }
        return out;
    }

    maild::test::FakeClock clock;
    store::MemoryStore store;
    TestBackend backend;
    std::shared_ptr<Server> server;
};

inline net::Line line_of(std::string_view text) {
    net::Line line;
    line.text = text;
    line.has_nul = text.contains('\0');
    line.has_bare_cr_or_lf = text.find_first_of("\r\n") != std::string_view::npos;
    return line;
}

class Client {
public:
    explicit Client(Host& host, bool is_loopback = true, bool is_tls = false)
        : session_(
              {net::Peer{
                   .address = "192.0.2.1", .port = 40000, .is_loopback = is_loopback, .uid = {}},
               is_tls},
              *host.server) {}

    // All that the server says to one line.
    std::string say(std::string_view line, bool is_followed = false) {
        return say(line_of(line), is_followed);
    }
    std::string say(const net::Line& line, bool is_followed = false) {
        auto reply = run_task(session_.on_line(line, is_followed));
        delay_ = reply.delay;
        pieces_ = 0;
        while (session_.is_sending()) {
            auto piece = run_task(session_.next_piece());
            if (!piece) return reply.text + "<broken off>";
            reply.text += *piece;
            ++pieces_;
        }
        return reply.text;
    }
    std::string log_in(std::string_view user = "ada") {
        say("USER " + std::string(user));
        return say("PASS password");
    }
    bool is_open() const { return session_.expects() != Expects::end; }
    std::chrono::milliseconds delay() const { return delay_; }
    int pieces() const { return pieces_; }
    Session& session() { return session_; }

private:
    Session session_;
    std::chrono::milliseconds delay_{};
    int pieces_ = 0;
};

} // namespace maild::pop3::test
