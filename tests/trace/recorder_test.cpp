#include "support/fake_clock.hpp"
#include "support/streams.hpp"
#include "trace/sample.hpp"

#include "maild/base/log.hpp"
#include "maild/ipc/client.hpp"
#include "maild/ipc/server.hpp"
#include "maild/trace/messages.hpp"
#include "maild/trace/query.hpp"
#include "maild/trace/recorder.hpp"

#include <gtest/gtest.h>

namespace maild::trace {
namespace {

using namespace std::chrono_literals;
using maild::test::finish;
using maild::test::run_until;

class TraceRecorder : public testing::Test {
protected:
    TraceRecorder() { log::to_nowhere(); }
    ~TraceRecorder() override { log::to_descriptor(STDERR_FILENO); }

    void attach() {
        auto pair = net::socket_pair().value();
        line_.attach(std::move(pair.first));
        connection_ = server_.attach(std::move(pair.second), ipc::PeerRole::worker, 0);
    }
    void record(const std::string& id) {
        auto record = test::sample();
        record.id = id;
        recorder_.record(std::move(record));
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> out;
        for (const auto& batch : batches_)
            for (const auto& entry : batch.entries)
                out.push_back(parse_record(entry.record).value().id);
        return out;
    }
    std::uint64_t lost() const {
        std::uint64_t sum = 0;
        for (const auto& batch : batches_) sum += batch.lost;
        return sum;
    }

    static net::Task<void> answer(TraceRecorder& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request) {
        EXPECT_EQ(request.type, kKeep);
        auto batch = decode_batch(request.payload);
        EXPECT_TRUE(batch);
        if (batch) self.batches_.push_back(std::move(*batch));
        if (self.is_deaf_) co_return;
        const Result<void> kept{};
        connection->answer(request.id, kept);
    }

    boost::asio::io_context io_{1};
    maild::test::FakeClock clock_;
    std::vector<Batch> batches_;
    bool is_deaf_ = false;
    ipc::Server server_{io_, "trace",
                        [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                            return answer(*this, std::move(connection), std::move(request));
                        }};
    ipc::Client line_{io_, "trace", {.limits = {}, .max_calls = 4, .reconnect_wait = 1ms}};
    Recorder recorder_{io_, line_, clock_};
    std::shared_ptr<ipc::Connection> connection_;
};

TEST_F(TraceRecorder, SendsManyTogether) {
    attach();
    for (const auto* id : {"A.1", "A.2", "A.3"}) record(id);
    run_until(io_, [&] { return ids().size() == 3; });
    EXPECT_EQ(batches_.size(), 1U);
    EXPECT_EQ(ids(), (std::vector<std::string>{"A.1", "A.2", "A.3"}));
    EXPECT_EQ(parse_record(batches_[0].entries[0].record)->time, clock_.now());
    record("A.4");
    run_until(io_, [&] { return ids().size() == 4; });
}

TEST_F(TraceRecorder, SendsTheRestBeforeItEnds) {
    attach();
    record("A.1");
    finish(io_, recorder_.finish(5s));
    EXPECT_EQ(ids(), std::vector<std::string>{"A.1"});
    finish(io_, recorder_.finish(5s)); // nothing is left: at once
}

TEST_F(TraceRecorder, CountsWhatItCannotSend) {
    record("A.1"); // nobody is there
    run_until(io_, [&, until = std::chrono::steady_clock::now() + 300ms] {
        return std::chrono::steady_clock::now() > until;
    });
    attach();
    record("A.2");
    run_until(io_, [&] { return ids().size() == 1; });
    EXPECT_EQ(ids(), std::vector<std::string>{"A.2"});
    EXPECT_EQ(lost(), 1U);
}

TEST_F(TraceRecorder, TakesBoundedMemoryWhileNobodyAnswers) {
    is_deaf_ = true;
    attach();
    record("A.0");
    run_until(io_, [&] { return ids().size() == 1; });
    const auto each = format_record(test::sample()).size();
    const auto many = 2 * Recorder::kMaxPending / each;
    for (std::size_t i = 0; i < many; ++i) record("A.1");
    is_deaf_ = false;
    attach(); // it was replaced: what was under way counts as lost
    run_until(io_, [&] { return batches_.size() > 1; });
    EXPECT_LT(ids().size() * each, Recorder::kMaxPending);
    EXPECT_EQ(ids().size() - 1 + lost(), many + 1);
}

// One sender's long list does not take the traces of others with it.
TEST_F(TraceRecorder, KeepsToTheLimitOfNames) {
    attach();
    Record many;
    many.id = "A.1";
    for (int i = 0; i < 100; ++i) {
        Recipient recipient;
        recipient.forward_path = std::to_string(i) + "@a";
        for (int place = 0; place < 50; ++place)
            recipient.places.push_back({.address = std::to_string(i * 50 + place) + "@b"});
        many.add(std::move(recipient));
    }
    ASSERT_GT(keys_of(many).size(), Store::kMaxKeys);
    recorder_.record(std::move(many));
    record("A.2");
    run_until(io_, [&] { return ids().size() == 2; });
    for (const auto& batch : batches_) EXPECT_TRUE(decode_batch(ipc::encode(batch)));
}

TEST_F(TraceRecorder, MakesNoneWhereNoneIsWanted) {
    attach();
    recorder_.set_wanted(false);
    record("A.1");
    recorder_.set_wanted(true);
    record("A.2");
    run_until(io_, [&] { return !ids().empty(); });
    EXPECT_EQ(ids(), std::vector<std::string>{"A.2"});
}

TEST(TraceBatch, HoldsWorkersToTheLimits) {
    EXPECT_TRUE(decode_batch(ipc::encode(Batch{{{"x", {1, 2}}}, 3})));
    EXPECT_FALSE(decode_batch(ipc::encode(Batch{{{std::string(kMaxRecord + 1, 'x'), {}}}, 0})));
    const std::vector<std::uint64_t> keys(Store::kMaxKeys + 1);
    EXPECT_FALSE(decode_batch(ipc::encode(Batch{{{"x", keys}}, 0})));
    EXPECT_FALSE(decode_batch("x"));
}

} // namespace
} // namespace maild::trace
