// TLS sessions are taken up again where they began, and nowhere else (HARDENING 29).
#include "support/client_authority.hpp"
#include "support/fake_clock.hpp"
#include "tls_meeting.hpp"

#include "maild/net/server_names.hpp"
#include "maild/net/ticket_keys.hpp"

#include <gtest/gtest.h>

namespace maild::net {
namespace {

using test::FakeClock;
using test::SeededRandom;

CertificateAndKey made_for(const std::string& name) {
    return make_self_signed({name}, 1, SystemClock().now()).value();
}

// A service of a host, with the certificate of Meeting for its own.
struct ResumingHost {
    FakeClock clock;
    SeededRandom random{1};
    TicketKeyMaker maker{random};
    std::shared_ptr<TicketKeys> tickets = std::make_shared<TicketKeys>(clock);
    Meeting meeting;
    TlsSettings settings;
    std::string service = "imap";
    std::shared_ptr<const ServerNames> names;

    ResumingHost() {
        settings.certificate_chain = p256().certificate;
        fetch_keys();
        rebuild();
    }
    void fetch_keys() { tickets->replace(maker.keys_at(clock.now())); }
    void rebuild() {
        meeting.context = TlsContext::create(settings, *meeting.signer).value();
        if (names) use_names(*meeting.context, names);
        ASSERT_TRUE(use_tickets(*meeting.context, service, tickets));
    }

    Task<Result<TlsState>> shake_and_greet(Stream& stream) {
        const auto started = co_await stream.start_tls(*meeting.context, 5s);
        if (!started) co_return std::unexpected(started.error());
        const auto said = co_await stream.write("hello\r\n", 5s);
        (void)said;
        co_return *stream.tls();
    }
    struct Seen {
        bool is_resumed = false;
        TlsBinding binding;
    };
    // A connection with the session of one before; that which it leaves is in `session` then.
    Seen connect(TlsClientOptions options, std::shared_ptr<SSL_SESSION>& session) {
        Seen seen;
        options.session = session;
        const auto state = meeting.meet<Result<TlsState>>(
            [this](Stream& stream) { return shake_and_greet(stream); },
            [&](UniqueFd fd) {
                TlsClient client(std::move(fd), options);
                ASSERT_EQ(client.handshake(), "");
                client.read_until("\r\n");
                seen.is_resumed = client.is_resumed();
                client.close_notify(); // or OpenSSL takes the session for broken
                session = client.session();
            });
        EXPECT_TRUE(state);
        if (state) seen.binding = state->binding;
        return seen;
    }
    bool resumes(const TlsClientOptions& options, std::shared_ptr<SSL_SESSION> session) {
        return connect(options, session).is_resumed;
    }
    std::shared_ptr<SSL_SESSION> first(const TlsClientOptions& options) {
        std::shared_ptr<SSL_SESSION> session;
        EXPECT_FALSE(connect(options, session).is_resumed);
        return session;
    }
};

TlsClientOptions client_of(int version, std::string name = "mail.example") {
    TlsClientOptions options;
    options.min_version = options.max_version = version;
    options.server_name = std::move(name);
    return options;
}

class Resumption : public testing::TestWithParam<int> {};

TEST_P(Resumption, IsInTheSameServiceUnderTheSameName) {
    ResumingHost host;
    const auto options = client_of(GetParam());
    auto session = host.first(options);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(host.connect(options, session).is_resumed) << i;
    EXPECT_TRUE(host.resumes(client_of(GetParam(), "MAIL.Example"), session));
    host.rebuild(); // a reload that changed nothing, or another worker
    EXPECT_TRUE(host.resumes(options, session));
}

TEST_P(Resumption, IsInNoOtherService) {
    ResumingHost host;
    const auto options = client_of(GetParam());
    const auto session = host.first(options);
    host.service = "smtp";
    host.rebuild();
    EXPECT_FALSE(host.resumes(options, session));
    host.service = "imap";
    host.rebuild();
    EXPECT_TRUE(host.resumes(options, session));
}

TEST_P(Resumption, IsUnderNoOtherName) {
    ResumingHost host;
    const auto session = host.first(client_of(GetParam()));
    for (const auto* name : {"", "other.example", "mail.example.org"})
        EXPECT_FALSE(host.resumes(client_of(GetParam(), name), session)) << name;
    const auto nameless = host.first(client_of(GetParam(), ""));
    EXPECT_FALSE(host.resumes(client_of(GetParam()), nameless));
    EXPECT_TRUE(host.resumes(client_of(GetParam(), ""), nameless));
}

TEST_P(Resumption, EndsWithTheCertificate) {
    ResumingHost host;
    const auto options = client_of(GetParam());
    const auto session = host.first(options);
    const auto renewed = made_for("mail.example");
    host.meeting.signer = LocalSigner::create(renewed.key).value();
    host.settings.certificate_chain = renewed.certificate;
    host.rebuild();
    EXPECT_FALSE(host.resumes(options, session));
}

TEST_P(Resumption, IsOfANamesOwnCertificate) {
    ResumingHost host;
    const auto named = host.settings.certificate_chain;
    host.names = ServerNames::create({{named, 0, {"mail.example"}}}, *host.meeting.signer).value();
    host.rebuild();
    const auto options = client_of(GetParam());
    const auto session = host.first(options);
    EXPECT_TRUE(host.resumes(options, session));
    EXPECT_FALSE(host.resumes(client_of(GetParam(), "mail.example.org"), session));
}

TEST_P(Resumption, EndsWithItsKeys) {
    ResumingHost host;
    const auto options = client_of(GetParam());
    auto session = host.first(options);
    host.clock.advance(59min);
    host.fetch_keys();
    EXPECT_TRUE(host.resumes(options, session)) << "also with the key of the hour before";
    host.clock.advance(61min);
    host.fetch_keys();
    EXPECT_FALSE(host.resumes(options, session));
}

TEST_P(Resumption, NeedsKeys) {
    ResumingHost host;
    host.tickets->replace({});
    const auto options = client_of(GetParam());
    const auto session = host.first(options);
    EXPECT_EQ(SSL_SESSION_has_ticket(session.get()), 0);
    host.fetch_keys();
    EXPECT_FALSE(host.resumes(options, session));
    const auto good = host.first(options);
    host.clock.advance(24h); // `auth` has not answered since
    EXPECT_FALSE(host.resumes(options, good));
}

TEST_P(Resumption, IsNotWhereClientsShowCertificates) {
    ResumingHost host;
    const auto options = client_of(GetParam());
    const auto session = host.first(options);
    test::ClientAuthority authority;
    host.settings.client_trust = ClientTrust::create(authority.pem()).value();
    host.rebuild();
    EXPECT_FALSE(host.resumes(options, session)) << "of before, when nobody was asked";
    auto shows = options;
    const auto issued = authority.issue();
    shows.certificate = issued.pem;
    shows.key = issued.key;
    std::shared_ptr<SSL_SESSION> none;
    EXPECT_FALSE(host.connect(shows, none).binding.client_chain.empty());
    EXPECT_EQ(SSL_SESSION_has_ticket(none.get()), 0);
    const auto again = host.connect(shows, none);
    EXPECT_FALSE(again.is_resumed);
    EXPECT_FALSE(again.binding.client_chain.empty());
}

TEST_P(Resumption, HasBindingsLikeAnyOther) { // RFC 9266, RFC 5929
    ResumingHost host;
    const auto options = client_of(GetParam());
    std::shared_ptr<SSL_SESSION> session;
    const auto full = host.connect(options, session);
    const auto resumed = host.connect(options, session);
    EXPECT_TRUE(resumed.is_resumed);
    EXPECT_EQ(resumed.binding.end_point, full.binding.end_point);
    EXPECT_FALSE(resumed.binding.exporter.empty());
    EXPECT_NE(resumed.binding.exporter, full.binding.exporter);
}

INSTANTIATE_TEST_SUITE_P(Versions, Resumption, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& tested) {
                             return tested.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

TEST(TicketKeys, TurnEachHour) {
    FakeClock clock;
    SeededRandom random(1);
    TicketKeyMaker maker(random);
    const auto first = maker.keys_at(clock.now());
    ASSERT_EQ(first.size(), 2U) << "this hour and the next";
    EXPECT_EQ(maker.keys_at(clock.now()), first);
    clock.advance(kTicketHour);
    const auto second = maker.keys_at(clock.now());
    ASSERT_EQ(second.size(), 3U);
    EXPECT_EQ(second[0], first[0]);
    EXPECT_EQ(second[1], first[1]);
    clock.advance(kTicketHour);
    const auto third = maker.keys_at(clock.now());
    ASSERT_EQ(third.size(), 3U);
    EXPECT_EQ(third[0], first[1]) << "the first is gone";
    clock.advance(100 * kTicketHour);
    EXPECT_EQ(maker.keys_at(clock.now()).size(), 2U);
    clock.advance(-100 * kTicketHour); // a clock that is set back
    EXPECT_EQ(maker.keys_at(clock.now()).size(), 2U);
}

TEST(TicketKeys, AreUsedInTheirHourAndReadInTheNext) {
    FakeClock clock;
    SeededRandom random(1);
    TicketKeyMaker maker(random);
    TicketKeys keys(clock);
    EXPECT_EQ(keys.current(), nullptr);
    keys.replace(maker.keys_at(clock.now()));
    const auto first = *keys.current();
    const std::string_view name(reinterpret_cast<const char*>(first.name.data()),
                                first.name.size());
    EXPECT_EQ(*keys.find(name), first);
    EXPECT_EQ(keys.find(std::string(16, 'x')), nullptr);
    EXPECT_EQ(keys.find(""), nullptr);
    clock.advance(kTicketHour); // all workers turn to the key that they have already
    EXPECT_NE(*keys.current(), first);
    EXPECT_EQ(*keys.find(name), first);
    clock.advance(kTicketHour);
    EXPECT_EQ(keys.find(name), nullptr);
    EXPECT_EQ(keys.current(), nullptr);
}

} // namespace
} // namespace maild::net
