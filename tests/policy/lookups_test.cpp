// Several questions at once.
#include "policy/lookups.hpp"
#include "support/run_task.hpp"

#include "maild/net/timer.hpp"
#include "maild/policy/dkim.hpp"

#include <gtest/gtest.h>

namespace maild::policy {
namespace {

using std::chrono::milliseconds;

// Answers nobody until so many have asked.
class CrowdResolver final : public net::Resolver {
public:
    explicit CrowdResolver(std::size_t crowd) : crowd_(crowd) {}

    net::Task<net::DnsAnswer> lookup(net::DnsQuestion question, milliseconds timeout) override {
        asked.push_back(question.name);
        most_waiting = std::max(most_waiting, ++waiting_);
        net::DnsAnswer answer;
        bool is_there = asked.size() >= crowd_;
        if (is_there)
            there_.notify();
        else
            is_there = co_await there_.wait(timeout);
        --waiting_;
        if (!is_there) co_return answer;
        answer.status = net::DnsStatus::found;
        answer.texts = {question.name};
        co_return answer;
    }

    std::vector<std::string> asked;
    std::size_t most_waiting = 0;

private:
    std::size_t crowd_;
    std::size_t waiting_ = 0;
    net::Event there_;
};

std::vector<net::DnsQuestion> questions(std::size_t count) {
    std::vector<net::DnsQuestion> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back({std::to_string(i), net::DnsType::txt});
    return out;
}

std::vector<net::DnsAnswer> asked(net::Resolver& dns, std::size_t count, LookupLimits limits) {
    return maild::test::run_task(ask_all(dns, questions(count), limits));
}

TEST(Lookups, AskTogether) {
    for (const std::size_t count : {0U, 1U, 2U, 8U}) {
        CrowdResolver dns(count);
        const auto answers = asked(dns, count, {});
        ASSERT_EQ(answers.size(), count);
        EXPECT_EQ(dns.most_waiting, count);
        for (std::size_t i = 0; i < count; ++i)
            EXPECT_EQ(answers[i].texts, std::vector<std::string>{std::to_string(i)});
    }
}

TEST(Lookups, AreBounded) {
    CrowdResolver dns(kMaxQuestionsAtOnce);
    const auto answers = asked(dns, 30, {});
    EXPECT_EQ(dns.most_waiting, kMaxQuestionsAtOnce);
    EXPECT_EQ(dns.asked.size(), 30U);
    for (std::size_t i = 0; i < 30; ++i) EXPECT_EQ(dns.asked[i], std::to_string(i));
    for (const auto& answer : answers) EXPECT_EQ(answer.status, net::DnsStatus::found);
}

// A server that is silent takes its part of the time, and all together no more than there is.
TEST(Lookups, EndInTime) {
    CrowdResolver dns(1'000);
    const auto begin = std::chrono::steady_clock::now();
    const auto answers = asked(dns, 100, {milliseconds(20), milliseconds(50)});
    EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(40));
    ASSERT_EQ(answers.size(), 100U);
    for (const auto& answer : answers) EXPECT_TRUE(answer.failed());
    EXPECT_GT(dns.asked.size(), kMaxQuestionsAtOnce);
    EXPECT_LE(dns.asked.size(), 4 * kMaxQuestionsAtOnce);
}

TEST(Lookups, KeysThatAreNotThereInTimeHaveFailed) {
    CrowdResolver dns(1);
    const auto keys = maild::test::run_task(dkim::ask_keys(dns, {"a", "b"}));
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys.at("b").state, dkim::KeyAnswer::State::found);
    EXPECT_TRUE(maild::test::run_task(dkim::ask_keys(dns, {})).empty());
}

} // namespace
} // namespace maild::policy
