// Policies of MTA-STS that outlive the process which sends: what is read before mail goes, what is
// written, and what `trace` may do meanwhile.
#include "daemon/note_messages.hpp"
#include "daemon/notes.hpp"
#include "daemon/sts_keeper.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/streams.hpp"

#include "maild/base/log.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/spawn.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;
using maild::test::finish;
using maild::test::run_until;

constexpr const char* kKept = "maild-mta-sts 1\n"
                              "a.example 1 1700000100 enforce 86400 mx.a.example\n"
                              "over.example 1 1699999999 enforce 86400 mx.example\n";

class NoFetcher final : public relay::StsFetcher {
public:
    net::Task<std::expected<std::string, relay::StsFault>> fetch(std::string) override {
        ++asked;
        if (!text.empty()) co_return text;
        co_return std::unexpected(relay::StsFault{.words = "the host is gone"});
    }
    std::string text;
    int asked = 0;
};

class StsKeeperTest : public ::testing::Test {
protected:
    StsKeeperTest() { log::to_nowhere(); }
    ~StsKeeperTest() override { log::to_descriptor(STDERR_FILENO); }

    void attach() {
        auto pair = net::socket_pair().value();
        line_.attach(std::move(pair.first));
        server_.attach(std::move(pair.second), ipc::PeerRole::sender, 0);
    }
    void start() { net::spawn(io_, StsKeeper::run(keeper_), "keeper"); }
    // Mode and id that a message's way would be decided by; empty: it still waits.
    std::string found(const std::string& domain) {
        auto out = std::make_shared<std::string>();
        net::spawn(io_, find(*this, domain, out), "find");
        run_until(io_, [&] { return !out->empty(); });
        return *out;
    }
    static net::Task<void> find(StsKeeperTest& self, std::string domain,
                                std::shared_ptr<std::string> out) {
        const auto found = co_await self.policies_.find(std::move(domain));
        *out = found.policy ? std::string(relay::name_of(found.policy->mode)) + " " + found.id
                            : "none";
    }
    // `trace`, with one note.
    static net::Task<void> answer(StsKeeperTest& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request) {
        if (request.type == kLoadNote) {
            ++self.loads_;
            const auto asked = ipc::decode<NoteName>(request.payload);
            EXPECT_TRUE(asked && asked->name == kStsNote);
            Result<KeptNote> note = KeptNote{std::string(kStsNote), self.note_};
            if (self.fault_) note = fail(*self.fault_, "as the test wants");
            connection->answer(request.id, note);
            co_return;
        }
        EXPECT_EQ(request.type, kKeepNote);
        const auto note = ipc::decode<KeptNote>(request.payload);
        EXPECT_TRUE(note && note->name == kStsNote);
        Result<ipc::Nothing> kept{};
        if (self.fault_)
            kept = fail(*self.fault_, "as the test wants");
        else
            self.note_ = note->text;
        ++self.keeps_;
        connection->answer(request.id, kept);
    }
    void publish(const std::string& domain) {
        dns_.add_txt("_mta-sts." + domain, "v=STSv1; id=2");
        fetcher_.text = "version: STSv1\nmode: enforce\nmx: mx." + domain + "\nmax_age: 86400\n";
    }

    boost::asio::io_context io_{1};
    maild::test::FakeClock clock_; // 1,700,000,000
    maild::test::MemoryResolver dns_;
    NoFetcher fetcher_;
    relay::StsCache cache_;
    relay::StsPolicies policies_{dns_, fetcher_, clock_, cache_};
    std::string note_ = kKept;
    std::optional<Errc> fault_;
    int loads_ = 0;
    int keeps_ = 0;
    ipc::Server server_{io_, "trace",
                        [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                            return answer(*this, std::move(connection), std::move(request));
                        }};
    ipc::Client line_{io_, "trace", {.limits = {}, .max_calls = 4, .reconnect_wait = 1ms}};
    StsKeeper keeper_{line_,
                      clock_,
                      cache_,
                      policies_,
                      {.patience = 10s, .again = 1ms, .later = 5ms, .gather = 1ms, .pause = 1ms}};
};

TEST_F(StsKeeperTest, APolicyHoldsWhileNothingCanBeFetched) {
    attach();
    start();
    EXPECT_EQ(found("a.example"), "enforce 1");
    EXPECT_EQ(found("over.example"), "none");
    dns_.add_txt("_mta-sts.a.example", "v=STSv1; id=new");
    EXPECT_EQ(found("a.example"), "enforce 1");
    EXPECT_EQ(fetcher_.asked, 1);
    clock_.advance(101s);
    EXPECT_EQ(found("a.example"), "none");
}

TEST_F(StsKeeperTest, MailWaitsUntilTheyAreRead) {
    start(); // and nobody is there yet
    const auto early = std::make_shared<std::string>();
    net::spawn(io_, find(*this, "a.example", early), "early");
    io_.run_for(100ms);
    EXPECT_EQ(*early, "");
    attach();
    run_until(io_, [&] { return !early->empty(); });
    EXPECT_EQ(*early, "enforce 1");
}

TEST_F(StsKeeperTest, MailDoesNotWaitForEver) {
    start();
    io_.run_for(20ms);
    clock_.advance(11s);
    EXPECT_EQ(found("a.example"), "none");
    // What came meanwhile is written when what was kept is known, and not over it.
    publish("b.example");
    EXPECT_EQ(found("b.example"), "enforce 2");
    attach();
    run_until(io_, [&] { return keeps_ > 0; });
    EXPECT_EQ(found("a.example"), "enforce 1");
    EXPECT_EQ(note_, "maild-mta-sts 1\n"
                     "a.example 1 1700000100 enforce 86400 mx.a.example\n"
                     "b.example 2 1700086411 enforce 86400 mx.b.example\n");
}

TEST_F(StsKeeperTest, WritesWhatHasChanged) {
    attach();
    start();
    EXPECT_EQ(found("a.example"), "enforce 1");
    io_.run_for(50ms);
    EXPECT_EQ(keeps_, 0);
    publish("b.example");
    EXPECT_EQ(found("b.example"), "enforce 2");
    run_until(io_, [&] { return keeps_ == 1; });
    EXPECT_TRUE(note_.contains("\nb.example 2 "));
    io_.run_for(50ms);
    EXPECT_EQ(keeps_, 1);
}

TEST_F(StsKeeperTest, TriesAgainWhatCouldNotBeWritten) {
    attach();
    start();
    EXPECT_EQ(found("a.example"), "enforce 1");
    fault_ = Errc::io;
    publish("b.example");
    EXPECT_EQ(found("b.example"), "enforce 2");
    run_until(io_, [&] { return keeps_ == 2; });
    EXPECT_EQ(note_, kKept);
    fault_.reset();
    run_until(io_, [&] { return note_ != kKept; });
}

TEST_F(StsKeeperTest, WritesAtTheEnd) {
    attach();
    policies_.set_loading(false); // run() has no part in this
    publish("b.example");
    EXPECT_EQ(found("b.example"), "enforce 2");
    finish(io_, keeper_.finish(1s));
    EXPECT_EQ(keeps_, 0); // what was kept was not read: it stays
    start();
    run_until(io_, [&] { return keeps_ == 1; });
    publish("c.example");
    EXPECT_EQ(found("c.example"), "enforce 2");
    finish(io_, keeper_.finish(1s));
    EXPECT_TRUE(note_.contains("\nc.example 2 "));
}

TEST_F(StsKeeperTest, DropsWhatIsDamaged) {
    note_ = std::string(kKept) + "\xff\xfe\nb.example 1 1700000100 enforce 86400 mx.b.exa";
    attach();
    start();
    EXPECT_EQ(found("a.example"), "enforce 1");
    EXPECT_EQ(found("b.example"), "none");
    run_until(io_, [&] { return keeps_ == 1; }); // and is rid of it
    EXPECT_EQ(note_, "maild-mta-sts 1\na.example 1 1700000100 enforce 86400 mx.a.example\n");
}

TEST_F(StsKeeperTest, DropsWhatIsNoneOfOurs) {
    note_ = std::string("\x7f"
                        "ELF\0\0\n",
                        8);
    attach();
    start();
    EXPECT_EQ(found("a.example"), "none");
    run_until(io_, [&] { return keeps_ == 1; });
    EXPECT_EQ(note_, "maild-mta-sts 1\n");
}

TEST_F(StsKeeperTest, ANoteThatIsNoneOfOursIsNoObstacle) {
    fault_ = Errc::too_large;
    attach();
    start();
    EXPECT_EQ(found("a.example"), "none");
    EXPECT_EQ(loads_, 1);
}

TEST_F(StsKeeperTest, WithoutTraceNobodyWaits) {
    keeper_.set_wanted(false);
    start();
    EXPECT_EQ(found("a.example"), "none");
    publish("b.example");
    EXPECT_EQ(found("b.example"), "enforce 2");
    io_.run_for(50ms);
    keeper_.set_wanted(true); // trace.record is on again
    attach();
    run_until(io_, [&] { return keeps_ == 1; });
    EXPECT_EQ(found("a.example"), "enforce 1");
}

} // namespace
} // namespace maild::daemon
