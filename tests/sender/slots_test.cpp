#include "sender/slots.hpp"

#include "maild/net/spawn.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <string>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::sender {
namespace {

class SlotsTest : public testing::Test {
protected:
    static net::Task<void> ask(SlotsTest& test, char name, bool is_doubtful) {
        const bool has_slot = co_await test.slots.take(is_doubtful);
        test.told += has_slot ? name : '-';
    }
    void ask(char name, bool is_doubtful = false) {
        net::spawn(io, ask(*this, name, is_doubtful), "ask");
        settle();
    }
    void give_back(bool is_doubtful = false) {
        slots.give_back(is_doubtful);
        settle();
    }
    void settle() {
        io.restart();
        while (io.poll() > 0) {
        }
    }

    boost::asio::io_context io;
    Slots slots{4};
    std::string told;
};

TEST_F(SlotsTest, GivesThemInTurn) {
    for (const char name : std::string("abcdef")) ask(name);
    EXPECT_EQ(told, "abcd");
    EXPECT_TRUE(slots.is_contended());
    give_back();
    EXPECT_EQ(told, "abcde");
    give_back();
    EXPECT_EQ(told, "abcdef");
    EXPECT_FALSE(slots.is_contended());
    EXPECT_EQ(slots.taken(), 4U);
}

TEST_F(SlotsTest, DoubtfulOnesHaveHalfOfThem) {
    for (const char name : std::string("ABC")) ask(name, true);
    EXPECT_EQ(told, "AB");
    EXPECT_FALSE(slots.is_contended()) << "there are others, which C may not have";
    ask('a');
    ask('b');
    ask('c');
    EXPECT_EQ(told, "ABab");
    EXPECT_TRUE(slots.is_contended());
    give_back();
    EXPECT_EQ(told, "ABabc") << "although C came first";
    give_back(true);
    EXPECT_EQ(told, "ABabcC");
}

TEST_F(SlotsTest, FollowsANewNumber) {
    for (const char name : std::string("abcdef")) ask(name);
    slots.set_most(6);
    settle();
    EXPECT_EQ(told, "abcdef");
    slots.set_most(2);
    give_back();
    ask('g');
    EXPECT_EQ(told, "abcdef") << "five are taken still";
}

TEST_F(SlotsTest, SendsWaitersAwayAtTheEnd) {
    for (const char name : std::string("abcde")) ask(name);
    slots.stop();
    settle();
    EXPECT_EQ(told, "abcd-");
    ask('f');
    EXPECT_EQ(told, "abcd--");
}

} // namespace
} // namespace maild::sender
