// serve() over real sockets.
#include "imap/support/peer.hpp"
#include "support/streams.hpp"

#include "maild/net/deflate.hpp"
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
                                                 .budget = host.budget,
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

// A client that compresses from the answer to COMPRESS on.
class Packed {
public:
    Packed(boost::asio::io_context& io, const UniqueFd& peer) : io_(io), peer_(peer) {}

    void send(std::string_view text) {
        std::string packed;
        deflater_.update(text, packed);
        maild::test::send_all(peer_.get(), packed);
    }
    std::string expect(std::string_view text) {
        std::string got;
        maild::test::run_until(io_, [&] {
            packed_ += maild::test::receive_available(peer_.get());
            std::string_view rest = packed_;
            while (!rest.empty() && !inflater_.is_over())
                EXPECT_TRUE(inflater_.update(rest, got, 65'536));
            packed_ = rest;
            return got.contains(text);
        });
        return got;
    }
    std::string ask(std::string_view text, std::string_view until) {
        send(text);
        return expect(until);
    }
    net::Deflater& deflater() { return deflater_; }
    std::string& rest() { return packed_; } // behind the end of what is compressed

private:
    boost::asio::io_context& io_;
    const UniqueFd& peer_;
    net::Deflater deflater_;
    net::Inflater inflater_;
    std::string packed_;
};

TEST_F(ImapConnection, CompressesBothWays) {
    const auto peer = connect();
    const auto offered = ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    EXPECT_TRUE(offered.contains(" COMPRESS=DEFLATE]"));
    EXPECT_EQ(ask(peer, "b COMPRESS DEFLATE\r\n", "\r\n"), "b OK DEFLATE active\r\n");
    Packed packed(host.io, peer);
    EXPECT_FALSE(packed.ask("c CAPABILITY\r\n", "c OK").contains("COMPRESS"));
    EXPECT_TRUE(packed.ask("d COMPRESS DEFLATE\r\n", "d NO").contains("d NO [COMPRESSIONACTIVE]"));
    const auto message = "Subject: large\r\n\r\n" + std::string(3'000'000, 'x');
    packed.ask(append_command("e", "INBOX", message), "e OK");
    const auto before = packed.ask("f SELECT INBOX\r\n", "f OK");
    EXPECT_TRUE(packed.ask("g FETCH 1 BODY[]\r\n", "g OK").contains(message));
    packed.ask("h IDLE\r\n", "+ idling");
    const auto other = connect();
    ask(other, "a LOGIN imapuser password\r\n", "a OK");
    maild::test::send_all(other.get(), append_command("b", "INBOX", "a: b\r\n\r\n"));
    packed.expect("* 2 EXISTS\r\n");
    packed.ask("DONE\r\n", "h OK");
    packed.ask("i LOGOUT\r\n", "i OK");
}

// RFC 8437 §3
TEST_F(ImapConnection, EndsCompressionWithTheLogin) {
    const auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    ask(peer, "b COMPRESS DEFLATE\r\n", "b OK");
    Packed packed(host.io, peer);
    std::string octets;
    packed.deflater().update("c NOOP\r\nd UNAUTHENTICATE\r\n", octets);
    packed.deflater().finish(octets);
    maild::test::send_all(peer.get(), octets + "e CAPABILITY\r\n");
    EXPECT_TRUE(packed.expect("d OK").contains("c OK"));
    auto plain = packed.rest();
    if (!plain.contains("e OK")) plain += expect(peer, "e OK");
    EXPECT_TRUE(plain.starts_with("* CAPABILITY IMAP4rev1 ")) << plain;
    ask(peer, "f LOGIN imapuser password\r\ng NOOP\r\n", "g OK");
    EXPECT_EQ(ask(peer, "h COMPRESS DEFLATE\r\n", "h "), "h OK DEFLATE active\r\n");
    Packed again(host.io, peer);
    again.ask("i NOOP\r\n", "i OK");
}

// HARDENING 54
TEST_F(ImapConnection, LimitsWhatIsInflatedLikeAnythingElse) {
    const auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    ask(peer, "b COMPRESS DEFLATE\r\n", "b OK");
    Packed packed(host.io, peer);
    EXPECT_TRUE(
        packed.ask("c " + std::string(1'048'576, '0') + "\r\n", "* BYE").contains("[TOOBIG]"));
    expect_end();
}

TEST_F(ImapConnection, EndsWhatIsNotCompressed) {
    struct Case {
        std::string_view name;
        std::string octets;
        std::string_view want;
    };
    std::string ended;
    net::Deflater().finish(ended);
    for (const auto& [name, octets, want] :
         {Case{"plain text", "c NOOP\r\n", "These are no compressed data"},
          Case{"garbage", std::string(100, '\xff'), "These are no compressed data"},
          Case{"an end", ended + "c NOOP\r\n", "The compressed data have ended"}}) {
        const auto peer = connect();
        ask(peer, "a LOGIN imapuser password\r\n", "a OK");
        ask(peer, "b COMPRESS DEFLATE\r\n", "b OK");
        Packed packed(host.io, peer);
        maild::test::send_all(peer.get(), octets);
        EXPECT_TRUE(packed.expect("* BYE").contains(want)) << name;
        expect_end();
    }
}

TEST_F(ImapConnection, TakesNothingBehindCompressBeforeItsAnswer) {
    const auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    const auto got = ask(peer, "b COMPRESS DEFLATE\r\nc NOOP\r\n", "b BAD");
    EXPECT_TRUE(got.contains("* BYE ")) << got;
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

// Before "+", where the client asks; else by reading no further.
TEST_F(ImapConnection, HoldsALargeMessageBackUntilThereIsMemory) {
    const std::string message = "Subject: x\r\n\r\n" + std::string(200'000, 'a') + "\r\n";
    const auto size = std::to_string(message.size());
    const auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    for (const bool is_asking : {true, false}) {
        net::MemoryBudget::Lease other(host.budget);
        ASSERT_TRUE(other.grow_to(host.budget.largest()));
        if (is_asking)
            maild::test::send_all(peer.get(), "b APPEND INBOX {" + size + "}\r\n");
        else
            maild::test::send_all(peer.get(),
                                  "b APPEND INBOX {" + size + "+}\r\n" + message + "\r\n");
        maild::test::run_until(host.io, [&] { return host.budget.waiting() == 1; });
        EXPECT_EQ(maild::test::receive_available(peer.get()), "");
        other.shrink_to(0);
        if (is_asking) {
            expect(peer, "+ OK");
            maild::test::send_all(peer.get(), message + "\r\n");
        }
        expect(peer, "b OK [APPENDUID");
        EXPECT_EQ(host.budget.used(), 0U);
    }
    const auto got = ask(peer, "c SELECT INBOX\r\nd FETCH 1:* BODY[TEXT]\r\n", "d OK");
    EXPECT_EQ(std::ranges::count(got, 'a') / 200'000, 2);
}

TEST_F(ImapConnection, LeavesWhenItHasToWhileItWaitsForMemory) {
    server->limits.memory_patience = 1h;
    net::MemoryBudget::Lease other(host.budget);
    ASSERT_TRUE(other.grow_to(host.budget.largest()));
    const auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    maild::test::send_all(peer.get(), "b APPEND INBOX {100000}\r\n");
    maild::test::run_until(host.io, [&] { return host.budget.waiting() == 1; });
    gate.kick(gate.sessions().at(0).id);
    expect(peer, "b NO [UNAVAILABLE] Too much mail in transit, try again later\r\n"
                 "* BYE The administrator ended this session\r\n");
    expect_end();
}

TEST_F(ImapConnection, RefusesALargeMessageForWantOfMemory) {
    server->limits.memory_patience = 20ms;
    net::MemoryBudget::Lease other(host.budget);
    ASSERT_TRUE(other.grow_to(host.budget.largest()));
    const auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    EXPECT_EQ(ask(peer, "b APPEND INBOX {100000}\r\n", "\r\n"),
              "b NO [UNAVAILABLE] Too much mail in transit, try again later\r\n");
    ask(peer, "c APPEND INBOX {5}\r\n", "+ OK"); // the session goes on, and small mail with it
    ask(peer, "a: b\n\r\n", "c OK");
    maild::test::send_all(peer.get(), "d APPEND INBOX {100000+}\r\n" + std::string(100'000, 'a'));
    expect(peer, "* BYE [UNAVAILABLE] Too much mail in transit, try again later\r\n");
    expect_end();
}

// The first message of two is here; without the second nothing becomes of it.
TEST_F(ImapConnection, GivesMemoryBackWithTheRefusalOfALiteral) {
    server->limits.memory_patience = 20ms;
    server->limits.message_size = 40'000'000;
    const auto peer = connect();
    ask(peer, "a LOGIN imapuser password\r\n", "a OK");
    const auto first = "APPEND INBOX {200000+}\r\n" + std::string(200'000, 'a');
    EXPECT_TRUE(ask(peer, "b " + first + " {99000000}\r\n", "\r\n").starts_with("b NO [TOOBIG]"));
    EXPECT_EQ(host.budget.used(), 0U);
    net::MemoryBudget::Lease other(host.budget);
    ASSERT_TRUE(other.grow_to(host.budget.largest() - 10'000'000));
    EXPECT_TRUE(
        ask(peer, "c " + first + " {39000000}\r\n", "\r\n").starts_with("c NO [UNAVAILABLE]"));
    EXPECT_EQ(host.budget.used(), other.size());
    EXPECT_TRUE(other.grow_to(host.budget.largest())) << "no claim is left";
    ask(peer, "d NOOP\r\n", "d OK");
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
