// FETCH of more than the store answers at once: the next answer is asked for while one is written.
#include "imap/support/peer.hpp"

#include <gtest/gtest.h>

#include <list>

namespace maild::imap::test {
namespace {

class ImapFetchAhead : public testing::Test {
protected:
    static constexpr int kMessages = 30; // three answers

    ImapFetchAhead() : client(host) {
        client.log_in();
        const std::string text(100'000, 'x');
        for (int i = 0; i < kMessages; ++i)
            client.send(append_command("a", "INBOX", "a: b\r\n\r\n" + text + "\r\n"));
        client.say("b SELECT INBOX");
        host.store.fetches = 0;
    }
    // Until it waits for the store, or is done.
    void begin_fetch() {
        client.dialogue().append("c FETCH 1:* (UID BODY.PEEK[])\r\n");
        net::spawn(host.io, client.dialogue().advance(), "test");
        host.io.poll();
    }
    std::string finish() {
        host.store.release.notify();
        host.io.run();
        host.io.restart();
        return said();
    }
    std::string said() { return client.output().sent + client.output().text; }
    static bool has(std::string_view said, int message) {
        return said.contains("* " + std::to_string(message) + " FETCH (UID ");
    }

    Host host;
    Client client;
};

TEST_F(ImapFetchAhead, WritesWhileTheStoreReads) {
    host.store.held = 2;
    begin_fetch();
    EXPECT_EQ(host.store.fetches, 2);
    EXPECT_TRUE(has(said(), 1));
    EXPECT_TRUE(has(said(), 10));
    EXPECT_FALSE(has(said(), 15));
    const auto all = finish();
    for (int i = 1; i <= kMessages; ++i) EXPECT_TRUE(has(all, i)) << i;
    EXPECT_TRUE(all.ends_with("c OK FETCH completed\r\n"));
    EXPECT_EQ(host.store.fetches, 3);
}

TEST_F(ImapFetchAhead, TellsWhatItHasBeforeTheStoreFails) {
    host.store.failing = 2;
    begin_fetch();
    const auto all = finish();
    EXPECT_TRUE(has(all, 10));
    EXPECT_FALSE(has(all, 15));
    EXPECT_TRUE(all.contains("x\r\n)\r\nc NO [")) << all.substr(all.size() - 200);
}

TEST_F(ImapFetchAhead, TellsNothingThatWasReadBeforeTheSessionWasLost) {
    host.store.held = 2;
    begin_fetch();
    host.store.lose_sessions();
    const auto all = finish();
    EXPECT_TRUE(has(all, 10));
    EXPECT_FALSE(has(all, 15));
    EXPECT_TRUE(all.contains("* BYE [UNAVAILABLE]"));
    EXPECT_FALSE(client.is_open());
}

TEST_F(ImapFetchAhead, EndsWithThePeer) {
    host.store.held = 2;
    client.output().is_gone = true;
    begin_fetch();
    const auto all = finish();
    EXPECT_FALSE(has(all, 15));
    EXPECT_EQ(host.store.fetches, 2);
}

// Each holds a megabyte more.
TEST_F(ImapFetchAhead, IsForSoManyAtATime) {
    std::vector<int> flushes; // before each question
    host.store.on_fetch = [&] { flushes.push_back(client.output().flushes); };
    begin_fetch();
    EXPECT_TRUE(finish().ends_with("c OK FETCH completed\r\n"));
    ASSERT_EQ(flushes.size(), 3U);
    EXPECT_EQ(flushes[1], flushes[0]);
    EXPECT_LT(flushes[1], flushes[2]);

    std::list<ReadAheads::Place> taken;
    for (std::size_t i = 0; i < ReadAheads::kMost; ++i)
        EXPECT_TRUE(taken.emplace_back(host.backend.read_aheads()));
    EXPECT_FALSE(ReadAheads::Place(host.backend.read_aheads()));
    flushes.clear();
    begin_fetch();
    EXPECT_TRUE(finish().ends_with("c OK FETCH completed\r\n"));
    ASSERT_EQ(flushes.size(), 3U);
    EXPECT_LT(flushes[0], flushes[1]);
    EXPECT_LT(flushes[1], flushes[2]);
    taken.pop_back();
    EXPECT_TRUE(ReadAheads::Place(host.backend.read_aheads()));
}

} // namespace
} // namespace maild::imap::test
