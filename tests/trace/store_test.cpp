#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "trace/segment.hpp"

#include "maild/trace/store.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace maild::trace {
namespace {

using namespace std::chrono_literals;
using maild::test::DiskCall;
using maild::test::FaultyDisk;
using maild::test::Survives;

class TraceStore : public testing::Test {
protected:
    TraceStore() {
        EXPECT_TRUE(disk_->make_directory("/trace"));
        options_.directory = "/trace";
        options_.bounds.min_free = 0;
        reopen();
    }

    void reopen() {
        store_.reset();
        auto opened = Store::open(*disk_, clock_, options_);
        ASSERT_TRUE(opened) << opened.error().internal;
        store_ = std::move(*opened);
    }

    // A message to `user`, whose id is its number.
    void add(int number, const std::string& user = "ada", std::size_t padding = 0) {
        Record record;
        record.id = "M." + std::to_string(number);
        record.time = clock_.now();
        record.subject = std::string(std::min<std::size_t>(padding, 400), 'x');
        record.reverse_path = "bob" + std::to_string(number % 10) + "@client.example";
        record.add({.forward_path = user + "@example.org", .is_accepted = true});
        store_->add(format_record(record), keys_of(record));
    }
    void add_and_flush(int from, int to) {
        for (int i = from; i < to; ++i) {
            add(i);
            ASSERT_TRUE(store_->flush());
        }
    }

    // The ids of all that a query finds, newest first, in as many pages as it takes.
    std::vector<std::string> find(const Query& query, SearchRange range = {},
                                  int* pages = nullptr) {
        std::vector<std::string> ids;
        while (true) {
            const auto page = store_->search(query, range);
            if (pages != nullptr) ++*pages;
            for (const auto& found : page.found) {
                const auto record = parse_record(found.record);
                EXPECT_TRUE(record);
                if (record)
                    ids.push_back(record->lost > 0 ? "lost " + std::to_string(record->lost)
                                                   : record->id);
            }
            if (!page.next) return ids;
            range.before = *page.next;
        }
    }
    std::vector<std::string> find_all() { return find({}); }
    std::size_t files() { return disk_->list("/trace")->size(); }
    std::string only_file() { return "/trace/" + disk_->list("/trace")->front(); }

    std::unique_ptr<FaultyDisk> disk_ = std::make_unique<FaultyDisk>();
    maild::test::FakeClock clock_;
    StoreOptions options_;
    std::unique_ptr<Store> store_;
};

TEST_F(TraceStore, FindsWhatCameAtOnceAndAfterARestart) {
    add(1);
    add(2, "eve");
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.2", "M.1"}));
    ASSERT_TRUE(store_->flush());
    add(3);
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.3", "M.2", "M.1"}));
    EXPECT_EQ(find({.recipient = "eve@example.org"}), std::vector<std::string>{"M.2"});
    ASSERT_TRUE(store_->flush());
    reopen();
    add(4);
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.4", "M.3", "M.2", "M.1"}));
    EXPECT_EQ(find({.sender = "BOB3@client.example"}), std::vector<std::string>{"M.3"});
    EXPECT_EQ(store_->figures().records, 4U);
}

TEST_F(TraceStore, FindsTheSameInManyBlocksAndFiles) {
    options_.segment_octets = 300'000;
    reopen();
    for (int i = 0; i < 5000; ++i) add(i, "user" + std::to_string(i % 7), 300);
    ASSERT_TRUE(store_->flush());
    EXPECT_GT(files(), 3U);
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(find_all().size(), 5000U);
        const auto ids = find({.recipient = "user3@example.org", .sender = "bob5@client.example"},
                              {.limit = 10});
        std::vector<std::string> want;
        for (int i = 4999; i >= 0; --i)
            if (i % 7 == 3 && i % 10 == 5) want.push_back("M." + std::to_string(i));
        EXPECT_EQ(ids, want);
        EXPECT_EQ(find({.any_id = "M.4321"}), std::vector<std::string>{"M.4321"});
        EXPECT_TRUE(find({.any_id = "M.5000"}).empty());
        reopen();
    }
}

TEST_F(TraceStore, GoesOnFromANumber) {
    for (int i = 0; i < 3; ++i) add(i);
    ASSERT_TRUE(store_->flush());
    const auto end = store_->search({}, {}).end;
    EXPECT_TRUE(find({}, {.from = end}).empty());
    add(3);
    EXPECT_EQ(find({}, {.from = end}), std::vector<std::string>{"M.3"});
    ASSERT_TRUE(store_->flush());
    add(4);
    EXPECT_EQ(find({}, {.from = end}), (std::vector<std::string>{"M.4", "M.3"}));
}

TEST_F(TraceStore, MakesWholeBlocksOfSmallOnes) {
    options_.bounds.keep = 30 * 24h;
    reopen();
    add_and_flush(0, 100);
    EXPECT_EQ(Segment::open(*disk_, only_file()).value()->blocks().size(), 100U);
    clock_.advance(25h);
    ASSERT_TRUE(store_->flush()); // the day is over
    EXPECT_EQ(Segment::open(*disk_, only_file()).value()->blocks().size(), 1U);
    EXPECT_EQ(find_all().size(), 100U);
    EXPECT_EQ(find({.any_id = "M.42"}), std::vector<std::string>{"M.42"});
    add_and_flush(100, 200);
    EXPECT_EQ(files(), 2U);
    reopen(); // what a killed process has left
    EXPECT_EQ(find_all().size(), 200U);
    const auto names = disk_->list("/trace").value();
    for (const auto& name : names)
        EXPECT_EQ(Segment::open(*disk_, "/trace/" + name).value()->blocks().size(), 1U);
}

TEST_F(TraceStore, ForgetsWhatIsTooOld) {
    options_.bounds.keep = 72h;
    reopen();
    for (int day = 0; day < 6; ++day) {
        add(day);
        ASSERT_TRUE(store_->flush());
        clock_.advance(24h);
        ASSERT_TRUE(store_->flush());
    }
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.5", "M.4", "M.3"}));
    EXPECT_LE(files(), 4U);
    clock_.advance(1000h);
    EXPECT_TRUE(find_all().empty());
    ASSERT_TRUE(store_->flush());
    EXPECT_EQ(files(), 0U);
    add(7);
    EXPECT_EQ(find_all(), std::vector<std::string>{"M.7"});
}

TEST_F(TraceStore, TakesNoMoreRoomThanItMay) {
    options_.segment_octets = 300'000;
    options_.bounds.octets = 1'000'000;
    reopen();
    for (int i = 0; i < 20'000; ++i) add(i, "ada", 300);
    ASSERT_TRUE(store_->flush());
    EXPECT_LE(disk_->used_bytes(), 1'300'000U);
    const auto ids = find_all();
    EXPECT_EQ(ids.front(), "M.19999");
    EXPECT_GT(ids.size(), 1000U);
    store_->set_bounds({.keep = options_.bounds.keep, .octets = 1, .min_free = 0});
    ASSERT_TRUE(store_->flush());
    EXPECT_EQ(disk_->used_bytes(), 0U);
}

TEST_F(TraceStore, SaysWhatItHadNoRoomFor) {
    add(1);
    ASSERT_TRUE(store_->flush());
    disk_->set_capacity(disk_->used_bytes());
    for (int i = 2; i < 6; ++i) add(i);
    EXPECT_FALSE(store_->flush());
    add(6);
    EXPECT_FALSE(store_->flush());
    EXPECT_EQ(find_all(), std::vector<std::string>{"M.1"});
    disk_->set_capacity(1 << 30);
    store_->note_lost(10); // and a worker some more
    add(7);
    ASSERT_TRUE(store_->flush());
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.7", "lost 15", "M.1"}));
    reopen();
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.7", "lost 15", "M.1"}));
}

TEST_F(TraceStore, LeavesRoomForTheMail) {
    disk_->set_capacity(1'000'000);
    store_->set_bounds({.min_free = 2'000'000});
    add(1);
    const auto flushed = store_->flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().code, Errc::no_space);
    EXPECT_EQ(files(), 0U);
}

TEST_F(TraceStore, GoesOnInANewFileAfterAFault) {
    add(1);
    ASSERT_TRUE(store_->flush());
    disk_->fail_nth(DiskCall::write, 1);
    add(2);
    EXPECT_FALSE(store_->flush());
    add(3);
    ASSERT_TRUE(store_->flush());
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.3", "lost 1", "M.1"}));
    reopen();
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.3", "lost 1", "M.1"}));
}

// Whatever a power cut leaves, the store opens, shows no nonsense, and goes on.
TEST_F(TraceStore, OpensAfterAnyPowerCut) {
    for (const auto survives :
         {Survives::everything, Survives::synced, Survives::some, Survives::torn}) {
        for (std::uint64_t steps = 1; steps < 60; ++steps) {
            store_.reset();
            disk_ = std::make_unique<FaultyDisk>();
            ASSERT_TRUE(disk_->make_directory("/trace"));
            ASSERT_TRUE(disk_->sync_directory("/"));
            options_.segment_octets = 3'000;
            reopen();
            disk_->cut_power_after(steps);
            for (int i = 0; i < 40; ++i) {
                add(i);
                (void)store_->flush();
            }
            store_.reset();
            disk_->crash(survives, steps);
            reopen();
            const auto ids = find_all();
            EXPECT_TRUE(std::ranges::all_of(ids, [](const std::string& id) {
                return id.starts_with("M.") || id.starts_with("lost ");
            }));
            add(99);
            ASSERT_TRUE(store_->flush());
            EXPECT_EQ(find_all().size(), ids.size() + 1);
            reopen();
            EXPECT_EQ(find_all().size(), ids.size() + 1);
        }
    }
}

TEST_F(TraceStore, PassesOverDamage) {
    add_and_flush(0, 5);
    const auto path = only_file();
    const auto segment = Segment::open(*disk_, path).value();
    const auto place = segment->blocks()[2];
    auto file = disk_->open(path, OpenMode::read_write).value();
    const std::string_view wrong = "?";
    const auto records = place.offset + kBlockHeader + place.header.key_octets;
    ASSERT_TRUE(file->write_at(records + 9, std::span(&wrong, 1)));
    reopen();
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.4", "M.3", "M.1", "M.0"}));
    // Keys that cannot be read hide nothing.
    ASSERT_TRUE(
        file->write_at(segment->blocks()[1].offset + kBlockHeader + 6, std::span(&wrong, 1)));
    reopen();
    EXPECT_EQ(find({.any_id = "M.1"}), std::vector<std::string>{"M.1"});
    // A header ends what is read of a file.
    ASSERT_TRUE(file->write_at(segment->blocks()[1].offset + 9, std::span(&wrong, 1)));
    reopen();
    EXPECT_EQ(find_all(), std::vector<std::string>{"M.0"});
    add(9);
    EXPECT_EQ(find_all(), (std::vector<std::string>{"M.9", "M.0"}));
}

TEST_F(TraceStore, RemovesFilesThatHoldNothing) {
    for (const auto* name : {"/trace/00000000000000000001.trace", "/trace/x.trace.new"}) {
        auto file = disk_->open(name, OpenMode::create_new).value();
        const std::string_view text = "something else";
        ASSERT_TRUE(file->write_at(0, std::span(&text, 1)));
    }
    auto other = disk_->open("/trace/notes.txt", OpenMode::create_new).value();
    reopen();
    EXPECT_EQ(*disk_->list("/trace"), std::vector<std::string>{"notes.txt"});
    add(1);
    ASSERT_TRUE(store_->flush());
    EXPECT_EQ(find_all(), std::vector<std::string>{"M.1"});
}

// Records of a day, whose blocks may have been written a while after it.
TEST_F(TraceStore, FindsWhatCameBeforeATime) {
    const auto begin = clock_.now();
    for (int i = 0; i < 6; ++i) {
        add(i);
        clock_.advance(20min); // the worker waits
        ASSERT_TRUE(store_->flush());
        clock_.advance(40min);
    }
    reopen();
    EXPECT_EQ(find({.since = begin + 1h, .before = begin + 3h}),
              (std::vector<std::string>{"M.2", "M.1"}));
    EXPECT_EQ(find({.before = begin + 1ms}), std::vector<std::string>{"M.0"});
}

TEST_F(TraceStore, SearchesInBoundedPieces) {
    for (int i = 0; i < 50'000; ++i) add(i, "ada", 400);
    ASSERT_TRUE(store_->flush());
    ASSERT_GT(disk_->used_bytes(), 20'000'000U);
    int pages = 0;
    Query query{.recipient = "ada@example.org", .sender = "nobody@client.example"};
    EXPECT_TRUE(find(query, {}, &pages).empty());
    EXPECT_EQ(pages, 1) << "the keys alone are little to read";
    query.sender.clear();
    query.since = clock_.now() + 1ms; // nothing is, but every block may
    query.since = {};
    pages = 0;
    EXPECT_EQ(find(query, {.limit = 1'000'000}, &pages).size(), 50'000U);
    EXPECT_GT(pages, 10) << "a page has a MiB at most";
}

} // namespace
} // namespace maild::trace
