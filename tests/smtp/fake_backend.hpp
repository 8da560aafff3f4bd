#pragma once
// A backend without a host: hosts example.org with a few addresses, keeps what it accepted, fails
// where told to.

#include "support/bearer_tokens.hpp"
#include "support/scram_host.hpp"

#include "maild/smtp/backend.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace maild::smtp::test {

struct FakeRoute final : Route {
    explicit FakeRoute(std::string address) : to(std::move(address)) {}
    std::string to;
};

struct Accepted {
    std::string id;
    std::string reverse_path;
    std::vector<std::string> recipients;
    std::string content;
    bool has_8bit = false;
    std::size_t header_size = 0;
    Mail mail = {};
    WallTime begun{};
    std::vector<std::string> asked = {}; // NOTIFY and ORCPT of each recipient
};

inline std::string path_of(const mail::Address& address) {
    return address.domain.empty() ? address.localpart : address.format();
}

class FakeBackend final : public Backend, public auth::Authenticator {
public:
    std::set<std::string> addresses = {"ada@example.org", "bob@example.org", "postmaster"};
    std::map<std::string, std::string> passwords = {{"ada@example.org", "secret"}};
    std::map<std::string, Errc> rcpt_errors; // by address
    std::optional<Errc> sender_error;
    std::optional<Errc> login_error;
    std::chrono::milliseconds hold_back{};     // of the answer to a wrong password
    std::map<std::string, Errc> accept_errors; // by address, LMTP; "" for all
    std::vector<Accepted> accepted;
    std::function<void()> on_accept;
    unsigned logins = 0; // how many credentials were seen
    maild::test::ScramHost scram_host{"secret"};
    std::size_t routes_checked = 0;
    std::optional<std::int8_t> priority; // what it makes of any
    std::vector<std::string> looked_up;  // together, with spaces between

    auth::Authenticator& authenticator() override { return *this; }
    net::Task<auth::LoginResult> login(auth::Credentials credentials, const net::Peer&) override {
        ++logins;
        if (login_error) co_return fail(*login_error, "login");
        const auto found = passwords.find(credentials.authcid);
        if (found == passwords.end() || found->second != credentials.password)
            co_return std::unexpected(
                auth::LoginRefusal(Error{Errc::authentication_failed, "wrong"}, hold_back));
        auth::Identity identity;
        identity.account = AccountId(1);
        identity.address = credentials.authcid;
        co_return identity;
    }

    // A chain's first is the address itself here.
    net::Task<auth::LoginResult> external(auth::ExternalLogin login, const net::Peer&) override {
        ++logins;
        if (login_error) co_return fail(*login_error, "login");
        if (!login.authzid.empty() && login.authzid != login.chain.front())
            co_return fail(Errc::authentication_failed, "wrong");
        auth::Identity identity;
        identity.account = AccountId(1);
        identity.address = login.chain.front();
        co_return identity;
    }

    net::Task<auth::LoginResult> bearer(auth::BearerLogin login, const net::Peer&) override {
        ++logins;
        if (login_error) co_return fail(*login_error, "login");
        const auto name = maild::test::bearer_of(login);
        if (!name) co_return fail(Errc::authentication_failed, "wrong");
        auth::Identity identity;
        identity.account = AccountId(1);
        identity.address = *name;
        co_return identity;
    }

    net::Task<auth::ScramResult> scram(auth::ScramMessage message, const net::Peer&) override {
        ++logins;
        auto answer = scram_host.on_message(message);
        if (answer && answer->identity) answer->identity->account = AccountId(1);
        co_return answer;
    }

    net::Task<Result<void, Refusal>> verify_sender(const Client& client,
                                                   const Mail& mail) override {
        if (sender_error) co_return fail(*sender_error, "sender");
        if (client.identity && mail.reverse_path.format() != client.identity->address)
            co_return fail(Errc::not_permitted, "not the owner");
        co_return Result<void, Refusal>{};
    }

    net::Task<Result<std::unique_ptr<Route>, Refusal>>
    verify_recipient(const Client& client, const Envelope&, const Rcpt& rcpt) override {
        const auto address = path_of(rcpt.forward_path);
        if (const auto error = rcpt_errors.find(address); error != rcpt_errors.end())
            co_return fail(error->second, "told to");
        const bool is_local =
            rcpt.forward_path.domain.empty() || rcpt.forward_path.domain.ascii() == "example.org";
        if (!is_local && !client.identity) co_return fail(Errc::no_such_domain, "relay");
        if (is_local && !addresses.contains(address))
            co_return fail(Errc::no_such_account, "unknown");
        std::unique_ptr<Route> route = std::make_unique<FakeRoute>(address);
        co_return route;
    }

    net::Task<void> look_up(const Client&, const Envelope&, std::vector<Rcpt> rcpts) override {
        auto& group = looked_up.emplace_back();
        for (const auto& rcpt : rcpts)
            group += (group.empty() ? "" : " ") + path_of(rcpt.forward_path);
        co_return;
    }

    net::Task<std::vector<Result<void, Refusal>>> accept(const Client& client, Envelope& envelope,
                                                         const Content& content) override {
        if (on_accept) on_accept();
        std::vector<Result<void, Refusal>> outcomes;
        Accepted message{envelope.id,
                         envelope.mail.reverse_path.format(),
                         {},
                         std::string(content.bytes),
                         content.has_8bit,
                         content.header_size,
                         envelope.mail,
                         envelope.begun};
        envelope.priority = priority;
        for (const auto& recipient : envelope.recipients) {
            const auto address = path_of(recipient.forward_path);
            routes_checked += dynamic_cast<FakeRoute&>(*recipient.route).to == address ? 1 : 0;
            const auto error = accept_errors.find(client.service == Service::lmtp ? address : "");
            if (error != accept_errors.end())
                outcomes.emplace_back(fail(error->second, "store"));
            else {
                outcomes.emplace_back();
                message.recipients.push_back(address);
                message.asked.push_back(recipient.notify + '|' + recipient.original_recipient);
            }
        }
        if (!message.recipients.empty()) accepted.push_back(std::move(message));
        if (client.service != Service::lmtp) outcomes.resize(1);
        co_return outcomes;
    }
};

} // namespace maild::smtp::test
