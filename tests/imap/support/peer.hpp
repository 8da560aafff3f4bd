#pragma once
// IMAP clients without sockets: the real dialogue and session over a MemoryStore, octets in, octets
// out.

#include "imap/dialogue.hpp"
#include "support/bearer_tokens.hpp"
#include "support/fake_clock.hpp"
#include "support/scram_host.hpp"

#include "maild/base/ascii.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/store/memory_store.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace maild::imap::test {

// Runs a task to its end. Nothing in these tests waits for anything outside.
inline void run(boost::asio::io_context& io, net::Task<void> task) {
    net::spawn(io, std::move(task), "test");
    io.run();
    io.restart();
}

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
        co_return identity_of(credentials.authcid);
    }
    // A chain's first is the name itself here.
    net::Task<auth::LoginResult> external(auth::ExternalLogin login, const net::Peer&) override {
        ++logins;
        if (failure) co_return fail(*failure);
        if (!login.authzid.empty() && login.authzid != login.chain.front())
            co_return fail(Errc::authentication_failed);
        co_return identity_of(login.chain.front());
    }
    net::Task<auth::LoginResult> bearer(auth::BearerLogin login, const net::Peer&) override {
        ++logins;
        if (failure) co_return fail(*failure);
        const auto name = maild::test::bearer_of(login);
        if (!name) co_return fail(Errc::authentication_failed);
        co_return identity_of(*name);
    }
    net::Task<auth::ScramResult> scram(auth::ScramMessage message, const net::Peer&) override {
        auto answer = scram_host_.on_message(message);
        if (answer && answer->identity) answer->identity = identity_of(answer->identity->address);
        co_return answer;
    }
    store::MessageStore& store() override { return store_; }
    net::Task<Result<Referral>> refer(std::string address) override {
        if (failure) co_return fail(*failure);
        const auto found = accounts_.find(ascii::to_lower(address));
        if (found == accounts_.end()) co_return fail(Errc::no_such_account);
        co_return referral_to(found->first, found->second);
    }
    net::Task<Result<std::vector<Referral>>> refer_all(std::vector<AccountId> accounts) override {
        if (failure) co_return fail(*failure);
        std::vector<Referral> all;
        for (const auto id : accounts)
            for (const auto& [name, account] : accounts_)
                if (account == id) all.push_back(referral_to(name, account));
        co_return all;
    }
    std::vector<store::Annotation> server_annotations() const override {
        return {{"/shared/comment", "Welcome"}, {"/shared/admin", "mailto:admin@example.org"}};
    }

    int logins = 0;
    std::optional<Errc> failure;
    std::chrono::milliseconds hold_back{}; // of the answer to a wrong password
    std::uint64_t quota = 0;
    std::uint64_t quota_messages = 0;
    std::vector<std::string> hidden_capabilities;
    std::set<std::string> disabled; // accounts that nobody may visit

private:
    // What stands behind "@" is the domain; names without one are of one domain, too.
    static DomainId domain_of(const std::string& name) {
        const auto at = name.find('@');
        if (at == std::string::npos) return DomainId(1);
        return DomainId(2 +
                        static_cast<std::int64_t>(std::hash<std::string>{}(name.substr(at)) >> 2));
    }
    Referral referral_to(const std::string& name, AccountId account) {
        Referral referral{account, name, std::nullopt};
        if (!disabled.contains(name))
            referral.visit =
                store_.grant(account, auth::Right::visit, quota, quota_messages, domain_of(name));
        return referral;
    }
    auth::Identity identity_of(const std::string& name) {
        const auto account =
            accounts_.try_emplace(name, AccountId(std::int64_t(accounts_.size()) + 1)).first;
        return {account->second, name,
                store_.grant(account->second, auth::Right::access, quota, quota_messages,
                             domain_of(name)),
                hidden_capabilities};
    }

    store::MemoryStore& store_;
    maild::test::ScramHost scram_host_{"password"};
    std::map<std::string, AccountId> accounts_;
};

class StringOutput final : public Output {
public:
    net::Task<bool> flush() override {
        if (is_gone) co_return false;
        sent += text;
        text.clear();
        ++flushes;
        co_return true;
    }
    std::string sent;
    int flushes = 0;
    bool is_gone = false; // the peer
};

// Gives an answer of fetch() when it is told to, or fails.
class HeldStore final : public store::MemoryStore {
public:
    using MemoryStore::MemoryStore;
    net::Task<Result<store::FetchResult>> fetch(store::SessionId session, store::UidSet uids,
                                                std::uint32_t items) override {
        const auto number = ++fetches;
        if (on_fetch) on_fetch();
        if (number == failing) co_return fail(Errc::io);
        auto result = co_await MemoryStore::fetch(session, std::move(uids), items);
        if (number == held) {
            const auto released = co_await release.wait(std::chrono::hours(1));
            (void)released;
        }
        co_return result;
    }

    int fetches = 0;
    int held = 0; // by their numbers, from 1
    int failing = 0;
    net::Event release;
    std::function<void()> on_fetch;
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
                                                 .budget = budget,
                                                 .clock = clock})) {}

    maild::test::FakeClock clock;
    HeldStore store;
    TestBackend backend;
    net::MemoryBudget budget{256 * 1024 * 1024, clock};
    std::shared_ptr<Server> server;
    boost::asio::io_context io; // ends first, with what still runs on it
};

class Client {
public:
    explicit Client(Host& host, bool is_loopback = true, bool is_tls = false)
        : host_(host),
          dialogue_(
              {net::Peer{
                   .address = "192.0.2.1", .port = 40000, .is_loopback = is_loopback, .uid = {}},
               is_tls},
              *host.server, output_, wake_) {
        dialogue_.session().greet();
    }

    // What the server says next, everything that came of these octets included.
    std::string send(std::string_view octets) {
        dialogue_.append(octets);
        do {
            run(host_.io, dialogue_.advance());
        } while (dialogue_.session().take_delay().count() > 0 || took_layer());
        return take();
    }
    // A command with its CRLF.
    std::string say(std::string_view line) { return send(std::string(line) + "\r\n"); }
    // What comes without being asked for.
    std::string take() {
        if (wake_.take()) run(host_.io, dialogue_.session().on_wake());
        run(host_.io, flush());
        return std::exchange(output_.sent, {});
    }
    std::string log_in(std::string_view user = "imapuser") {
        take();
        return say("login LOGIN " + std::string(user) + " password");
    }
    bool is_open() { return dialogue_.session().expects() != Expects::end; }
    Dialogue& dialogue() { return dialogue_; }
    StringOutput& output() { return output_; }

private:
    net::Task<void> flush() { co_await output_.flush(); }
    // Octets are never compressed here.
    bool took_layer() {
        auto& session = dialogue_.session();
        if (session.expects() != Expects::deflate && session.expects() != Expects::plain)
            return false;
        session.on_layer();
        return true;
    }

    Host& host_;
    net::Event wake_;
    StringOutput output_;
    Dialogue dialogue_;
};

inline std::string append_command(std::string_view tag, std::string_view mailbox,
                                  std::string_view message, std::string_view options = "") {
    return std::string(tag) + " APPEND " + std::string(mailbox) + " " + std::string(options) + "{" +
           std::to_string(message.size()) + "+}\r\n" + std::string(message) + "\r\n";
}

} // namespace maild::imap::test
