// The promises (DESIGN §1) on a disk that forgets: a scripted run of everything that changes a
// store, ended at each step; after a restart the store is as it was after the last acknowledged
// operation, or after the one that was under way, and nothing in between. The same when the n-th
// write or sync fails.
#include "store/conformance.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "support/faulty_vfs.hpp"
#include "support/forwarding_file.hpp"

#include "maild/base/encoding.hpp"
#include "maild/base/log.hpp"
#include "maild/store/local_store.hpp"

#include <set>

namespace maild::store::test {
namespace {

using maild::test::DiskCall;
using maild::test::FaultyDisk;
using maild::test::FaultyVfs;
using maild::test::Survives;

// A store on a faulty disk that can be crashed and opened again.
class CrashSubject final : public Subject {
public:
    explicit CrashSubject(FileSystem* packs_on = nullptr) : files_(packs_on) {}
    ~CrashSubject() override { store_.reset(); }

    Result<void> open() {
        LocalStoreOptions options;
        options.directory = "/shard";
        options.watermark_bytes = 0;
        options.ballast_bytes = 0;
        options.readers = 1;
        options.upkeep_interval =
            std::chrono::hours(1); // upkeep by what was written, not by the time it took
        options.checkpoint_pages = 40;
        options.segment_bytes = 16'000;
        options.vfs = vfs_.name();
        options.on_fatal = [this](const Error&) { ++fatal; };
        auto& files = files_ != nullptr ? *files_ : static_cast<FileSystem&>(disk);
        auto opened = LocalStore::open({io, files, clock, random_}, key, options);
        if (!opened) return std::unexpected(opened.error());
        store_ = std::move(*opened);
        return {};
    }
    void close() {
        store_.reset();
        io.restart();
        io.poll();
    }
    MessageStore& store() override { return *store_; }
    StoreAdmin& admin() override { return *store_; }

    FaultyDisk disk;
    int fatal = 0;

private:
    FileSystem* files_;
    FaultyVfs vfs_{disk};
    maild::test::SeededRandom random_{7};
    std::unique_ptr<LocalStore> store_;
};

// A disk whose syncs of packs do nothing: the mutant "the pack is not synced before the commit".
class ForgetfulFile final : public maild::test::ForwardingFile {
public:
    using ForwardingFile::ForwardingFile;
    Result<void> sync_data() override { return {}; }
};

class ForgetfulDisk final : public FileSystem {
public:
    FaultyDisk* disk = nullptr;
    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        auto file = disk->open(path, mode);
        if (!file) return file;
        return std::make_unique<ForgetfulFile>(std::move(*file));
    }
    Result<std::vector<std::string>> list(const std::string& directory) override {
        return disk->list(directory);
    }
    Result<void> make_directory(const std::string& path) override {
        return disk->make_directory(path);
    }
    Result<void> remove(const std::string& path) override { return disk->remove(path); }
    Result<void> rename(const std::string& from, const std::string& to) override {
        return disk->rename(from, to);
    }
    Result<void> sync_directory(const std::string& path) override {
        return disk->sync_directory(path);
    }
    Result<std::uint64_t> free_bytes(const std::string& path) override {
        return disk->free_bytes(path);
    }
};

using Step = std::function<bool(CrashSubject&, Client&)>; // acknowledged?

bool is_number(const std::string& answer) {
    return !answer.empty() && answer.find_first_not_of("0123456789 >") == answer.npos;
}

Step delivers(std::int64_t account, std::size_t size) {
    return [=](CrashSubject& s, Client&) {
        return is_number(deliver(s, account, "Subject: d\r\n\r\n" + std::string(size, 'd')));
    };
}

bool relays(CrashSubject& s, Client&) {
    DeliverRequest request{{"Subject: out\r\n\r\nbody", structure("out")},
                           {recipient(s, 1)},
                           std::nullopt,
                           s.clock.now()};
    request.relay = RelayRequest{token(s, 1), {}, "Received: x\r\n", "held"};
    request.relay->envelope.recipients = {{"x@example.com", {}, {}}, {"y@example.com", {}, {}}};
    const auto done = s.run(s.store().deliver(std::move(request)));
    return done && done->local[0];
}

std::vector<Step> script() {
    return {
        delivers(1, 100),
        [](CrashSubject&, Client& c) {
            return is_number(c.append("INBOX", {"one", std::string(5000, '2')}, {kSeen, {"$k"}}));
        },
        [](CrashSubject&, Client& c) { return c.create("a/b") == "ok"; },
        delivers(2, 3000),
        [](CrashSubject&, Client& c) {
            return c.store(uids(1, 2), FlagChange::add, {kFlagged | kDeleted, {"$new"}}) == "1 2";
        },
        [](CrashSubject&, Client& c) { return is_number(c.copy(uids(2, 3), "a/b")); },
        relays,
        [](CrashSubject&, Client& c) { return is_number(c.move(uid(3), "Junk")); },
        [](CrashSubject&, Client& c) { return c.expunge() == "ok"; },
        [](CrashSubject&, Client& c) {
            return c.annotate("a/b", {{"/private/x", "1"}, {"/shared/y", std::string(9000, 'y')}},
                              SpecialUse::sent) == "ok";
        },
        [](CrashSubject&, Client& c) { return c.annotate("", {{"/private/x", "2"}}) == "ok"; },
        [](CrashSubject&, Client& c) { return c.share("a/b", {AccountId(2), {}}, "lrs") == "ok"; },
        [](CrashSubject&, Client& c) {
            return c.share("a/b", {AccountId(2), {}}, "w", AclEdit::add, true) == "ok";
        },
        [](CrashSubject&, Client& c) { return c.rename("a", "x") == "ok"; },
        delivers(1, 9000),
        [](CrashSubject&, Client& c) { return c.remove("x/b") == "ok"; },
        [](CrashSubject&, Client& c) { return c.create("x/b") == "ok"; },
        delivers(1, 12000),
        [](CrashSubject&, Client& c) { return is_number(c.append("x/b", {"last"})); },
    };
}

std::string dump_mailbox(CrashSubject& s, Client& client, const std::string& name) {
    std::string text;
    const auto opened = client.open(name, true);
    const auto fetched =
        s.run(s.store().fetch(client.id(), everything(), kContent | kEnvelope | kInternalDate));
    if (!fetched) return "fetch: " + std::string(name_of(fetched.error().code));
    for (std::size_t i = 0; i < fetched->messages.size(); ++i) {
        const auto& m = fetched->messages[i];
        text += "  " + std::to_string(m.uid.value) + " f" +
                std::to_string(opened.messages.at(i).flags.bits) + " m" +
                std::to_string(opened.messages[i].modseq.value) + " " + m.structure.envelope + " " +
                (m.error ? std::string(name_of(*m.error))
                         : std::to_string(std::hash<std::string>{}(m.content))) +
                "\n";
    }
    for (const auto& keyword : opened.keywords) text += "  " + keyword + "\n";
    return text;
}

std::string dump_annotations(Client& client, const std::string& mailbox) {
    std::string text;
    const auto found = client.annotations(mailbox, {{"/private", "/shared"}, Depth::all});
    if (!found) return "annotations: " + std::string(name_of(found.error().code));
    for (const auto& [name, value] : found->entries)
        text += "  " + name + " " + std::to_string(value->size()) + "\n";
    return text;
}

// Everything that a client or an admin could see.
std::string dump(CrashSubject& s) {
    std::string text;
    for (const std::int64_t account : {1, 2}) {
        Client client(s, account);
        const auto mailboxes = s.run(s.admin().mailboxes({AccountId(account), ShardId(1)}));
        if (!mailboxes) return "mailboxes: " + std::string(name_of(mailboxes.error().code));
        for (const auto& [entry, status] : *mailboxes) {
            text += entry.name + " v" + std::to_string(status.uid_validity.value) + " n" +
                    std::to_string(status.uid_next.value) + " m" +
                    std::to_string(status.highest_modseq.value) + " " +
                    std::to_string(status.messages) + "/" + std::to_string(status.unseen) + "/" +
                    std::to_string(status.deleted) + "/" + std::to_string(status.size) + "/" +
                    std::to_string(status.deleted_size) + "\n";
            text += "  use " + std::to_string(static_cast<int>(entry.special_use)) + "\n";
            text += dump_annotations(client, entry.name);
            text += "  acl " + client.acl(entry.name) + "\n";
            text += dump_mailbox(s, client, entry.name);
        }
        text += "server\n" + dump_annotations(client, {});
        const auto usage = s.run(s.admin().usage({{AccountId(account), ShardId(1)}}));
        text += "usage " + std::to_string(usage->at(0).bytes) + " " +
                std::to_string(usage->at(0).messages) + "\n";
    }
    const auto queued = s.run(s.admin().queued(QueueId(), 100));
    for (const auto& row : *queued)
        text += "queue " + std::to_string(row.id.value) + " " + row.recipient + "\n";
    return text;
}

struct Run {
    std::size_t acknowledged = 0;
    bool is_ready = false; // the accounts existed: what follows can be compared
    bool is_through = false;
    std::set<std::uint32_t> told; // UIDs that appeared in INBOX
};

Run run_script(CrashSubject& s) {
    Run run;
    if (!s.open()) return run;
    try {
        Client other(s, 2);
        Client client(s, 1);
        client.open("INBOX");
        run.is_ready = true;
        const auto steps = script();
        for (const auto& step : steps) {
            const bool is_done = step(s, client);
            for (const auto& change : client.changes()) {
                if (const auto* added = std::get_if<Added>(&change))
                    run.told.insert(added->message.uid.value);
            }
            if (!is_done) return run;
            ++run.acknowledged;
        }
        run.is_through = true;
    } catch (const std::exception&) { // a session that could not be opened
    }
    return run;
}

// What the store looks like after 0, 1, 2 … operations, when nothing fails.
const std::vector<std::string>& states() {
    static const auto all = [] {
        std::vector<std::string> found;
        for (std::size_t count = 0; count <= script().size(); ++count) {
            CrashSubject s;
            EXPECT_TRUE(s.open());
            {
                Client other(s, 2);
                Client client(s, 1);
                client.open("INBOX");
                auto steps = script();
                steps.resize(count);
                for (const auto& step : steps) EXPECT_TRUE(step(s, client));
            }
            found.push_back(dump(s));
        }
        return found;
    }();
    return all;
}

// Empty when the promises hold; otherwise what is wrong.
std::string broken_promise(CrashSubject& s, const Run& run) {
    if (auto opened = s.open(); !opened) return "does not open: " + opened.error().internal;
    if (!run.is_ready) return {};
    const auto now = dump(s);
    const auto next = std::min(run.acknowledged + 1, states().size() - 1);
    const bool is_before = now == states()[run.acknowledged];
    if (!is_before && now != states()[next]) {
        return "after " + std::to_string(run.acknowledged) + " operations:\n" + now +
               "\nwanted:\n" + states()[run.acknowledged] + "\nor:\n" + states()[next];
    }
    Client client(s, 1);
    const auto uid_next = client.status("INBOX").uid_next.value;
    for (const auto told : run.told) {
        if (told >= uid_next)
            return "a session was told of UID " + std::to_string(told) + ", which is not there";
    }
    const auto delivered = deliver(s, 1, "life goes on");
    return is_number(delivered) ? std::string() : "no delivery after recovery: " + delivered;
}

std::string crash_at(std::uint64_t step, Survives what, std::uint64_t seed, bool& is_through,
                     FileSystem* files = nullptr, ForgetfulDisk* forgetful = nullptr) {
    CrashSubject s(files);
    if (forgetful != nullptr) forgetful->disk = &s.disk;
    s.disk.cut_power_after(step);
    const auto run = run_script(s);
    is_through = run.is_through;
    s.close();
    s.disk.crash(what, seed);
    return broken_promise(s, run);
}

class StoreCrash : public testing::Test {
protected:
    StoreCrash() { log::to_nowhere(); }
};

TEST_F(StoreCrash, KeepsWhatWasAcknowledgedAtAnyStep) {
    bool is_through = false;
    std::uint64_t steps = 0;
    for (; !is_through; ++steps) {
        const auto wrong = crash_at(steps, Survives::synced, 0, is_through);
        ASSERT_EQ(wrong, "") << "power cut after step " << steps;
        ASSERT_LT(steps, 5000U);
    }
    EXPECT_GT(steps, 100U);
    RecordProperty("steps", static_cast<int>(steps));
}

TEST_F(StoreCrash, KeepsItAlsoWhenSomeOfTheUnsyncedSurvivesTorn) {
    bool is_through = false;
    for (std::uint64_t step = 0; !is_through; step += 1) {
        const auto wrong = crash_at(step, Survives::some, step * 7 + 1, is_through);
        ASSERT_EQ(wrong, "") << "power cut after step " << step;
    }
}

TEST_F(StoreCrash, KeepsItWhenOnlyTheProcessDies) {
    bool is_through = false;
    for (std::uint64_t step = 0; !is_through; step += 3) {
        const auto wrong = crash_at(step, Survives::everything, 0, is_through);
        ASSERT_EQ(wrong, "") << "killed after step " << step;
    }
}

TEST_F(StoreCrash, FailedWriteOrSyncEndsTheShardAndLosesNothing) {
    for (const auto call : {DiskCall::write, DiskCall::sync}) {
        bool is_through = false;
        for (std::uint64_t n = 1; !is_through; n += call == DiskCall::write ? 3 : 1) {
            CrashSubject s;
            s.disk.fail_nth(call, n);
            const auto run = run_script(s);
            is_through = run.is_through;
            if (run.is_ready && !run.is_through) {
                const auto again = deliver(s, 2, "not any more");
                EXPECT_TRUE(again == "unavailable" || again == "io") << again;
                EXPECT_TRUE(s.run_until([&] { return s.fatal == 1; }));
            }
            s.close();
            s.disk.crash(n % 2 == 0 ? Survives::everything : Survives::synced);
            ASSERT_EQ(broken_promise(s, run), "") << "call " << int(call) << " number " << n;
        }
    }
}

TEST_F(StoreCrash, AMissingPackSyncIsFoundOut) {
    bool is_through = false;
    bool is_caught = false;
    for (std::uint64_t step = 0; !is_through && !is_caught; ++step) {
        ForgetfulDisk forgetful;
        is_caught =
            !crash_at(step, Survives::synced, 0, is_through, &forgetful, &forgetful).empty();
    }
    EXPECT_TRUE(is_caught);
}

} // namespace
} // namespace maild::store::test
