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

// Another program, of the same account, that is always a moment behind: it sets \Seen on the first
// message and puts a second one there as soon as it hears of the first change.
class Follower final : public store::ChangeSink {
public:
    explicit Follower(Host& host) : host_(host) {
        const auto token = host.store.grant(AccountId(1), auth::Right::access, 0, 0, DomainId(1));
        session_ = *finish(host.store.open_session(token, *this));
        static_cast<void>(finish(host.store.open_mailbox(session_, "INBOX", false)));
    }
    void on_changes(MailboxId, std::span<const store::Change>) override {
        if (std::exchange(is_done_, true)) return;
        static_cast<void>(finish(host_.store.change_flags(
            session_, {{Uid(1), Uid(1)}}, store::FlagChange::add, {store::kSeen, {}}, {})));
        store::AppendMessage message{{"Subject: x\r\n\r\n", {}}, {}, host_.clock.now()};
        static_cast<void>(finish(host_.store.append(session_, "INBOX", {message}, {})));
    }
    void on_lost() override {}

private:
    // MemoryStore waits for nothing.
    template <class T> static T finish(net::Task<T> task) {
        boost::asio::io_context io;
        std::optional<T> value;
        const auto keep = [](net::Task<T> what, std::optional<T>& out) -> net::Task<void> {
            out = co_await std::move(what);
        };
        run(io, keep(std::move(task), value));
        return std::move(*value);
    }

    Host& host_;
    store::SessionId session_;
    bool is_done_ = false;
};

// RFC 9051 §6.4.6: what others changed behind a silent STORE is told behind it, or the client,
// which adds its change to what it knows, has it wrong. What NOTIFY tells of newcomers must not
// bring it forward.
TEST(NotifyTest, NewcomersDoNotBringForwardWhatSilenceHoldsBack) {
    Host host;
    Client client(host);
    client.log_in();
    client.send(append_command("a", "INBOX", "Subject: x\r\n\r\n"));
    client.say(
        "b NOTIFY SET (SELECTED-DELAYED (MessageNew (UID FLAGS) MessageExpunge FlagChange))");
    client.say("c SELECT INBOX");
    Follower other(host);
    EXPECT_EQ(client.say("d STORE 1 -FLAGS.SILENT (\\Seen)"), "d OK STORE completed\r\n")
        << "nothing has changed";
    const auto told = client.say("e STORE 1 +FLAGS.SILENT (\\Flagged)");
    EXPECT_EQ(told, "* 2 EXISTS\r\n* 2 RECENT\r\n* 2 FETCH (UID 2 FLAGS (\\Recent))\r\n"
                    "e OK STORE completed\r\n"
                    "* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent \\Seen))\r\n");
}

} // namespace
} // namespace maild::imap::test
