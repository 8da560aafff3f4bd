#include "store/sharing_conformance.hpp"
#include "store/wire.hpp"

#include "maild/store/memory_store.hpp"
#include "maild/store/remote_store.hpp"
#include "maild/store/service.hpp"

#include <sys/socket.h>

namespace maild::store::test {
namespace {

// A worker and control, each with a line to a Service before a MemoryStore.
class RemoteSubject final : public Subject {
public:
    RemoteSubject() {
        connect(worker_, ipc::PeerRole::worker);
        connect(control_, ipc::PeerRole::control);
        if (!run_until([this] { return store_.accepts_mail().has_value(); }))
            throw std::runtime_error("not told accepts_mail");
    }
    MessageStore& store() override { return store_; }
    StoreAdmin& admin() override { return admin_; }
    MemoryStore& memory() { return memory_; }
    Service& service() { return service_; }
    ipc::Client& worker() { return worker_; }
    RemoteStore& remote() { return store_; }

    void connect(ipc::Client& client, ipc::PeerRole role) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
            throw std::runtime_error("socketpair");
        service_.attach(UniqueFd(ends[0]), role, 0);
        client.attach(UniqueFd(ends[1]));
    }

private:
    MemoryStore memory_{clock, key};
    Service service_{io, memory_, memory_, memory_};
    ipc::Client worker_{io, "store"};
    ipc::Client control_{io, "store"};
    RemoteStore store_{io, worker_};
    RemoteStore admin_{io, control_};
};

INSTANTIATE_TEST_SUITE_P(
    Remote, StoreConformance,
    testing::Values(SubjectKind{
        "Remote", [] { return std::unique_ptr<Subject>(std::make_unique<RemoteSubject>()); }}),
    name_of_kind);
INSTANTIATE_TEST_SUITE_P(
    Remote, SharingConformance,
    testing::Values(SubjectKind{
        "Remote", [] { return std::unique_ptr<Subject>(std::make_unique<RemoteSubject>()); }}),
    name_of_kind);

TEST(RemoteStore, IsToldWhetherMailIsAccepted) {
    RemoteSubject subject;
    EXPECT_TRUE(subject.store().accepts_mail());
    subject.memory().set_accepts_mail(false);
    subject.service().announce_accepts_mail();
    EXPECT_TRUE(subject.run_until([&] { return !subject.store().accepts_mail(); }));
    EXPECT_EQ(subject.store().accepts_mail().error().code, Errc::no_space);
    RemoteStore away(subject.io, subject.worker());
    EXPECT_EQ(away.accepts_mail().error().code, Errc::unavailable) << "not told yet";
}

TEST(RemoteStore, SessionsAreLostWithTheLineAndCanBeOpenedAnew) {
    RemoteSubject subject;
    Client client(subject, 1);
    client.open("INBOX");
    subject.connect(subject.worker(), ipc::PeerRole::worker);
    EXPECT_TRUE(subject.run_until([&] { return client.news() == "lost"; }));
    const auto dead = subject.run(subject.store().open_mailbox(client.id(), "INBOX", false));
    EXPECT_EQ(dead.error().code, Errc::not_permitted);
    Client again(subject, 1);
    EXPECT_EQ(again.append("INBOX", {"x"}), "1");
}

TEST(RemoteStore, SessionsEndWithTheConnectionOnBothSides) {
    RemoteSubject subject;
    Client client(subject, 1);
    subject.connect(subject.worker(), ipc::PeerRole::worker);
    EXPECT_TRUE(subject.run_until([&] {
        const auto figures = subject.run(subject.admin().figures());
        return figures && figures->sessions == 0;
    }));
}

TEST(RemoteStore, ClaimsHoldAcrossWorkersAndEndWithTheirConnection) {
    RemoteSubject subject;
    Client client(subject, 1);
    EXPECT_TRUE(subject.run(subject.remote().claim(client.id(), "INBOX")));
    ipc::Client other_line(subject.io, "store");
    RemoteStore other(subject.io, other_line);
    subject.connect(other_line, ipc::PeerRole::worker);
    const auto session = subject.run(other.open_session(token(subject, 1), client));
    ASSERT_TRUE(session);
    EXPECT_EQ(subject.run(other.claim(*session, "INBOX")).error().code, Errc::conflict);
    subject.connect(subject.worker(), ipc::PeerRole::worker); // as when the worker died
    EXPECT_TRUE(
        subject.run_until([&] { return subject.run(other.claim(*session, "INBOX")).has_value(); }));
}

// How much it was told at once.
struct NewsScale final : ChangeSink {
    void on_changes(MailboxId, std::span<const Change> changes) override {
        std::size_t ranges = 0;
        for (const auto& change : changes)
            if (const auto* flags = std::get_if<FlagsChanged>(&change))
                ranges += flags->uids.size();
        told.push_back(ranges);
        all += ranges;
    }
    void on_annotations(const MailboxName&, std::span<const std::string>) override {}
    void on_account(const AccountChange&) override {}
    void on_lost() override {}

    std::vector<std::size_t> told;
    std::size_t all = 0;
};

// Every other message: more ranges than one message to a worker may have.
TEST(RemoteStore, TellsOfManyRangesInSeveralMessages) {
    constexpr std::uint32_t kMessages = 32'768;
    RemoteSubject subject;
    Client client(subject, 1);
    client.append("INBOX", std::vector<std::string>(512, "x"));
    client.open("INBOX");
    for (std::uint32_t messages = 512; messages < kMessages; messages *= 2)
        client.copy(everything(), {"INBOX", {}});
    NewsScale scale;
    const auto watcher = subject.run(subject.store().open_session(token(subject, 1), scale));
    ASSERT_TRUE(watcher);
    ASSERT_TRUE(subject.run(subject.store().open_mailbox(*watcher, "INBOX", true)));
    UidSet odd;
    for (std::uint32_t uid = 1; uid <= kMessages; uid += 2) odd.push_back({Uid(uid), Uid(uid)});
    EXPECT_NE(client.store(odd, FlagChange::add, {kFlagged, {}}), "");
    ASSERT_TRUE(subject.run_until([&] { return scale.all == kMessages / 2; }));
    EXPECT_GT(scale.told.size(), 1U);
    for (const auto ranges : scale.told) EXPECT_LE(ranges, wire::kChangesAtOnce + kRangesOfChange);
}

std::string read_whole(RemoteSubject& subject, Client& client, Uid uid) {
    std::string whole;
    while (true) {
        const auto piece =
            subject.run(subject.store().read(client.id(), uid, whole.size(), kMaxRead));
        if (!piece || piece->empty()) return whole;
        whole += *piece;
    }
}

// Whose memory the store may take while it sends them (MessageSource::octets): around the sizes
// from which they travel in a memory file, are borrowed there, and are given back in pieces.
TEST(RemoteStore, KeepsWhatItTakesOfEverySize) {
    RemoteSubject subject;
    Client client(subject, 1);
    client.open("INBOX");
    constexpr std::size_t kKiB = 1024;
    std::uint32_t uid = 0;
    for (const auto around : {64 * kKiB, 128 * kKiB, 1024 * kKiB, 2048 * kKiB}) {
        for (const auto size : {around - 1, around, around + 1}) {
            std::string content(size, ' ');
            for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7 + i / 4096);
            for (const bool is_delivered : {false, true}) {
                auto octets = content;
                MessageSource source{octets, structure("large"), octets.data()};
                if (is_delivered) {
                    DeliverRequest request;
                    request.message = std::move(source);
                    request.local.push_back(recipient(subject, 1));
                    const auto done = subject.run(subject.store().deliver(std::move(request)));
                    ASSERT_TRUE(done && done->local.size() == 1 && done->local[0]) << size;
                } else {
                    std::vector<AppendMessage> messages;
                    messages.push_back({std::move(source), {}, subject.clock.now()});
                    ASSERT_TRUE(subject.run(
                        subject.store().append(client.id(), "INBOX", std::move(messages))))
                        << size;
                }
                const auto got = read_whole(subject, client, Uid(++uid));
                EXPECT_TRUE(got.ends_with(content)) << size << (is_delivered ? " delivered" : "");
                EXPECT_EQ(got.size() > size, is_delivered) << "our trace fields stand before";
            }
        }
    }
}

TEST(Service, HandlesBelongToTheirConnection) {
    RemoteSubject subject;
    Client client(subject, 1);
    ipc::Client other_line(subject.io, "store");
    RemoteStore other(subject.io, other_line);
    subject.connect(other_line, ipc::PeerRole::worker);
    const auto list = subject.run(other.list_mailboxes(client.id()));
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().code, Errc::not_permitted);
}

TEST(Service, RolesMayAskOnlyWhatIsTheirs) {
    RemoteSubject subject;
    const auto figures = subject.run(subject.remote().figures());
    ASSERT_FALSE(figures);
    EXPECT_EQ(figures.error().code, Errc::not_permitted);
    ipc::Client line(subject.io, "store");
    RemoteStore stranger(subject.io, line);
    subject.connect(line, ipc::PeerRole::auth);
    EXPECT_EQ(subject.run(stranger.figures()).error().code, Errc::not_permitted);
    EXPECT_EQ(subject.run(stranger.check_room(token(subject, 1), 1)).error().code,
              Errc::not_permitted);
}

} // namespace
} // namespace maild::store::test
