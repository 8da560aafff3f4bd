#include "maild/store/message_states.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>

namespace maild::store {
namespace {

std::vector<MessageState> messages(const std::vector<std::uint32_t>& uids) {
    std::vector<MessageState> out;
    for (const auto uid : uids) out.push_back({Uid(uid), Flags{uid % 32}, ModSeq(10 * uid)});
    return out;
}

std::vector<Uid> to_uids(const std::vector<std::uint32_t>& numbers) {
    return {numbers.begin(), numbers.end()};
}

void expect_left(std::vector<MessageState> got, const std::vector<std::uint32_t>& want) {
    const auto wanted = messages(want);
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].uid, wanted[i].uid);
        EXPECT_EQ(got[i].flags.bits, wanted[i].flags.bits);
        EXPECT_EQ(got[i].modseq, wanted[i].modseq);
    }
}

TEST(MessageStates, AreRemovedByUid) {
    const struct {
        const char* name;
        std::vector<std::uint32_t> there, gone, left;
    } cases[] = {{"none of none", {}, {}, {}},
                 {"one that none has", {}, {7}, {}},
                 {"none", {1, 2, 3}, {}, {1, 2, 3}},
                 {"the only one", {9}, {9}, {}},
                 {"the first", {2, 4, 6}, {2}, {4, 6}},
                 {"one in the middle", {2, 4, 6}, {4}, {2, 6}},
                 {"the last", {2, 4, 6}, {6}, {2, 4}},
                 {"all", {2, 4, 6}, {2, 4, 6}, {}},
                 {"neighbours", {1, 2, 3, 4, 5, 6}, {2, 3, 5}, {1, 4, 6}},
                 {"some that are not there", {2, 4, 6, 8}, {1, 4, 5, 8, 9}, {2, 6}}};
    for (const auto& one : cases) {
        SCOPED_TRACE(one.name);
        auto got = messages(one.there);
        remove_messages(got, to_uids(one.gone));
        expect_left(std::move(got), one.left);
    }
}

TEST(MessageStates, AreRemovedAsOneByOne) {
    std::mt19937 random(1);
    const auto number = [&random] { return static_cast<std::uint32_t>(random() % 100 + 1); };
    for (int round = 0; round < 500; ++round) {
        std::set<std::uint32_t> there, gone;
        for (auto count = random() % 60; count > 0; --count) there.insert(number());
        for (auto count = random() % 60; count > 0; --count) gone.insert(number());
        auto got = messages({there.begin(), there.end()});
        remove_messages(got, to_uids({gone.begin(), gone.end()}));
        for (const auto uid : gone) there.erase(uid);
        expect_left(std::move(got), {there.begin(), there.end()});
    }
}

} // namespace
} // namespace maild::store
