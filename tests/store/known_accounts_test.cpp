#include "store/known_accounts.hpp"

#include <gtest/gtest.h>

namespace maild::store {
namespace {

const AccountId kAda(1);
const AccountId kBob(2);

TEST(KnownAccounts, NotesNothingThatMayHaveChangedSince) {
    KnownAccounts known;
    const auto before = known.version();
    known.forget(kBob); // of anybody: a look is no longer than a moment
    known.note_defaults(kAda, before);
    known.note_name(kAda, "INBOX", {MailboxId(7), kAllRights}, before);
    EXPECT_FALSE(known.has_defaults(kAda));
    EXPECT_EQ(known.find(kAda, "INBOX"), nullptr);
    known.note_defaults(kAda, known.version());
    known.note_name(kAda, "INBOX", {MailboxId(7), kAllRights}, known.version());
    EXPECT_TRUE(known.has_defaults(kAda));
    ASSERT_NE(known.find(kAda, "INBOX"), nullptr);
    EXPECT_EQ(known.find(kAda, "INBOX")->id, MailboxId(7));
    EXPECT_EQ(known.find(kBob, "INBOX"), nullptr);
    EXPECT_EQ(known.find(kAda, "Archive"), nullptr);
    known.forget(kAda);
    EXPECT_FALSE(known.has_defaults(kAda));
    EXPECT_EQ(known.find(kAda, "INBOX"), nullptr);
}

TEST(KnownAccounts, CountsWhatItLetIn) {
    KnownAccounts known;
    const Quota quota{1000, 3};
    const SteadyTime now{};
    EXPECT_FALSE(known.surely_fits(kAda, quota, 1, now)) << "nobody has looked";
    known.note_usage(kAda, {.used_bytes = 500, .used_messages = 1}, now, known.version());
    EXPECT_TRUE(known.surely_fits(kAda, quota, 300, now));
    EXPECT_FALSE(known.surely_fits(kAda, quota, 300, now));
    EXPECT_TRUE(known.surely_fits(kAda, quota, 200, now));
    EXPECT_FALSE(known.surely_fits(kAda, quota, 0, now)) << "three messages";
    EXPECT_TRUE(known.surely_fits(kAda, {0, 0}, 1U << 30U, now)) << "without a quota";
    EXPECT_FALSE(known.surely_fits(kAda, quota, 2000, now)) << "never";
}

TEST(KnownAccounts, ChargesWhatIsStored) {
    KnownAccounts known;
    const Quota quota{1000, 0};
    const SteadyTime now{};
    known.charge(kAda, 1); // of nobody known
    const auto before = known.version();
    known.note_usage(kAda, {}, now, before);
    EXPECT_TRUE(known.surely_fits(kAda, quota, 0, now)) << "who says no size is charged for none";
    known.charge(kAda, 900);
    EXPECT_FALSE(known.surely_fits(kAda, quota, 200, now));
    EXPECT_TRUE(known.surely_fits(kAda, quota, 100, now));
    known.forget_usage(kAda);
    EXPECT_FALSE(known.surely_fits(kAda, {}, 0, now));
    known.forget(kBob);
    known.note_usage(kAda, {}, now, before);
    EXPECT_FALSE(known.surely_fits(kAda, {}, 0, now)) << "of before something was forgotten";
}

TEST(KnownAccounts, BelievesForAMoment) {
    KnownAccounts known;
    const SteadyTime now{};
    known.note_usage(kAda, {}, now, known.version());
    const auto later = now + KnownAccounts::kUsageHolds;
    EXPECT_TRUE(known.surely_fits(kAda, {}, 1, later - std::chrono::milliseconds(1)));
    EXPECT_FALSE(known.surely_fits(kAda, {}, 1, later));
    known.note_usage(kBob, {.is_removed = true}, now, known.version());
    EXPECT_FALSE(known.surely_fits(kBob, {}, 1, now));
}

TEST(KnownAccounts, IsBounded) {
    KnownAccounts known;
    const auto version = known.version();
    std::size_t most = 0;
    for (std::size_t i = 1; i <= 3 * KnownAccounts::kMostAccounts; ++i) {
        known.note_defaults(AccountId(static_cast<std::int64_t>(i)), version);
        most = std::max(most, known.size());
    }
    EXPECT_EQ(most, KnownAccounts::kMostAccounts);
    KnownAccounts few;
    few.set_most(2);
    for (int i = 1; i <= 5; ++i) few.note_defaults(AccountId(i), few.version());
    EXPECT_EQ(few.size(), 2U);
    for (std::size_t i = 0; i < 3 * KnownAccounts::kMostNames; ++i)
        known.note_name(kAda, std::to_string(i), {MailboxId(1), kAllRights}, version);
    std::size_t names = 0;
    for (std::size_t i = 0; i < 3 * KnownAccounts::kMostNames; ++i)
        names += known.find(kAda, std::to_string(i)) != nullptr ? 1 : 0;
    EXPECT_EQ(names, KnownAccounts::kMostNames);
    const MailboxName longest(KnownAccounts::kLongestName + 1, 'n');
    known.note_name(kAda, longest, {MailboxId(1), kAllRights}, version);
    EXPECT_EQ(known.find(kAda, longest), nullptr);
}

} // namespace
} // namespace maild::store
