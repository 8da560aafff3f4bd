#include "support/fake_clock.hpp"

#include "maild/sender/retry.hpp"

#include <gtest/gtest.h>

namespace maild::sender {
namespace {

using namespace std::chrono_literals;
using queue::Report;

struct Case {
    const char* name;
    std::chrono::seconds age{}; // since it was queued
    std::uint32_t attempts = 0; // before this one
    relay::Fate fate = relay::Fate::deferred;
    std::string notify{};
    std::string reverse_path = "me@here.example";
    bool was_told = false;
    bool host_reports = false;
    std::optional<queue::DeliverBy> by{}; // deadline: since it was queued
    std::optional<std::chrono::seconds> not_before{};
    // wanted
    queue::Outcome outcome = queue::Outcome::deferred;
    Report owes = Report::none;
    std::chrono::seconds least{}, most{}; // until the next attempt
    std::string status = "4.2.0";
    friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

const auto kStart = from_unix_seconds(1'700'000'000);

class Settlement : public testing::TestWithParam<Case> {};

TEST_P(Settlement, Follows) {
    const auto& c = GetParam();
    queue::LeasedMessage message;
    message.envelope.reverse_path = c.reverse_path;
    message.envelope.handling.deliver_by = c.by;
    if (c.not_before) message.envelope.handling.not_before = kStart + *c.not_before;
    message.queued_at = kStart;
    queue::LeasedRecipient recipient;
    recipient.key = {QueueId(5), 1, c.attempts};
    recipient.recipient.notify = c.notify;
    recipient.was_told_delay = c.was_told;
    relay::Outcome outcome;
    outcome.fate = c.fate;
    outcome.status = "4.2.0";
    outcome.words = "450 4.2.0 come back";
    outcome.host = "mx.example";
    test::SeededRandom random(1);
    const auto now = kStart + c.age;
    for (int i = 0; i < 50; ++i) {
        const auto got = settlement_for(RetryPolicy{},
                                        {message, recipient, outcome, c.host_reports}, now, random);
        EXPECT_EQ(got.outcome, c.outcome);
        EXPECT_EQ(got.owes, c.owes);
        EXPECT_EQ(got.key, recipient.key);
        EXPECT_EQ(got.status, c.status);
        EXPECT_NE(got.reason.find("450 4.2.0 come back"), std::string::npos) << got.reason;
        if (got.outcome != queue::Outcome::deferred) continue;
        EXPECT_GE(got.next_attempt_at - now, c.least);
        EXPECT_LE(got.next_attempt_at - now, c.most);
    }
}

const Case kCases[] = {
    {.name = "First", .least = 96s, .most = 144s},
    {.name = "Second", .age = 2min, .attempts = 1, .least = 192s, .most = 288s},
    {.name = "Later", .age = 3h, .attempts = 6, .least = 6144s, .most = 9216s},
    {.name = "NeverRarerThan", .age = 3h, .attempts = 4'000'000'000U, .least = 3h, .most = 5h},
    {.name = "ToldOfTheDelay",
     .age = 4h,
     .attempts = 7,
     .owes = Report::delay,
     .least = 3h,
     .most = 5h},
    {.name = "ToldOnce", .age = 9h, .attempts = 8, .was_told = true, .least = 3h, .most = 5h},
    {.name = "ToldNever", .age = 9h, .attempts = 8, .notify = "NEVER", .least = 3h, .most = 5h},
    {.name = "ToldOnlyFailures",
     .age = 9h,
     .attempts = 8,
     .notify = "FAILURE",
     .least = 3h,
     .most = 5h},
    {.name = "NobodyToTell", .age = 9h, .attempts = 8, .reverse_path = {}, .least = 3h, .most = 5h},
    {.name = "OnceMoreAtTheEnd",
     .age = 119h,
     .attempts = 30,
     .was_told = true,
     .least = 1h,
     .most = 1h},
    {.name = "GivenUp",
     .age = 120h,
     .attempts = 31,
     .was_told = true,
     .outcome = queue::Outcome::failed,
     .owes = Report::failure,
     .status = "5.4.7"},
    {.name = "GivenUpOnlyAfterSomeAttempts",
     .age = 1000h,
     .attempts = 4,
     .was_told = true,
     .least = 25min,
     .most = 39min},
    {.name = "GivenUpThen",
     .age = 1000h,
     .attempts = 5,
     .outcome = queue::Outcome::failed,
     .owes = Report::failure,
     .status = "5.4.7"},
    {.name = "GivenUpSilently",
     .age = 120h,
     .attempts = 31,
     .notify = "NEVER",
     .outcome = queue::Outcome::failed,
     .status = "5.4.7"},
    {.name = "HeldFor", .age = 125h, .not_before = 124h, .least = 96s, .most = 144s},
    {.name = "Failed",
     .fate = relay::Fate::failed,
     .outcome = queue::Outcome::failed,
     .owes = Report::failure},
    {.name = "FailedReport",
     .fate = relay::Fate::failed,
     .reverse_path = {},
     .outcome = queue::Outcome::failed},
    {.name = "FailedUntold",
     .fate = relay::Fate::failed,
     .notify = "SUCCESS,DELAY",
     .outcome = queue::Outcome::failed},
    {.name = "Delivered", .fate = relay::Fate::delivered, .outcome = queue::Outcome::delivered},
    {.name = "DeliveredAndTold",
     .fate = relay::Fate::delivered,
     .notify = "SUCCESS",
     .outcome = queue::Outcome::delivered,
     .owes = Report::success},
    {.name = "TheHostTells",
     .fate = relay::Fate::delivered,
     .notify = "SUCCESS",
     .host_reports = true,
     .outcome = queue::Outcome::delivered},
    {.name = "ByDeadline",
     .by = queue::DeliverBy{kStart + 60s, true, false},
     .least = 60s,
     .most = 60s},
    {.name = "LateGoesBack",
     .age = 60s,
     .by = queue::DeliverBy{kStart + 60s, true, false},
     .outcome = queue::Outcome::failed,
     .owes = Report::failure,
     .status = "5.4.7"},
    {.name = "LateIsTold",
     .age = 60s,
     .by = queue::DeliverBy{kStart + 60s, false, false},
     .owes = Report::delay,
     .least = 96s,
     .most = 144s},
};

INSTANTIATE_TEST_SUITE_P(Table, Settlement, testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.name); });

} // namespace
} // namespace maild::sender
