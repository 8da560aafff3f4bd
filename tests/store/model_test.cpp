// The promises (DESIGN §1) held against random histories (store/model/history.hpp). Seeds are split
// over several cases, which run side by side. MAILD_MODEL_SEEDS=n: n histories in each case instead
// of the usual number; MAILD_MODEL_SEED=n: that one alone.
#include "store/model/history.hpp"
#include "support/effort.hpp"

#include "maild/base/log.hpp"

#include <gmock/gmock.h>

#include <iostream>

namespace maild::store::test {
namespace {

constexpr std::uint64_t kCases = 4;
constexpr int kGroups = 14; // of a history

class StoreModel : public testing::TestWithParam<std::uint64_t> {
protected:
    StoreModel() { log::to_nowhere(); }

    // Seeds of this case, until a promise is broken.
    template <class Run> static Tally run_seeds(std::uint64_t count, Run run) {
        Tally tally;
        const auto only = maild::test::number_from("MAILD_MODEL_SEED", 0);
        const auto histories = only != 0 ? 1 : maild::test::rounds("MAILD_MODEL_SEEDS", count);
        for (std::uint64_t i = 0; i < histories && tally.wrong.empty(); ++i)
            run(only != 0 ? only : 1 + GetParam() + i * kCases, tally);
        return tally;
    }
};

TEST_P(StoreModel, KeepsItsPromisesOverPowerCuts) {
    const auto tally = run_seeds(
        4, [](std::uint64_t seed, Tally& t) { History(seed).crash_everywhere(kGroups, t); });
    EXPECT_EQ(tally.wrong, "");
    EXPECT_GT(tally.crash_points, 100U);
    std::cout << tally.crash_points << " crash points, " << tally.operations << " operations, "
              << (tally.wrong.empty() ? 0 : 1) << " bad\n";
}

TEST_P(StoreModel, KeepsItsPromisesWhenCallsFail) {
    const auto tally = run_seeds(
        60, [](std::uint64_t seed, Tally& t) { History(seed).fail_somewhere(kGroups, t); });
    EXPECT_EQ(tally.wrong, "");
    std::cout << tally.failures << " groups with failing calls, " << tally.operations
              << " operations, " << (tally.wrong.empty() ? 0 : 1) << " bad\n";
}

INSTANTIATE_TEST_SUITE_P(Seeds, StoreModel, testing::Range<std::uint64_t>(0, kCases));

// A store that skips a sync is found out, whichever it is.
class StoreMutant : public testing::TestWithParam<const char*> {};

TEST_P(StoreMutant, IsCaught) {
    log::to_nowhere();
    Tally tally;
    for (std::uint64_t seed = 1; seed <= 20 && tally.wrong.empty(); ++seed)
        History(seed, Mutant{GetParam()}).crash_everywhere(kGroups, tally);
    EXPECT_THAT(tally.wrong, testing::AnyOf(testing::HasSubstr("after recovery"),
                                            testing::HasSubstr("does not open"),
                                            testing::HasSubstr("was told")));
}

INSTANTIATE_TEST_SUITE_P(Syncs, StoreMutant,
                         testing::Values(".pk", "meta.db-wal", "meta.db", "/pack"));

} // namespace
} // namespace maild::store::test
