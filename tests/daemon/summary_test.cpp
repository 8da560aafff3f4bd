// What an admin is told: which matters there are, and the words of the mail.
#include "daemon/admin_care.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

const WallTime kNow = from_unix_seconds(1'700'049'600); // 2023-11-15 12:00 UTC

HostFacts healthy() {
    HostFacts facts;
    facts.hostname = "mail.example.org";
    facts.now = kNow;
    facts.min_free = 256ULL << 20U;
    facts.store = store::StoreFigures{};
    facts.store->free_bytes = 80ULL << 30U;
    facts.store->shards = 4;
    ProcessStatus worker;
    worker.state = ProcessState::ready;
    worker.restarts = 7;
    facts.status.processes.push_back(worker);
    CertificateRow row;
    row.file = "/etc/tls.pem";
    row.not_after = kNow + days(60);
    facts.certificates = {row};
    facts.queue.emplace();
    facts.suspensions.emplace();
    facts.bans.emplace();
    return facts;
}

TEST(Matters, AreNoneOnAHealthyHost) { EXPECT_TRUE(matters_of(healthy()).empty()); }

struct MatterCase {
    const char* name;
    void (*change)(HostFacts& facts);
    const char* key; // empty: there is none
    bool is_urgent;
};

void expires_in(HostFacts& facts, std::chrono::seconds time) {
    facts.certificates->front().not_after = kNow + time;
}

const MatterCase kMatterCases[] = {
    {"a store that is silent", [](HostFacts& f) { f.store.reset(); }, "store", true},
    {"a shard that is read-only", [](HostFacts& f) { f.store->read_only_shards = 1; },
     "read-only shards", true},
    {"a shard that is not served", [](HostFacts& f) { f.store->offline_shards = 1; },
     "offline shards", true},
    {"a full disk", [](HostFacts& f) { f.store->free_bytes = (256ULL << 20U) - 1; }, "disk full",
     true},
    {"a disk that will be full", [](HostFacts& f) { f.store->free_bytes = 1ULL << 30U; }, "",
     false},
    {"less room than that", [](HostFacts& f) { f.store->free_bytes = (1ULL << 30U) - 1; },
     "disk nearly full", true},
    {"a process that is being replaced",
     [](HostFacts& f) { f.status.processes[0].state = ProcessState::starting; }, "", false},
    {"a process that does not stay up",
     [](HostFacts& f) { f.status.processes[0].state = ProcessState::waiting; }, "process worker 0",
     true},
    {"a host that is being stopped",
     [](HostFacts& f) {
         f.status.processes[0].state = ProcessState::waiting;
         f.status.is_stopping = true;
     },
     "", false},
    {"a process with something to say",
     [](HostFacts& f) { f.status.processes[0].text = "cannot write"; }, "process says worker 0",
     false},
    {"a certificate of three weeks", [](HostFacts& f) { expires_in(f, days(21)); }, "", false},
    {"one of less", [](HostFacts& f) { expires_in(f, days(21) - 1s); },
     "certificate expires /etc/tls.pem", false},
    {"one of less than three days", [](HostFacts& f) { expires_in(f, days(3) - 1s); },
     "certificate expires now /etc/tls.pem", true},
    {"one that has expired", [](HostFacts& f) { expires_in(f, 0s); },
     "certificate expired /etc/tls.pem", true},
    {"one that the host makes for itself",
     [](HostFacts& f) {
         expires_in(f, 1s);
         f.certificates->front().file.clear();
     },
     "", false},
    {"mail that waits since today",
     [](HostFacts& f) {
         f.queue->push_back({.domain = "far.example", .due = 3, .oldest = kNow - days(1)});
     },
     "", false},
    {"mail that waits since yesterday",
     [](HostFacts& f) {
         f.queue->push_back({.domain = "far.example", .due = 3, .oldest = kNow - days(1) - 1s});
     },
     "queue far.example", false},
    {"mail that is held",
     [](HostFacts& f) { f.queue->push_back({.domain = "far.example", .held = 2, .oldest = kNow}); },
     "queue held", false},
    {"a destination that is suspended",
     [](HostFacts& f) { f.suspensions->push_back({.destination = "far.example", .until = kNow}); },
     "suspended far.example", false},
    {"a finding in the DNS",
     [](HostFacts& f) {
         f.dns.emplace().push_back({"example.org",
                                    {dnscare::Severity::fault, "mx-missing", "example.org",
                                     "nothing\nat all", "10 mail.example.org.", "Publish it."}});
     },
     "dns example.org mx-missing example.org nothing at all", false},
};

class MattersTest : public testing::TestWithParam<MatterCase> {};

TEST_P(MattersTest, AreFound) {
    auto facts = healthy();
    GetParam().change(facts);
    const auto matters = matters_of(facts);
    if (std::string_view(GetParam().key).empty()) {
        EXPECT_TRUE(matters.empty()) << GetParam().name << ": " << matters.front().words;
        return;
    }
    ASSERT_EQ(matters.size(), 1U) << GetParam().name;
    EXPECT_EQ(matters[0].key, GetParam().key) << GetParam().name;
    EXPECT_EQ(matters[0].is_urgent, GetParam().is_urgent) << GetParam().name;
    EXPECT_FALSE(matters[0].words.empty());
}
INSTANTIATE_TEST_SUITE_P(All, MattersTest, testing::ValuesIn(kMatterCases));

TEST(Matters, TellAFewDestinationsByNameAndCountTheRest) {
    auto facts = healthy();
    for (int i = 0; i < 30; ++i)
        facts.queue->push_back(
            {.domain = std::to_string(i) + ".example", .due = 1, .oldest = kNow - days(2)});
    const auto matters = matters_of(facts);
    EXPECT_EQ(matters.size(), 21U);
    EXPECT_EQ(matters.back().key, "queue others");
}

// Of a source that was silent nobody knows that something is over.
TEST(Matters, AreKnownByWhoAnswered) {
    HostFacts silent;
    for (const std::string_view key :
         {"dns example.org mx-missing", "queue far.example", "suspended far.example",
          "certificate expired /etc/tls.pem", "disk full", "read-only shards", "offline shards"}) {
        EXPECT_FALSE(is_known(silent, key)) << key;
        auto facts = healthy();
        facts.dns.emplace();
        EXPECT_TRUE(is_known(facts, key)) << key;
    }
    EXPECT_TRUE(is_known(silent, "store"));
    EXPECT_TRUE(is_known(silent, "process store 0"));
}

TEST(Matters, HaveShortKeys) {
    auto facts = healthy();
    facts.dns.emplace().push_back({"example.org",
                                   {dnscare::Severity::fault, "spf-syntax", "example.org",
                                    std::string(70'000, 'x'), "", ""}});
    EXPECT_LE(matters_of(facts).front().key.size(), 200U);
}

TEST(DayNote, IsReadAsItIsWritten) {
    const DayNote note{.day = day_of(kNow), .told = {"disk full", "queue held"}};
    const auto again = parse_day_note(format_day_note(note));
    EXPECT_EQ(again.day, note.day);
    EXPECT_EQ(again.told, note.told);
    for (const std::string_view text : {"", "x", "-1\n", "99999999999\n", "\n5\n"})
        EXPECT_FALSE(parse_day_note(text).day) << text;
}

std::string told(AlertBook& book, std::vector<std::string> urgent, WallTime now) {
    std::vector<Matter> matters{{"queue held", "words", false}};
    for (auto& key : urgent) matters.push_back({std::move(key), "words", true});
    const auto fresh = book.look(matters, now);
    book.told(fresh, now);
    std::string out;
    for (const auto& matter : fresh) out += matter.key + " ";
    return out;
}

TEST(AlertBook, TellsWhatIsUrgentAtTwoLooksOnce) {
    AlertBook book;
    EXPECT_EQ(told(book, {"disk full"}, kNow), "");
    EXPECT_EQ(told(book, {}, kNow + 1min), "");
    EXPECT_EQ(told(book, {"disk full"}, kNow + 2min), ""); // it was away
    EXPECT_EQ(told(book, {"disk full", "store"}, kNow + 3min), "disk full ");
    EXPECT_EQ(told(book, {"disk full", "store"}, kNow + 4min), "store ");
    EXPECT_EQ(told(book, {"disk full", "store"}, kNow + 5min), "");
}

TEST(AlertBook, TellsAgainWhatWasAwayForAnHour) {
    AlertBook book;
    told(book, {"disk full"}, kNow);
    EXPECT_EQ(told(book, {"disk full"}, kNow + 1min), "disk full ");
    for (int minute = 2; minute < 60; minute += 2) { // comes and goes
        EXPECT_EQ(told(book, {}, kNow + std::chrono::minutes(minute)), "");
        EXPECT_EQ(told(book, {"disk full"}, kNow + std::chrono::minutes(minute + 1)), "");
    }
    EXPECT_EQ(told(book, {}, kNow + 3h), "");
    EXPECT_EQ(told(book, {"disk full"}, kNow + 3h + 1min), "");
    EXPECT_EQ(told(book, {"disk full"}, kNow + 3h + 2min), "disk full ");
}

TEST(AlertBook, KnowsWhatAProcessBeforeItHasTold) {
    AlertBook book;
    book.add({"disk full"}, kNow);
    told(book, {"disk full"}, kNow);
    EXPECT_EQ(told(book, {"disk full"}, kNow + 1min), "");
    EXPECT_EQ(book.keys(), ToldMatters{"disk full"});
    EXPECT_EQ(told(book, {}, kNow + 2h), "");
    EXPECT_TRUE(book.keys().empty());
}

TEST(ToldMatters, AreReadAsTheyAreWritten) {
    const ToldMatters told{"disk full", "queue far.example"};
    EXPECT_EQ(parse_told(format_told(told)), told);
    EXPECT_TRUE(parse_told("").empty());
    EXPECT_EQ(parse_told("\n\na\n\nb").size(), 2U);
    std::string many;
    for (std::size_t i = 0; i < kMaxTold + 5; ++i) many += std::to_string(i) + "\n";
    EXPECT_EQ(parse_told(many).size(), kMaxTold);
}

TEST(SummaryDue, IsOnceForEachDayThatIsOver) {
    const UtcDay today = day_of(kNow);
    const auto yesterday = today - days(1);
    struct Case {
        const char* name;
        std::optional<UtcDay> last;
        std::chrono::seconds at;
        std::optional<UtcDay> want;
    };
    const Case cases[] = {
        {"never yet", std::nullopt, 6h, std::nullopt},
        {"told yesterday", yesterday - days(1), 6h, yesterday},
        {"told already", yesterday, 6h, std::nullopt},
        {"too early", yesterday - days(1), 13h, std::nullopt},
        {"just now", yesterday - days(1), 12h, yesterday},
        {"down for a week", yesterday - days(7), 6h, yesterday},
        {"a clock that went back", today + days(3), 6h, std::nullopt},
    };
    for (const auto& each : cases)
        EXPECT_EQ(summary_due(each.last, kNow, each.at), each.want) << each.name;
}

trace::Record attempt(std::string reply) {
    trace::Record record;
    record.time = kNow;
    record.service = "sender";
    record.hello = "far.example";
    record.add({.forward_path = "eve@far.example",
                .is_accepted = false,
                .reply = std::move(reply),
                .reason = {},
                .steps = {},
                .places = {{trace::Place::Kind::queue, "mx.far.example", {}, 5, "failed"}}});
    return record;
}

Summary summary_of(HostFacts facts) {
    const auto today = day_of(kNow);
    Summary out{.begin = WallTime(today - days(1)), .end = WallTime(today)};
    out.facts = std::move(facts);
    out.matters = matters_of(out.facts);
    out.mail.tally = std::make_unique<trace::Tally>(trace::Tally::Choice{});
    return out;
}

bool has(const Notice& notice, std::string_view words) { return notice.text.contains(words); }

TEST(SummaryText, TellsWhatIsNewAndWhatHasSettled) {
    auto facts = healthy();
    facts.store->free_bytes = 0;
    facts.queue->push_back({.domain = "far.example", .due = 3, .oldest = kNow - days(2)});
    auto summary = summary_of(std::move(facts));
    summary.told = {"queue far.example", "queue held", "dns example.org spf-missing"};
    const auto notice = summary_notice(summary);
    EXPECT_EQ(notice.subject, "[mail.example.org] mail on 2023-11-14: 0 in, 0 out, 1 urgent");
    EXPECT_TRUE(has(notice, "  ! new: The disk is too full")) << notice.text;
    EXPECT_TRUE(has(notice, "  - 3 recipients wait for far.example")) << notice.text;
    EXPECT_TRUE(has(notice, "Settled since the last summary\n  queue held\n")) << notice.text;
    EXPECT_FALSE(has(notice, "spf-missing")) << "the DNS was not asked";
    summary.facts.dns.emplace();
    EXPECT_TRUE(has(summary_notice(summary), "spf-missing"));
}

TEST(SummaryText, TellsWhoDidNotTakeOurMailAndWhy) {
    auto summary = summary_of(healthy());
    summary.mail.tally->add(attempt("550 5.7.1 \x1b[31mNo, \xff"));
    const auto notice = summary_notice(summary);
    EXPECT_TRUE(has(notice, "  far.example: 1 failed, 0 attempts put off, 0 sent\n"))
        << notice.text;
    EXPECT_TRUE(has(notice, "    1 × 550 5.7.1  [31mNo, ")) << notice.text;
    EXPECT_FALSE(has(notice, "\x1b"));
    EXPECT_TRUE(has_news(summary));
}

TEST(SummaryText, HasNewsWhenSomethingHasChanged) {
    auto summary = summary_of(healthy());
    EXPECT_FALSE(has_news(summary));
    summary.told = {"queue held"};
    EXPECT_TRUE(has_news(summary)); // it is over
    auto facts = healthy();
    facts.store.reset();
    auto bad = summary_of(facts);
    EXPECT_TRUE(has_news(bad));
    bad.told = {"store"};
    EXPECT_FALSE(has_news(bad)); // it lasts
}

TEST(SummaryText, HasShortLines) {
    auto facts = healthy();
    facts.unknown.push_back(std::string(5'000, 'x'));
    auto summary = summary_of(std::move(facts));
    summary.mail.tally->add(attempt("550 " + std::string(5'000, 'y')));
    auto text = summary_notice(summary).text;
    while (!text.empty()) {
        const auto end = text.find('\n');
        EXPECT_LE(end, 900U);
        text.erase(0, end + 1);
    }
}

} // namespace
} // namespace maild::daemon
