// serve() over real sockets.
#include "pop3/support/peer.hpp"
#include "support/streams.hpp"

#include "maild/net/gate.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace maild::pop3::test {
namespace {

using namespace std::chrono_literals;

class Pop3Connection : public testing::Test {
protected:
    Pop3Connection() : gate("pop3", {}, wall_) {
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
        auto ends = maild::test::make_stream(io);
        auto pass = gate.admit(ends.stream.peer().address);
        EXPECT_TRUE(pass);
        net::spawn(io, serve(std::move(ends.stream), std::move(*pass), server), "pop3");
        return std::move(ends.peer);
    }
    // Until `text` has come.
    std::string expect(const UniqueFd& peer, std::string_view text) {
        std::string got;
        maild::test::run_until(io, [&] {
            got += maild::test::receive_available(peer.get());
            return got.contains(text);
        });
        return got;
    }
    std::string ask(const UniqueFd& peer, std::string_view octets, std::string_view until) {
        maild::test::send_all(peer.get(), octets);
        return expect(peer, until);
    }
    UniqueFd log_in() {
        auto peer = connect();
        ask(peer, "USER ada\r\nPASS password\r\n", "Logged in");
        return peer;
    }
    void expect_end() {
        maild::test::run_until(io, [&] { return gate.count() == 0; });
    }
    // Everything that comes of these octets, sent in pieces, up to the end of the session.
    std::string whole_session(std::string_view octets, std::size_t piece) {
        const auto peer = connect();
        std::string got;
        const auto take = [&] { got += maild::test::receive_available(peer.get()); };
        for (std::size_t begin = 0; begin < octets.size(); begin += piece) {
            if (begin > 0 && gate.count() == 0) break; // it has heard QUIT, and would not read on
            maild::test::send_all(peer.get(), octets.substr(begin, piece));
            io.restart();
            io.poll();
            take();
        }
        maild::test::run_until(io, [&] {
            take();
            return gate.count() == 0;
        });
        take();
        return got;
    }

    Host host;
    SystemClock wall_;
    boost::asio::io_context io;
    net::Gate gate;
    std::shared_ptr<Server> server;
};

TEST_F(Pop3Connection, ServesAndSaysGoodbye) {
    const auto peer = log_in();
    ASSERT_EQ(gate.sessions().size(), 1U);
    EXPECT_EQ(gate.sessions()[0].account_name, "ada");
    ask(peer, "QUIT\r\n", "+OK Goodbye\r\n");
    expect_end();
}

// The same octets, however they are cut, have the same replies.
TEST_F(Pop3Connection, CutsDoNotMatter) {
    std::string large = "Subject: large\r\n\r\n";
    while (large.size() < 700'000) large += ".line\r\n";
    host.append({"a: b\r\n\r\n.1\r\n", large, "c: d\r\n\r\n3\r\n"});
    const std::string script =
        "CAPA\r\nAUTH LOGIN\r\nYWRh\r\ncGFzc3dvcmQ=\r\nSTAT\r\nLIST\r\nUIDL\r\n"
        "RETR 1\r\nRETR 2\r\nRETR 3\r\nTOP 2 3\r\nXYZZY\r\nRETR x\r\n" +
        std::string(600, 'x') + "\r\nDELE 1\r\nRSET\r\nNOOP\r\nQUIT\r\nSTAT\r\n";
    const auto want = whole_session(script, script.size());
    EXPECT_TRUE(want.contains("-ERR The line is too long\r\n"));
    EXPECT_TRUE(want.ends_with("+OK Goodbye\r\n"));
    for (const std::size_t piece : {1, 2, 3, 7, 50}) EXPECT_EQ(whole_session(script, piece), want);
}

TEST_F(Pop3Connection, RefusesALineOf513Octets) { // HARDENING 57
    const auto peer = connect();
    ask(peer, "USER " + std::string(505, 'x') + "\r\n", "+OK Send the password\r\n");
    ask(peer, "USER " + std::string(506, 'x') + "\r\n", "-ERR The line is too long\r\n");
    ask(peer, "CAPA\r\n", ".\r\n");
}

TEST_F(Pop3Connection, TakesLongResponsesInAuthAlone) { // RFC 5034 §4
    const auto peer = connect();
    ask(peer, "AUTH PLAIN\r\n", "+ \r\n");
    ask(peer, std::string(auth::kMaxSaslLine, '!') + "\r\n", "-ERR Malformed response\r\n");
    ask(peer, std::string(600, '!') + "\r\n", "-ERR The line is too long\r\n");
}

TEST_F(Pop3Connection, EndsALineThatDoesNotEnd) {
    const auto peer = connect();
    expect(peer, "+OK");
    maild::test::send_all(peer.get(), std::string(70'000, 'x'));
    expect(peer, "-ERR The line does not end\r\n");
    expect_end();
}

TEST_F(Pop3Connection, EndsWhenToldTo) {
    const auto peer = log_in();
    EXPECT_TRUE(gate.kick(gate.sessions()[0].id));
    expect(peer, "-ERR [SYS/TEMP] The administrator ended this session\r\n");
    expect_end();
}

TEST_F(Pop3Connection, EndsWhenTheStoreIsLost) {
    const auto peer = log_in();
    host.store.lose_sessions();
    expect(peer, "-ERR [SYS/TEMP] The mail store was restarted, come back\r\n");
    expect_end();
}

TEST_F(Pop3Connection, LogsOutWhoDoesNotLogIn) {
    server->limits.login_timeout = 50ms;
    const auto peer = connect();
    maild::test::send_all(peer.get(), "CAP");
    expect_end();
}

// RFC 1939 §3: not a word to it, and nothing is removed.
TEST_F(Pop3Connection, LeavesASilentClientInSilence) {
    host.append({"a: b\r\n\r\n"});
    server->limits.idle_timeout = 50ms;
    const auto peer = log_in();
    ask(peer, "DELE 1\r\n", "+OK Marked as deleted\r\n");
    expect_end();
    EXPECT_EQ(maild::test::receive_available(peer.get()), "");
    EXPECT_EQ(host.inbox(), "1");
}

TEST_F(Pop3Connection, DelaysTheAnswerToAWrongPassword) {
    server->limits.auth_failure_delay = 100ms;
    server->limits.auth_failure_delay_max = 100ms;
    const auto peer = connect();
    const auto begin = std::chrono::steady_clock::now();
    ask(peer, "USER ada\r\nPASS wrong\r\n", "-ERR [AUTH]");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
    ask(peer, "USER ada\r\nPASS password\r\n", "+OK Logged in");
}

TEST_F(Pop3Connection, LeavesAPeerThatDoesNotRead) {
    host.append({std::string(4'000'000, 'x')});
    server->limits.write_timeout = 100ms;
    const auto peer = log_in();
    maild::test::send_all(peer.get(), "RETR 1\r\nRETR 1\r\n");
    expect_end();
}

TEST_F(Pop3Connection, DeletesNothingWhenThePeerIsGone) { // HARDENING 57
    host.append({"a: b\r\n\r\n"});
    auto peer = log_in();
    ask(peer, "DELE 1\r\n", "+OK Marked as deleted\r\n");
    peer.reset();
    expect_end();
    EXPECT_EQ(host.inbox(), "1");
}

} // namespace
} // namespace maild::pop3::test
