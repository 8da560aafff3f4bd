// serve() over real sockets.
#include "imap/support/peer.hpp"
#include "support/streams.hpp"

#include "maild/net/gate.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <malloc.h>

namespace maild::imap::test {
namespace {

using namespace std::chrono_literals;

class ImapConnection : public testing::Test {
protected:
    ImapConnection() : gate("imap", {}, wall_) {
        // Timeouts are real here, so the clock is.
        server = std::make_shared<Server>(Server{.tls = nullptr,
                                                 .implicit_tls = false,
                                                 .plaintext = auth::PlaintextPolicy::loopback,
                                                 .limits = {},
                                                 .backend = host.backend,
                                                 .clock = wall_});
        server->limits.close_timeout = 20ms; // the peers of these tests do not close
    }
    void TearDown() override {
        for (const auto& session : gate.sessions()) gate.kick(session.id);
        expect_end();
    }

    UniqueFd connect() {
        auto ends = maild::test::make_stream(host.io);
        auto pass = gate.admit(ends.stream.peer().address);
        EXPECT_TRUE(pass);
        net::spawn(host.io, serve(std::move(ends.stream), std::move(*pass), server), "imap");
        return std::move(ends.peer);
    }
    // Until `text` has come.
    std::string expect(const UniqueFd& peer, std::string_view text) {
        std::string got;
        maild::test::run_until(host.io, [&] {
            got += maild::test::receive_available(peer.get());
            return got.contains(text);
        });
        return got;
    }
    std::string ask(const UniqueFd& peer, std::string_view octets, std::string_view until) {
        maild::test::send_all(peer.get(), octets);
        return expect(peer, until);
    }
    void expect_end() {
        maild::test::run_until(host.io, [&] { return gate.count() == 0; });
    }

    Host host;
    SystemClock wall_;
    net::Gate gate;
    std::shared_ptr<Server> server;
};

TEST_F(ImapConnection, ServesAndSaysGoodbye) {
    const auto peer = connect();
    expect(peer, "* OK ");
    ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    ASSERT_EQ(gate.sessions().size(), 1U);
    EXPECT_EQ(gate.sessions()[0].account_name, "imapuser");
    ask(peer, "b LOGOUT\r\n", "b OK");
    expect_end();
}

TEST_F(ImapConnection, TellsAnIdleClientWithoutDelay) {
    const auto idle = connect();
    ask(idle, "a LOGIN imapuser password\r\nb SELECT INBOX\r\nc IDLE\r\n", "+ idling");
    const auto other = connect();
    ask(other, "a LOGIN imapuser password\r\n", "a OK");
    const auto begin = std::chrono::steady_clock::now();
    maild::test::send_all(other.get(), append_command("b", "INBOX", "a: b\r\n\r\n"));
    expect(idle, "* 1 EXISTS\r\n");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 500ms);
    ask(idle, "DONE\r\n", "c OK");
}

TEST_F(ImapConnection, EndsWhenToldTo) {
    const auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\nb IDLE\r\n", "+ idling");
    EXPECT_TRUE(gate.kick(gate.sessions()[0].id));
    expect(peer, "* BYE ");
    expect_end();
}

TEST_F(ImapConnection, LogsOutWhoDoesNotLogIn) {
    server->limits.login_timeout = 50ms;
    const auto peer = connect();
    maild::test::send_all(peer.get(), "a NO");
    expect(peer, "* BYE Autologout");
    expect_end();
}

TEST_F(ImapConnection, GivesUpOnACommandThatDoesNotEnd) {
    server->limits.command_timeout = 50ms;
    const auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    maild::test::send_all(peer.get(), "b NO");
    expect(peer, "* BYE Autologout");
    expect_end();
}

TEST_F(ImapConnection, DelaysTheAnswerToAWrongPassword) {
    server->limits.auth_failure_delay = 100ms;
    server->limits.auth_failure_delay_max = 100ms;
    const auto peer = connect();
    expect(peer, "* OK ");
    const auto begin = std::chrono::steady_clock::now();
    ask(peer, "a LOGIN imapuser wrong\r\n", "a NO [AUTHENTICATIONFAILED]");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
    ask(peer, "b LOGIN imapuser password\r\n", "b OK");
}

TEST_F(ImapConnection, LeavesAPeerThatDoesNotRead) {
    Client uploader(host);
    uploader.log_in();
    uploader.send(append_command("a", "INBOX", std::string(4'000'000, 'x')));
    server->limits.write_timeout = 100ms;
    const auto peer = connect();
    maild::test::send_all(peer.get(),
                          "a LOGIN imapuser password\r\nb SELECT INBOX\r\nc FETCH 1 BODY[]\r\n");
    expect_end();
}

TEST_F(ImapConnection, NoticesAPeerThatIsGone) {
    auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\nb APPEND INBOX {100}\r\n", "+ OK");
    peer.reset();
    expect_end();
}

// All that a connection in IDLE holds, coroutine frames and socket objects included; TLS adds its
// own.
TEST_F(ImapConnection, IsSmallWhileItWaits) {
    constexpr std::size_t kConnections = 200;
    std::vector<UniqueFd> peers;
    std::size_t before = 0;
    for (std::size_t i = 0; i <= kConnections; ++i) {
        if (i == 1) before = mallinfo2().uordblks; // the first one brings what all share
        peers.push_back(connect());
        ask(peers.back(), "a LOGIN imapuser password\r\nb SELECT INBOX\r\nc IDLE\r\n", "+ idling");
    }
    const auto octets = (mallinfo2().uordblks - before) / kConnections;
    std::printf("[  FIGURE  ] octets of an idle connection: %zu\n", octets);
    EXPECT_LT(octets, 12'000U);
}

} // namespace
} // namespace maild::imap::test
