// NOTIFY (RFC 5465): what is kept for a client that does not read.
#include "imap/support/peer.hpp"
#include "imap/watch.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace maild::imap::test {
namespace {

TEST(NotifyTest, ManyChangesBecomeOneResponse) {
    Host host;
    Client watcher(host), other(host);
    watcher.log_in();
    other.log_in();
    watcher.say("a NOTIFY SET (personal (MessageNew MessageExpunge))");
    for (int i = 0; i < 300; ++i) {
        other.send(append_command("b", "Junk", "x"));
        other.send(append_command("b", "Sent", "x"));
    }
    const auto told = watcher.take();
    EXPECT_EQ(std::ranges::count(told, '\n'), 2) << told;
    EXPECT_TRUE(told.contains("* STATUS Junk (MESSAGES 300 UIDNEXT 301 UIDVALIDITY ")) << told;
    EXPECT_EQ(watcher.take(), "");
}

TEST(NotifyTest, TooManyNamesEndIt) { // RFC 5465 §5.8
    Host host;
    Client watcher(host), other(host);
    watcher.log_in();
    other.log_in();
    watcher.say("a NOTIFY SET (personal (MailboxName MessageNew MessageExpunge))");
    for (std::size_t i = 0; i <= Watch::kMaxNameNews; ++i)
        other.say("b CREATE m" + std::to_string(i));
    const auto told = watcher.take();
    EXPECT_TRUE(told.starts_with("* OK [NOTIFICATIONOVERFLOW] ")) << told.substr(0, 200);
    EXPECT_EQ(std::ranges::count(told, '\n'), 1);
    other.say("b CREATE more");
    other.send(append_command("b", "Junk", "x"));
    EXPECT_EQ(watcher.take(), "") << "as after NOTIFY NONE";
    EXPECT_EQ(watcher.say("c NOOP"), "c OK NOOP completed\r\n");
}

TEST(NotifyTest, EndsWithTheLogin) {
    Host host;
    Client watcher(host), other(host);
    watcher.log_in();
    other.log_in();
    watcher.say("a NOTIFY SET (personal (MailboxName))");
    watcher.say("b UNAUTHENTICATE");
    other.say("b CREATE more");
    EXPECT_EQ(watcher.take(), "");
    watcher.log_in();
    other.say("b CREATE evenmore");
    EXPECT_EQ(watcher.take(), "");
}

} // namespace
} // namespace maild::imap::test
