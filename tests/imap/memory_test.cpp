// What a command may hold of the memory for mail on its way, and what it makes of what it holds.
#include "imap/support/peer.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

namespace maild::imap::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr std::size_t kSmall = net::MemoryBudget::kSmall;

class ImapMemory : public ::testing::Test {
protected:
    ImapMemory() {
        auto impatient = *host.server;
        impatient.limits.memory_patience = 20ms;
        impatient.limits.message_size = host.budget.largest();
        host.server = std::make_shared<Server>(impatient);
        client = std::make_unique<Client>(host);
        client->log_in();
    }
    // All but `left` of the large part, and of the small one, too, if `is_all`.
    void take(std::size_t left, bool is_all = false) {
        auto& budget = host.budget;
        ASSERT_TRUE(others.emplace_back(budget).grow_to(budget.largest() - left));
        if (!is_all) return;
        while (budget.limit() - budget.used() >= kSmall)
            ASSERT_TRUE(others.emplace_back(budget).grow_to(kSmall));
    }

    Host host;
    std::deque<net::MemoryBudget::Lease> others;
    std::unique_ptr<Client> client;
};

TEST_F(ImapMemory, CountsWhatHasComeOfACommand) {
    client->send("a APPEND INBOX {5000+}\r\na: b\r\n");
    EXPECT_EQ(host.budget.used(), 0U) << "of what is little";
    EXPECT_TRUE(client->send(std::string(4994, 'a') + "\r\n").starts_with("a OK"));
    client->send("b APPEND INBOX {60000+}\r\na: b\r\n" + std::string(39'994, 'a'));
    EXPECT_GE(host.budget.used(), 40'000U);
    EXPECT_LE(host.budget.used(), 41'000U);
    EXPECT_TRUE(client->send(std::string(20'000, 'a') + "\r\n").starts_with("b OK"));
    EXPECT_EQ(host.budget.used(), 0U);
}

// An octet now and then is no progress.
TEST_F(ImapMemory, EndsACommandThatComesNoFurtherWhenOthersNeedItsMemory) {
    client->send("a APPEND INBOX {60000+}\r\na: b\r\n" + std::string(40'000, 'a'));
    take(0, true);
    EXPECT_FALSE(host.budget.may_come(kSmall));
    for (int i = 0; i < 10; ++i) {
        host.clock.advance(1s);
        client->send("a");
    }
    EXPECT_TRUE(host.budget.may_come(40'000));
    EXPECT_EQ(client->send(std::string(19'984, 'a')),
              "* BYE [UNAVAILABLE] Too much mail in transit, try again later\r\n");
    EXPECT_FALSE(client->is_open());
}

TEST_F(ImapMemory, WaitsForWhatCatenateMakes) {
    const auto message = "a: b\r\n\r\n" + std::string(1'000'000, 'a') + "\r\n";
    const auto size = std::to_string(message.size());
    ASSERT_TRUE(
        client->send("a APPEND INBOX {" + size + "+}\r\n" + message + "\r\n").starts_with("a OK"));
    take(1'500'000);
    const auto url = "URL \"/INBOX/;UID=1\""s;
    EXPECT_TRUE(client->say("b APPEND INBOX CATENATE (" + url + ")").starts_with("b OK"));
    EXPECT_EQ(client->say("c APPEND INBOX CATENATE (" + url + " " + url + ")"),
              "c NO [UNAVAILABLE] Too much mail in transit, try again later\r\n");
    others.clear();
    EXPECT_TRUE(
        client->say("d APPEND INBOX CATENATE (" + url + " " + url + ")").starts_with("d OK"));
    EXPECT_EQ(host.budget.used(), 0U);
}

// A stop is not held up by who waits.
TEST_F(ImapMemory, WaitsNoLongerWhenItIsToStop) {
    const auto message = "a: b\r\n\r\n" + std::string(1'000'000, 'a') + "\r\n";
    ASSERT_TRUE(client->send(append_command("a", "INBOX", message)).starts_with("a OK"));
    auto patient = *host.server;
    patient.limits.memory_patience = 1h;
    host.server = std::make_shared<Server>(patient);
    Client other(host);
    other.log_in();
    take(500'000);
    net::spawn(
        host.io,
        [](net::MemoryBudget& budget, Dialogue& dialogue) -> net::Task<void> {
            while (budget.waiting() == 0) co_await net::yield();
            dialogue.stop_waiting();
        }(host.budget, other.dialogue()),
        "stop");
    EXPECT_EQ(other.say("b APPEND INBOX CATENATE (URL \"/INBOX/;UID=1\" TEXT {3+}\r\na: )"),
              "b NO [UNAVAILABLE] Too much mail in transit, try again later\r\n");
}

TEST_F(ImapMemory, WaitsForWhatBinaryPartsBecome) {
    const auto message = "MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
                         std::string(300'000, '\0');
    const auto command =
        "APPEND INBOX ~{" + std::to_string(message.size()) + "+}\r\n" + message + "\r\n";
    take(600'000); // for both, that would be 710,000
    client->send("a " + command.substr(0, 200'000));
    EXPECT_EQ(client->send(command.substr(200'000)),
              "a NO [UNAVAILABLE] Too much mail in transit, try again later\r\n");
    others.clear();
    take(720'000);
    client->send("b " + command.substr(0, 200'000));
    EXPECT_TRUE(client->send(command.substr(200'000)).starts_with("b OK"));
    others.clear();
    EXPECT_EQ(host.budget.used(), 0U);
}

// The command around it must not be what never fits.
TEST_F(ImapMemory, AsksForTheLargestMessage) {
    const auto size = std::to_string(host.budget.largest());
    EXPECT_EQ(client->say("a APPEND INBOX {" + size + "}"), "+ OK\r\n");
}

} // namespace
} // namespace maild::imap::test
