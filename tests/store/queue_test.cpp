// The queue as who sends sees it: of a LocalStore, and of one behind a Service.
#include "store/conformance.hpp"
#include "store/lease_book.hpp"
#include "support/temp_dir.hpp"

#include "maild/store/local_store.hpp"
#include "maild/store/remote_store.hpp"
#include "maild/store/service.hpp"

#include <sys/socket.h>

namespace maild::store::test {
namespace {

using queue::Outcome;
using queue::Report;

class QueueSubject : public Subject {
public:
    explicit QueueSubject(bool is_remote, std::vector<ShardId> shards = {ShardId(1)})
        : is_remote_(is_remote) {
        options_.directory = dir_ / "shard";
        options_.watermark_bytes = 0;
        options_.ballast_bytes = 0;
        options_.shards = std::move(shards);
        open();
    }
    ~QueueSubject() override { close(); }
    void open() {
        options_.on_queued = [this](std::vector<queue::Destination> where) {
            if (service_)
                service_->announce_queued(where);
            else
                note(where);
        };
        auto opened = LocalStore::open({io, files_, clock, random_}, key, options_);
        if (!opened) throw std::runtime_error(opened.error().internal);
        local_ = std::move(*opened);
        if (!is_remote_) return;
        service_.emplace(io, *local_, *local_, *local_);
        service_->serve_queue(*local_, *local_);
        sender_.emplace(io, "store");
        control_.emplace(io, "store");
        remote_sender_.emplace(io, *sender_);
        remote_control_.emplace(io, *control_);
        remote_sender_->on_queued([this](std::vector<queue::Destination> where) { note(where); });
        connect(*sender_, ipc::PeerRole::sender);
        connect(*control_, ipc::PeerRole::control);
    }
    void close() {
        remote_sender_.reset();
        remote_control_.reset();
        sender_.reset();
        control_.reset();
        service_.reset();
        local_.reset();
    }
    // The line of the sender breaks, and there is a new one.
    void reconnect_sender() { connect(*sender_, ipc::PeerRole::sender); }

    MessageStore& store() override { return *local_; }
    StoreAdmin& admin() override { return *local_; }
    Queue& queue() { return is_remote_ ? static_cast<Queue&>(*remote_sender_) : *local_; }
    QueueAdmin& queue_admin() {
        return is_remote_ ? static_cast<QueueAdmin&>(*remote_control_) : *local_;
    }
    MessageStore& reports() {
        return is_remote_ ? static_cast<MessageStore&>(*remote_sender_) : *local_;
    }

    std::string told; // by on_queued

private:
    void note(const std::vector<queue::Destination>& where) {
        if (where.empty()) told += "* ";
        for (const auto& one : where) told += one.domain + " ";
    }
    void connect(ipc::Client& client, ipc::PeerRole role) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
            throw std::runtime_error("socketpair");
        service_->attach(UniqueFd(ends[0]), role, 0);
        client.attach(UniqueFd(ends[1]));
    }

    bool is_remote_;
    maild::test::TempDir dir_;
    PosixFileSystem files_;
    SystemRandom random_;
    LocalStoreOptions options_;
    std::unique_ptr<LocalStore> local_;
    std::optional<Service> service_;
    std::optional<ipc::Client> sender_;
    std::optional<ipc::Client> control_;
    std::optional<RemoteStore> remote_sender_;
    std::optional<RemoteStore> remote_control_;
};

class QueueTest : public testing::TestWithParam<bool> {
protected:
    template <class T> T run(net::Task<T> task) { return subject.run(std::move(task)); }

    std::string content = "Subject: out\r\n\r\nbody\r\n";
    QueueId enqueue(std::vector<std::string> addresses, std::int8_t priority = 0,
                    const std::string& hold = {}, std::int64_t account = 1) {
        DeliverRequest request;
        request.message = {.content = content, .structure = {}};
        RelayRequest relay{.grant = token(subject, account, auth::Right::deliver, 0),
                           .envelope = {.reverse_path = "me@here.example"},
                           .trace_prefix = "Received: by us\r\n",
                           .hold_reason = hold};
        for (auto& address : addresses) relay.envelope.recipients.push_back({address, {}, {}});
        relay.envelope.handling.priority = priority;
        request.relay = std::move(relay);
        const auto done = run(subject.store().deliver(std::move(request)));
        if (!done) throw std::runtime_error(done.error().internal);
        return done->queued.value();
    }
    std::vector<queue::LeasedMessage> lease(const std::string& destination,
                                            std::uint32_t most = 100) {
        auto leased = run(subject.queue().lease(destination, most));
        EXPECT_TRUE(leased);
        return leased.value_or(std::vector<queue::LeasedMessage>());
    }
    // "a@x/0 b@x/0, c@x/1": addresses and attempts, a comma between messages.
    static std::string text(const std::vector<queue::LeasedMessage>& messages) {
        std::string out;
        for (const auto& message : messages) {
            if (!out.empty()) out += ", ";
            for (std::size_t i = 0; i < message.recipients.size(); ++i) {
                const auto& one = message.recipients[i];
                out += (i > 0 ? " " : "") + one.recipient.address + "/" +
                       std::to_string(one.key.attempts);
            }
        }
        return out;
    }
    std::uint64_t settle(const queue::RecipientKey& key, Outcome outcome,
                         Report owes = Report::none, std::chrono::seconds later = {}) {
        const auto done = run(subject.queue().settle({{.key = key,
                                                       .outcome = outcome,
                                                       .owes = owes,
                                                       .reason = "450 not now",
                                                       .host = "mx.x.example",
                                                       .next_attempt_at = now() + later}}));
        EXPECT_TRUE(done);
        return done.value_or(99);
    }
    WallTime now() const { return subject.clock.now(); }
    std::string destinations() {
        std::string out;
        const auto found = run(subject.queue().destinations("", 100));
        if (!found) return std::string(name_of(found.error().code));
        for (const auto& one : *found) {
            const auto wait = std::chrono::ceil<std::chrono::seconds>(one.first_due - now());
            out += one.domain + "+" + std::to_string(wait.count()) + " ";
        }
        return out;
    }
    std::size_t rows() { return run(subject.admin().queued(QueueId(), 1000)).value().size(); }
    queue::ChangeSlice change(queue::Action action, queue::Selection selection,
                              std::string argument = {}) {
        queue::ChangeRequest request{std::move(selection), action, std::move(argument), {}};
        const auto done = run(subject.queue_admin().change_queue(request));
        EXPECT_TRUE(done);
        return done.value_or(queue::ChangeSlice{});
    }

    QueueSubject subject{GetParam()};
};

TEST_P(QueueTest, TellsWhereSomethingIsDue) {
    EXPECT_EQ(destinations(), "");
    enqueue({"a@b.example", "c@A.example"});
    enqueue({"d@b.example"});
    enqueue({"e@held.example"}, 0, "not now");
    EXPECT_EQ(destinations(), "a.example+0 b.example+0 ");
    EXPECT_TRUE(subject.run_until([&] { return subject.told == "a.example b.example b.example "; }))
        << subject.told;
    const auto rest = run(subject.queue().destinations("a.example", 100)).value();
    EXPECT_EQ(rest.size(), 1U);
    EXPECT_EQ(run(subject.queue().destinations("", 1)).value().size(), 1U);
}

TEST_P(QueueTest, LeasesOnceAndGroupsByMessage) {
    enqueue({"a@x.example", "b@x.example", "c@y.example"});
    enqueue({"d@x.example"});
    const auto leased = lease("x.example");
    EXPECT_EQ(text(leased), "a@x.example/0 b@x.example/0, d@x.example/0");
    EXPECT_EQ(leased[0].envelope.reverse_path, "me@here.example");
    EXPECT_EQ(text(lease("x.example")), "") << "leased already";
    EXPECT_EQ(text(lease("y.example")), "c@y.example/0");
    EXPECT_EQ(text(lease("z.example")), "");
}

TEST_P(QueueTest, LeasesNoMoreThanIsAskedFor) {
    for (int i = 0; i < 5; ++i) enqueue({std::to_string(i) + "@x.example"});
    EXPECT_EQ(text(lease("x.example", 2)), "0@x.example/0, 1@x.example/0");
    EXPECT_EQ(text(lease("x.example", 2)), "2@x.example/0, 3@x.example/0");
    EXPECT_EQ(text(lease("x.example", 2)), "4@x.example/0");
}

TEST_P(QueueTest, UrgentGoesFirst) {
    enqueue({"plain@x.example"});
    enqueue({"low@x.example"}, -3);
    enqueue({"high@x.example"}, 9);
    EXPECT_EQ(text(lease("x.example", 2)), "high@x.example/0, plain@x.example/0");
    EXPECT_EQ(destinations(), "x.example+0 ");
}

TEST_P(QueueTest, ReadsWhatGoesOut) {
    const auto id = enqueue({"a@x.example"});
    const std::string whole = "Received: by us\r\nSubject: out\r\n\r\nbody\r\n";
    EXPECT_EQ(run(subject.queue().read_queued(id, 0, 1'000)), whole);
    EXPECT_EQ(run(subject.queue().read_queued(id, 10, 12)), whole.substr(10, 12));
    EXPECT_EQ(run(subject.queue().read_queued(id, whole.size(), 10)), "");
    EXPECT_EQ(run(subject.queue().read_queued(QueueId(id.value + 1), 0, 10)).error().code,
              Errc::not_found);
    EXPECT_FALSE(run(subject.queue().read_queued(QueueId(7), 0, 10))) << "of no shard";
}

TEST_P(QueueTest, ReadsSmallOnesInOneGo) {
    const auto first = enqueue({"a@x.example"});
    const auto second = enqueue({"b@y.example"});
    const std::string whole = "Received: by us\r\nSubject: out\r\n\r\nbody\r\n";
    auto& queue = subject.queue();
    const auto contents = run(queue.read_whole({second, QueueId(second.value + 1), first}));
    EXPECT_EQ(contents, (std::vector<std::string>{whole, "", whole}));
    EXPECT_FALSE(run(queue.read_whole({}))) << "of no shard";
    EXPECT_FALSE(run(queue.read_whole({first, QueueId(7)}))) << "of two";
    EXPECT_FALSE(run(queue.read_whole(std::vector(kMaxReadWhole + 1, first)))) << "too many";
}

TEST_P(QueueTest, LeavesALargeOneToBeReadInPieces) {
    content += std::string(kMaxWhole, 'x');
    const auto id = enqueue({"a@x.example"});
    EXPECT_EQ(run(subject.queue().read_whole({id})), std::vector<std::string>{""});
    EXPECT_EQ(run(subject.queue().read_queued(id, kMaxWhole, 4)), "xxxx");
}

TEST_P(QueueTest, WhatIsDeliveredGoes) {
    enqueue({"a@x.example", "b@x.example"});
    const auto leased = lease("x.example");
    EXPECT_EQ(settle(leased[0].recipients[0].key, Outcome::delivered), 0U);
    EXPECT_EQ(rows(), 1U);
    EXPECT_EQ(settle(leased[0].recipients[0].key, Outcome::delivered), 1U) << "once";
    EXPECT_EQ(settle(leased[0].recipients[1].key, Outcome::delivered), 0U);
    EXPECT_EQ(rows(), 0U);
    EXPECT_FALSE(run(subject.queue().read_queued(leased[0].id, 0, 10)));
    EXPECT_EQ(text(lease("x.example")), "");
}

TEST_P(QueueTest, WhatIsDeferredComesAgainThen) {
    enqueue({"a@x.example"});
    auto leased = lease("x.example");
    EXPECT_EQ(settle(leased[0].recipients[0].key, Outcome::deferred, Report::none,
                     std::chrono::seconds(60)),
              0U);
    EXPECT_EQ(text(lease("x.example")), "");
    EXPECT_EQ(destinations(), "x.example+60 ");
    const auto row = run(subject.admin().queued(QueueId(), 10)).value().front();
    EXPECT_EQ(row.reason, "450 not now");
    EXPECT_EQ(row.host, "mx.x.example");
    EXPECT_EQ(row.attempts, 1U);
    subject.clock.advance(std::chrono::seconds(61));
    const auto stale = leased[0].recipients[0].key;
    leased = lease("x.example");
    EXPECT_EQ(text(leased), "a@x.example/1");
    EXPECT_EQ(settle(stale, Outcome::delivered), 1U) << "a late answer of the first attempt";
    EXPECT_EQ(settle(leased[0].recipients[0].key, Outcome::delivered), 0U);
}

TEST_P(QueueTest, WhatIsReleasedIsAsBefore) {
    enqueue({"a@x.example"});
    const auto leased = lease("x.example");
    EXPECT_EQ(settle(leased[0].recipients[0].key, Outcome::released), 0U);
    EXPECT_EQ(text(lease("x.example")), "a@x.example/0");
    subject.queue().release_leases();
    if (GetParam()) subject.reconnect_sender();
    EXPECT_TRUE(subject.run_until([&] { return text(lease("x.example")) == "a@x.example/0"; }));
}

TEST_P(QueueTest, AReportIsOwedUntilItIsStored) {
    enqueue({"a@x.example", "b@x.example", "c@x.example"});
    const auto leased = lease("x.example")[0].recipients;
    settle(leased[0].key, Outcome::failed, Report::failure);
    settle(leased[1].key, Outcome::deferred, Report::delay);
    settle(leased[2].key, Outcome::delivered);
    auto owed = run(subject.queue().owed(QueueId(), 10)).value();
    EXPECT_EQ(text(owed), "a@x.example/1 b@x.example/1");
    EXPECT_EQ(owed[0].recipients[0].state, queue::RecipientState::failed);
    EXPECT_EQ(owed[0].recipients[1].owes, Report::delay);
    const auto report = [&] {
        DeliverRequest request;
        request.message = {.content = "Subject: failed\r\n\r\n", .structure = {}};
        request.local = {{.grant = token(subject, 1, auth::Right::deliver, 0),
                          .mailbox = "INBOX",
                          .flags = {},
                          .address = "me@here.example",
                          .trace_prefix = {}}};
        for (const auto& one : owed[0].recipients) request.reports_on.push_back(one.key);
        return run(subject.reports().deliver(std::move(request)));
    };
    EXPECT_TRUE(report());
    EXPECT_EQ(report().error().code, Errc::conflict) << "nothing is told twice";
    Client client(subject, 1);
    EXPECT_EQ(client.status("INBOX").messages, 1U);
    EXPECT_TRUE(run(subject.queue().owed(QueueId(), 10)).value().empty());
    EXPECT_EQ(rows(), 1U) << "the delayed one is still tried";
    EXPECT_TRUE(lease("x.example")[0].recipients[0].was_told_delay);
}

TEST_P(QueueTest, AnAdminHoldsReleasesAndDrops) {
    const auto first = enqueue({"a@x.example", "b@y.example"});
    enqueue({"c@x.example"});
    EXPECT_EQ(change(queue::Action::hold, {.destination = "x.example"}, "why not").changed, 2U);
    EXPECT_EQ(destinations(), "y.example+0 ");
    EXPECT_EQ(run(subject.admin().queued(QueueId(), 10)).value()[0].reason, "why not");
    EXPECT_EQ(change(queue::Action::release, {.messages = {first}}).changed, 2U)
        << "of those that are held, and others as they are";
    EXPECT_EQ(destinations(), "x.example+0 y.example+0 ");
    EXPECT_EQ(change(queue::Action::drop, {.recipient = "c@x.example"}).changed, 1U);
    EXPECT_EQ(rows(), 2U);
    EXPECT_EQ(change(queue::Action::reroute, {.destination = "y.example"}, "z.example").changed,
              1U);
    EXPECT_EQ(text(lease("z.example")), "b@y.example/0");
    EXPECT_EQ(change(queue::Action::drop, {.messages = {QueueId(first.value + 7)}}).changed, 0U);
    EXPECT_TRUE(subject.told.find('*') != std::string::npos);
}

TEST_P(QueueTest, AnAdminFailsWhatThenIsReported) {
    enqueue({"a@x.example", "b@x.example"});
    EXPECT_EQ(change(queue::Action::fail, {.recipient = "b@x.example"}, "given up").changed, 1U);
    const auto owed = run(subject.queue().owed(QueueId(), 10)).value();
    EXPECT_EQ(text(owed), "b@x.example/1");
    EXPECT_EQ(owed[0].recipients[0].reason, "given up");
    EXPECT_EQ(change(queue::Action::drop, {.recipient = "b@x.example"}).changed, 0U) << "too late";
}

TEST_P(QueueTest, WhatIsHeldDuringAnAttemptStaysHeld) {
    enqueue({"a@x.example"});
    const auto key = lease("x.example")[0].recipients[0].key;
    change(queue::Action::hold, {.destination = "x.example"}, "stop");
    settle(key, Outcome::deferred);
    EXPECT_EQ(destinations(), "");
    EXPECT_EQ(rows(), 1U);
}

TEST_P(QueueTest, SuspensionsEndAndAreReplaced) {
    auto& admin = subject.queue_admin();
    const auto told = [&] {
        std::string out;
        const auto found = run(subject.queue().suspensions());
        if (!found) return std::string("fault");
        for (const auto& one : *found) out += one.destination + ":" + one.reason + " ";
        return out;
    };
    EXPECT_EQ(told(), "");
    EXPECT_TRUE(run(admin.suspend({"b.example", now() + std::chrono::hours(2), {}, "broken"})));
    EXPECT_TRUE(run(admin.suspend({"a.example", now() + std::chrono::hours(1), {}, "moving"})));
    EXPECT_EQ(told(), "a.example:moving b.example:broken ");
    EXPECT_TRUE(run(admin.suspend({"b.example", now() + std::chrono::hours(3), {}, "still"})));
    EXPECT_EQ(told(), "a.example:moving b.example:still ");
    subject.clock.advance(std::chrono::minutes(90));
    EXPECT_EQ(told(), "b.example:still ");
    EXPECT_TRUE(run(admin.suspend({"b.example", {}, {}, {}})));
    EXPECT_EQ(told(), "");
    EXPECT_EQ(run(admin.list_suspensions()).value().size(), 0U);
    EXPECT_TRUE(subject.run_until([&] { return subject.told.contains('*'); }))
        << "the sender looks";
}

TEST_P(QueueTest, SuppressedAddressesFailAtOnce) {
    auto& admin = subject.queue_admin();
    EXPECT_TRUE(run(admin.suppress({"gone@x.example", {}, "she has asked"})));
    EXPECT_TRUE(run(admin.suppress({"a@y.example", {}, {}})));
    enqueue({"gone@x.example", "here@x.example"});
    EXPECT_EQ(text(lease("x.example")), "here@x.example/0");
    const auto owed = run(subject.queue().owed(QueueId(), 10)).value();
    EXPECT_EQ(text(owed), "gone@x.example/1");
    EXPECT_EQ(owed[0].recipients[0].reason, "suppressed by the postmaster: she has asked");
    const auto all = run(admin.list_suppressions("", 10)).value();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].address, "a@y.example");
    EXPECT_EQ(run(admin.list_suppressions("a@y.example", 10)).value().size(), 1U);
    EXPECT_TRUE(run(admin.unsuppress("gone@x.example")));
    EXPECT_EQ(run(admin.unsuppress("gone@x.example")).error().code, Errc::not_found);
    enqueue({"gone@x.example"});
    EXPECT_EQ(text(lease("x.example")), "gone@x.example/0");
}

TEST_P(QueueTest, FiguresCountDestinations) {
    enqueue({"a@x.example", "b@x.example"});
    enqueue({"c@y.example"}, 0, "held");
    settle(lease("x.example", 1)[0].recipients[0].key, Outcome::deferred);
    const auto figures = run(subject.queue_admin().queue_figures(10)).value();
    ASSERT_EQ(figures.size(), 2U);
    EXPECT_EQ(figures[0].domain, "x.example");
    EXPECT_EQ(figures[0].due, 2U);
    EXPECT_EQ(figures[0].deferred, 1U);
    EXPECT_NE(figures[0].oldest, WallTime{});
    EXPECT_EQ(figures[1].held, 1U);
    EXPECT_EQ(figures[1].oldest, WallTime{}); // nothing of it waits
    EXPECT_EQ(run(subject.queue_admin().queue_figures(1)).value().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Queue, QueueTest, testing::Bool(),
                         [](const auto& one) { return one.param ? "Remote" : "Local"; });

TEST(Queue, OutlivesARestartOfTheStore) {
    QueueSubject subject(false);
    DeliverRequest request;
    request.message = {.content = "Subject: out\r\n\r\n", .structure = {}};
    request.relay = RelayRequest{
        .grant = token(subject, 1, auth::Right::deliver, 0),
        .envelope = {.reverse_path = "me@here.example", .recipients = {{"a@x.example", {}, {}}}},
        .trace_prefix = {},
        .hold_reason = {}};
    ASSERT_TRUE(subject.run(subject.store().deliver(std::move(request))));
    ASSERT_EQ(subject.run(subject.queue().lease("x.example", 10)).value().size(), 1U);
    subject.close();
    subject.open();
    EXPECT_EQ(subject.run(subject.queue().lease("x.example", 10)).value().size(), 1U)
        << "leases are not rows";
}

TEST(Queue, ChangesEveryShard) {
    QueueSubject subject(false, {ShardId(1), ShardId(2)});
    for (std::uint32_t shard = 1; shard <= 2; ++shard) {
        DeliverRequest request;
        request.message = {.content = "Subject: out\r\n\r\n", .structure = {}};
        auto grant = token(subject, shard, auth::Right::deliver, 0);
        grant.shard = ShardId(shard);
        subject.key.sign(grant);
        request.relay = RelayRequest{.grant = grant,
                                     .envelope = {.reverse_path = "me@here.example",
                                                  .recipients = {{"a@x.example", {}, {}}}},
                                     .trace_prefix = {},
                                     .hold_reason = {}};
        ASSERT_TRUE(subject.run(subject.store().deliver(std::move(request))));
    }
    EXPECT_EQ(subject.run(subject.queue().lease("x.example", 10)).value().size(), 2U);
    queue::ChangeRequest request{{}, queue::Action::hold, "stop", {}};
    std::uint64_t changed = 0;
    for (int slices = 0; slices < 10; ++slices) {
        const auto slice = subject.run(subject.queue_admin().change_queue(request)).value();
        changed += slice.changed;
        if (!slice.next) break;
        request.after = *slice.next;
    }
    EXPECT_EQ(changed, 2U);
    EXPECT_TRUE(subject.run(subject.queue().destinations("", 10)).value().empty());
}

// A reader that began before a row was settled tells of it as it was.
TEST(LeaseBook, DoesNotLeaseOnAnOldWord) {
    LeaseBook book;
    const auto seen = [] {
        queue::LeasedMessage message;
        message.id = QueueId(7);
        message.recipients.push_back({.key = {QueueId(7), 0, 0}});
        return std::vector{message};
    };
    auto first = seen();
    const auto one = book.begin_look("x");
    EXPECT_TRUE(one.except.empty());
    book.end_look(one, "x", first);
    EXPECT_EQ(first.size(), 1U);
    auto second = seen();
    const auto two = book.begin_look("x");
    EXPECT_EQ(two.except.size(), 1U);
    book.settled({QueueId(7), 0, 0});
    const auto three = book.begin_look("x"); // begins behind that, and two goes on
    book.end_look(two, "x", second);
    EXPECT_TRUE(second.empty()) << "settled while it looked";
    auto third = seen();
    book.end_look(three, "x", third);
    EXPECT_EQ(third.size(), 1U) << "looked afterwards: the row says what is so";
}

TEST(LeaseBook, LeasesNothingForWhoIsGone) {
    LeaseBook book;
    queue::LeasedMessage message;
    message.id = QueueId(7);
    message.recipients.push_back({.key = {QueueId(7), 0, 0}});
    std::vector found{message};
    const auto look = book.begin_look("x");
    book.release_all();
    book.end_look(look, "x", found);
    EXPECT_TRUE(found.empty());
    EXPECT_FALSE(book.has({QueueId(7), 0}));
}

} // namespace
} // namespace maild::store::test
