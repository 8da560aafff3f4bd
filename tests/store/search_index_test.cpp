// The search index of a real store: it lags little, survives its own loss, notices damage, forgets
// what is gone, and never hides a message from a search.
#include "store/check_subject.hpp"
#include "store/io_executor.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "support/faulty_vfs.hpp"

#include "maild/base/log.hpp"
#include "maild/mail/part_index.hpp"
#include "maild/mail/text.hpp"

#include <fstream>
#include <random>

namespace maild::store::test {
namespace {

using maild::test::FaultyDisk;
using maild::test::Survives;

AppendMessage message(const std::string& content, WallTime now) {
    auto made = structure("m");
    made.parts = mail::encode_parts(mail::parse_message(content).root);
    return {{content, std::move(made)}, {}, now};
}

// A word that no other message has, nor much of it.
std::string word(int number) {
    std::mt19937 random(static_cast<std::uint32_t>(number));
    std::string letters;
    while (letters.size() < 16) letters += static_cast<char>('a' + random() % 26);
    return letters;
}

std::string content_of(int number) {
    return "Subject: message " + std::to_string(number) + "\r\n\r\nIt says " + word(number) +
           " and no more.\r\n";
}

class Searcher {
public:
    explicit Searcher(Subject& subject, std::int64_t account = 1)
        : subject_(subject), client_(subject, account) {}

    Client& client() { return client_; }
    void add(int first, int last) {
        std::vector<std::string> contents;
        for (int i = first; i <= last; ++i) contents.push_back(content_of(i));
        std::vector<AppendMessage> messages;
        for (const auto& content : contents)
            messages.push_back(message(content, subject_.clock.now()));
        const auto done =
            subject_.run(subject_.store().append(client_.id(), "INBOX", std::move(messages)));
        if (!done) throw std::runtime_error("append: " + done.error().internal);
    }
    // UIDs of the candidates, "1 2"
    std::string narrowed(const std::string& text, Where where = Where::anywhere) {
        client_.open("INBOX", true);
        const auto result = subject_.run(subject_.store().narrow(
            client_.id(), everything(), {{where, {mail::collation_key(text)}}}));
        if (!result) return std::string(name_of(result.error().code));
        std::string out;
        for (const auto& [uid, needles] : result->candidates)
            out += (out.empty() ? "" : " ") + std::to_string(uid.value);
        return out;
    }
    bool is_up_to_date() {
        const auto figures = subject_.run(subject_.admin().figures());
        return figures && figures->index_pending == 0;
    }
    bool wait() {
        return subject_.run_until([this] { return is_up_to_date(); });
    }
    // No message is hidden from who looks for its word.
    void expect_sound(int count) {
        for (int i = 1; i <= count; ++i) {
            const auto found = " " + narrowed(word(i)) + " ";
            EXPECT_NE(found.find(" " + std::to_string(i) + " "), found.npos) << i << ":" << found;
        }
    }
    // And nothing else is shown to him.
    void expect_exact(int count) {
        for (int i = 1; i <= count; ++i) EXPECT_EQ(narrowed(word(i)), std::to_string(i));
    }

private:
    Subject& subject_;
    Client client_;
};

std::vector<std::filesystem::path> files_in(const std::string& directory) {
    std::vector<std::filesystem::path> files;
    if (!std::filesystem::exists(directory)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        files.push_back(entry.path());
    return files;
}

std::uint64_t index_bytes(Subject& subject) {
    return subject.run(subject.admin().figures())->index_bytes;
}

TEST(SearchIndex, IsUpToDateWithinASecond) {
    CheckSubject subject;
    subject.open();
    Searcher searcher(subject);
    searcher.add(1, 300);
    const auto delivered = std::chrono::steady_clock::now();
    ASSERT_TRUE(searcher.wait());
    EXPECT_LT(std::chrono::steady_clock::now() - delivered, std::chrono::seconds(1));
    searcher.expect_exact(20);
    EXPECT_EQ(searcher.narrowed(word(17), Where::header), "") << "it is in the body";
}

TEST(SearchIndex, SurvivesARestartAndItsDeletion) {
    CheckSubject subject;
    subject.open();
    {
        Searcher searcher(subject);
        searcher.add(1, 30);
        ASSERT_TRUE(searcher.wait());
    }
    subject.close();
    ASSERT_EQ(files_in(subject.shard() + "/fts").size(), 1U);
    subject.open();
    {
        Searcher searcher(subject);
        EXPECT_TRUE(searcher.is_up_to_date()) << "nothing has to be done again";
        searcher.expect_exact(30);
    }
    subject.close();
    std::filesystem::remove_all(subject.shard() + "/fts");
    subject.open();
    Searcher searcher(subject);
    searcher.expect_sound(30);
    ASSERT_TRUE(searcher.wait());
    searcher.expect_exact(30);
}

TEST(SearchIndex, DamageIsNoticedAndMended) {
    log::to_nowhere();
    CheckSubject subject;
    subject.open();
    {
        Searcher searcher(subject);
        searcher.add(1, 30);
        ASSERT_TRUE(searcher.wait());
    }
    for (const bool by_fsck : {false, true}) {
        subject.close();
        const auto file = files_in(subject.shard() + "/fts").at(0);
        {
            std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
            bytes.seekp(300);
            bytes.write("damaged damaged", 15);
        }
        subject.open();
        Searcher searcher(subject);
        if (by_fsck) {
            const auto found = text(subject.check());
            EXPECT_NE(found.find("search_index 0  0: a part of the search index was dropped"),
                      found.npos)
                << found;
        }
        searcher.expect_sound(30);
        ASSERT_TRUE(searcher.wait());
        searcher.expect_exact(30);
        EXPECT_EQ(text(subject.check()), "");
    }
}

// A meta.db that was made anew, or brought back, gives the ids to other messages.
TEST(SearchIndex, IsNotBelievedAboutOtherMail) {
    log::to_nowhere();
    CheckSubject subject;
    subject.open();
    {
        Searcher searcher(subject);
        searcher.add(1, 4);
        ASSERT_TRUE(searcher.wait());
    }
    subject.plant("UPDATE content SET email_id = email_id + 1, body_id = 5 - body_id");
    subject.open();
    Searcher searcher(subject);
    for (int round = 0; round < 2; ++round) {
        for (int i = 1; i <= 4; ++i) {
            const auto found = searcher.narrowed(word(i));
            EXPECT_NE(found.find(std::to_string(5 - i)), found.npos) << found;
        }
        ASSERT_TRUE(searcher.wait());
    }
    EXPECT_EQ(searcher.narrowed(word(1)), "4");
}

// The parts say what is text: where fsck puts them right, the old filters hold no more.
TEST(SearchIndex, WhatIsParsedAnewIsIndexedAnew) {
    log::to_nowhere();
    CheckSubject subject;
    subject.open();
    Searcher searcher(subject);
    searcher.add(1, 2);
    ASSERT_TRUE(searcher.wait());
    EXPECT_EQ(searcher.narrowed(word(3), Where::body), "");
    CheckRequest request; // its parser knows other parts, which cannot be read
    request.deep = true;
    request.repair = true;
    EXPECT_NE(text(subject.check(request)).find("repaired"), std::string::npos);
    EXPECT_EQ(searcher.narrowed(word(3), Where::body), "1 2");
    ASSERT_TRUE(searcher.wait());
    EXPECT_EQ(searcher.narrowed(word(3), Where::body), "1 2");
}

TEST(SearchIndex, IdsOfPurgedMessagesAreNotGivenAgain) {
    CheckSubject subject;
    subject.retention = std::chrono::milliseconds(10);
    subject.upkeep_interval = std::chrono::milliseconds(5);
    subject.open();
    {
        Searcher searcher(subject);
        searcher.add(1, 200);
        ASSERT_TRUE(searcher.wait());
        searcher.client().open("INBOX");
        searcher.client().store(uids(3, 200), FlagChange::add, {kDeleted, {}});
        searcher.client().expunge();
        const auto before = index_bytes(subject);
        EXPECT_TRUE(subject.run_until([&] {
            subject.clock.advance(std::chrono::minutes(2));
            return index_bytes(subject) < before / 10;
        })) << "what is gone leaves the index";
        searcher.expect_exact(2);
    }
    subject.close();
    subject.open();
    Searcher searcher(subject);
    searcher.add(201, 204); // UIDs as numbers
    ASSERT_TRUE(searcher.wait());
    for (int i = 201; i <= 204; ++i) EXPECT_EQ(searcher.narrowed(word(i)), std::to_string(i));
}

TEST(SearchIndex, CanBeSwitchedOff) {
    CheckSubject subject;
    subject.open();
    {
        Searcher searcher(subject);
        searcher.add(1, 3);
        ASSERT_TRUE(searcher.wait());
    }
    subject.close();
    ASSERT_FALSE(files_in(subject.shard() + "/fts").empty());
    subject.has_index = false;
    subject.open();
    EXPECT_TRUE(files_in(subject.shard() + "/fts").empty());
    Searcher searcher(subject);
    EXPECT_TRUE(searcher.is_up_to_date());
    EXPECT_EQ(searcher.narrowed("nowhere"), "1 2 3");
}

TEST(SearchIndex, ManyRestartsLeaveFewFiles) {
    CheckSubject subject;
    for (int i = 1; i <= 12; ++i) {
        subject.open();
        {
            Searcher searcher(subject);
            searcher.add(i, i);
            ASSERT_TRUE(searcher.wait());
        }
        subject.close();
    }
    subject.open();
    Searcher searcher(subject);
    EXPECT_TRUE(subject.run_until([&] { return files_in(subject.shard() + "/fts").size() == 1; }));
    searcher.expect_exact(12);
}

// One body in the pack, and in the index: but whose trace fields are searched is told by the row.
TEST(SearchIndex, RecipientsShareTheBodyAndNotTheirTrace) {
    CheckSubject subject;
    subject.open();
    const auto content = content_of(1);
    auto one = message(content, subject.clock.now());
    DeliverRequest request{std::move(one.message), {}, std::nullopt, subject.clock.now()};
    for (std::int64_t account = 1; account <= 50; ++account) {
        request.local.push_back(recipient(subject, account));
        request.local.back().trace_prefix =
            "Delivered-To: somebody" + std::to_string(account * 1001) + "@example.org\r\n";
    }
    ASSERT_TRUE(subject.run(subject.store().deliver(std::move(request))));
    Searcher first(subject, 1);
    ASSERT_TRUE(first.wait());
    EXPECT_LT(index_bytes(subject), 50 * 60U);
    Searcher second(subject, 2);
    EXPECT_EQ(first.narrowed("somebody1001@"), "1");
    EXPECT_EQ(second.narrowed("somebody1001@"), "");
    EXPECT_EQ(second.narrowed("somebody2002@"), "1");
    for (auto* searcher : {&first, &second}) EXPECT_EQ(searcher->narrowed(word(1)), "1");
}

// Power cuts at every step of the writing of the index, and what they leave of it.
class CutSubject final : public Subject {
public:
    ~CutSubject() override { store_.reset(); }
    void open() {
        LocalStoreOptions options;
        options.directory = "/shard";
        options.watermark_bytes = 0;
        options.ballast_bytes = 0;
        options.vfs = vfs_.name();
        options.executor = &executor_;
        options.parse = [](std::string_view) { return structure("appended"); };
        options.on_fatal = [](const Error&) {};
        auto opened = LocalStore::open({io, disk, clock, random_}, key, options);
        if (!opened) throw std::runtime_error(opened.error().internal);
        store_ = std::move(*opened);
    }
    void close() {
        store_.reset();
        io.restart();
        io.poll();
    }
    MessageStore& store() override { return *store_; }
    StoreAdmin& admin() override { return *store_; }

    FaultyDisk disk;

private:
    maild::test::FaultyVfs vfs_{disk};
    maild::test::SeededRandom random_{7};
    IoExecutor executor_{io};
    std::unique_ptr<LocalStore> store_;
};

TEST(SearchIndex, PowerCutsNeverHideAMessage) {
    log::to_nowhere();
    bool is_through = false;
    int cuts = 0;
    for (std::uint64_t steps = 0; !is_through; ++steps) {
        for (const auto survives : {Survives::synced, Survives::some, Survives::torn}) {
            CutSubject subject;
            for (int round = 0; round < 3; ++round) {
                subject.open();
                {
                    Searcher searcher(subject);
                    searcher.add(round * 3 + 1, round * 3 + 3);
                    ASSERT_TRUE(searcher.wait());
                }
                if (round == 2) subject.disk.cut_power_after(steps);
                subject.close();
            }
            is_through = subject.disk.is_powered();
            subject.disk.crash(survives, steps);
            ++cuts;
            subject.open();
            Searcher searcher(subject);
            searcher.expect_sound(9);
            ASSERT_TRUE(searcher.wait());
            searcher.expect_exact(9);
        }
    }
    EXPECT_GT(cuts, 15);
}

std::string deep_check(Subject& subject, bool repair) {
    CheckRequest request;
    request.deep = true;
    request.repair = repair;
    std::vector<CheckFinding> all;
    do {
        const auto slice = subject.run(subject.admin().check(request));
        if (!slice) return std::string(name_of(slice.error().code));
        all.insert(all.end(), slice->findings.begin(), slice->findings.end());
        request.from = slice->next;
    } while (request.from);
    return text(all);
}

// Either the repair and what the index knew are both undone, or neither.
TEST(SearchIndex, PowerCutsAtARepairNeverHideAMessage) {
    log::to_nowhere();
    bool is_through = false;
    int repaired = 0;
    for (std::uint64_t steps = 0; !is_through; ++steps) {
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            CutSubject subject;
            subject.open();
            {
                Searcher searcher(subject);
                searcher.add(1, 2);
                ASSERT_TRUE(searcher.wait());
            }
            subject.close();
            subject.open();
            ASSERT_TRUE(Searcher(subject).wait());
            subject.disk.cut_power_after(steps);
            deep_check(subject, true);
            is_through = subject.disk.is_powered();
            subject.close();
            subject.disk.crash(Survives::some, seed);
            subject.open();
            if (deep_check(subject, false).empty()) {
                ++repaired;
                Searcher searcher(subject);
                EXPECT_EQ(searcher.narrowed(word(3), Where::body), "1 2") << steps << " " << seed;
                ASSERT_TRUE(searcher.wait());
                EXPECT_EQ(searcher.narrowed(word(3), Where::body), "1 2");
            }
        }
    }
    EXPECT_GT(repaired, 8);
}

TEST(SearchIndex, AFullDiskHurtsNobody) {
    log::to_nowhere();
    CutSubject subject;
    subject.open();
    {
        Searcher searcher(subject);
        searcher.add(1, 20);
        ASSERT_TRUE(searcher.wait());
        subject.disk.set_capacity(subject.disk.used_bytes() + 200);
    }
    subject.close();
    subject.disk.set_capacity(UINT64_MAX);
    subject.open();
    Searcher searcher(subject);
    searcher.add(21, 22);
    searcher.expect_sound(22);
    ASSERT_TRUE(searcher.wait());
    searcher.expect_exact(22);
}

} // namespace
} // namespace maild::store::test
