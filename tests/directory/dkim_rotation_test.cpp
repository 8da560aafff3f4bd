// What comes next for a domain's keys, from the first to the one after the next.
#include "maild/directory/dkim_rotation.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using policy::dkim::Algorithm;
using policy::dkim::Publication;
using enum DkimState;

const WallTime kNow = from_unix_seconds(1'795'000'000); // 2026-11-18 11:06:40

DkimKey key(std::string selector, DkimState state, WallTime created = kNow - 24h,
            Algorithm algorithm = Algorithm::ed25519_sha256) {
    DkimKey out;
    out.domain = "example.org";
    out.selector = std::move(selector);
    out.algorithm = algorithm;
    out.public_key = "AAAA";
    out.state = state;
    out.created = created;
    if (state != published) out.activated = created;
    return out;
}

std::string moves_of(const RotationPlan& plan) {
    std::string out;
    for (const auto& move : plan.moves)
        out += (out.empty() ? "" : ", ") + move.selector + " " + std::string(name_of(move.to));
    return out;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
}

const DkimSight kSeen{Publication::right, false, 1h};

TEST(DkimRotation, WaitsForARecordAndSaysForWhich) {
    const struct {
        DkimSight sight;
        const char* want;
    } cases[] = {
        {{}, "the DNS has no record of it"},
        {{Publication::another}, "the DNS has another record at its name"},
        {{Publication::several},
         "the DNS has several records at its name, of which one is to stay"},
        {{Publication::revoked}, "its record in the DNS says that it is revoked (an empty p=)"},
        {{Publication::right, true}, "the DNS does not answer for its record"},
    };
    for (const auto& c : cases) {
        const auto plan = plan_rotation({key("a", published)}, {{"a", c.sight}}, {}, kNow);
        EXPECT_EQ(moves_of(plan), "");
        EXPECT_FALSE(plan.is_idle);
        EXPECT_EQ(joined(plan.sentences),
                  std::string("a is to sign as soon as its record is published: ") + c.want +
                      ". Publish the TXT record a._domainkey.example.org\n");
        EXPECT_EQ(moves_of(plan_rotation({key("a", published)}, {{"a", c.sight}},
                                         {.is_forced = true}, kNow)),
                  "a active");
    }
}

TEST(DkimRotation, SwitchesWhenTheRecordIsThere) {
    const std::vector keys{key("old", active, kNow - 2400h), key("new", published)};
    auto plan = plan_rotation(keys, {{"old", kSeen}}, {}, kNow);
    EXPECT_EQ(moves_of(plan), "");
    EXPECT_TRUE(joined(plan.sentences).starts_with("old signs since 2026-08-10 11:06 UTC\n"));
    plan = plan_rotation(keys, {{"old", kSeen}, {"new", kSeen}}, {}, kNow);
    EXPECT_EQ(moves_of(plan), "new active, old retired");
    EXPECT_EQ(plan.moves[1].keep_until, kNow + 49h);
    EXPECT_EQ(joined(plan.moved), "new signs from now on\nold signs no more; leave its record in "
                                  "the DNS until 2026-11-20 12:06 UTC\n");
}

TEST(DkimRotation, LetsEachAlgorithmGoItsOwnWay) {
    const std::vector keys{
        key("r1", active, kNow - 48h, Algorithm::rsa_sha256), key("e1", active, kNow - 48h),
        key("r2", published, kNow - 1h, Algorithm::rsa_sha256), key("e2", published, kNow - 1h)};
    EXPECT_EQ(moves_of(plan_rotation(keys, {{"e2", kSeen}}, {}, kNow)), "e2 active, e1 retired");
    EXPECT_EQ(moves_of(plan_rotation(keys, {{"e2", kSeen}, {"r2", kSeen}}, {}, kNow)),
              "r2 active, r1 retired, e2 active, e1 retired");
}

TEST(DkimRotation, TakesTheNewestOfThoseThatWait) {
    const std::vector keys{key("a", published, kNow - 2h), key("b", published, kNow - 1h)};
    const auto plan = plan_rotation(keys, {{"a", kSeen}, {"b", kSeen}}, {}, kNow);
    EXPECT_EQ(moves_of(plan), "b active");
    EXPECT_EQ(plan.sentences.front(),
              "a waits, but a newer key of its kind comes first; remove it, if it is of no use");
}

TEST(DkimRotation, KeepsARetiredRecordForMailUnderWay) {
    auto old = key("old", retired);
    old.keep_until = kNow + 1s;
    auto plan = plan_rotation({old, key("new", active)}, {{"new", kSeen}}, {}, kNow);
    EXPECT_EQ(moves_of(plan), "");
    EXPECT_FALSE(plan.is_idle);
    plan = plan_rotation({old, key("new", active)}, {{"new", kSeen}}, {.is_forced = true}, kNow);
    EXPECT_EQ(moves_of(plan), "");
    old.keep_until = kNow;
    plan = plan_rotation({old, key("new", active)}, {{"new", kSeen}}, {}, kNow);
    EXPECT_EQ(moves_of(plan), "old removed");
    EXPECT_EQ(joined(plan.moved), "old is forgotten; the TXT record old._domainkey.example.org "
                                  "may be deleted from the DNS\n");
}

TEST(DkimRotation, IsIdleOnlyWhenNothingIsUnderWay) {
    EXPECT_TRUE(plan_rotation({}, {}, {}, kNow).is_idle);
    EXPECT_EQ(plan_rotation({}, {}, {}, kNow).sentences.front(),
              "there are no keys, so nothing is signed");
    EXPECT_TRUE(plan_rotation({key("a", active), key("b", removed)}, {}, {}, kNow).is_idle);
    EXPECT_EQ(plan_rotation({key("a", active)}, {}, {}, kNow).sentences.front(),
              "a signs since 2026-11-17 11:06 UTC, but the DNS has no record of it");
}

TEST(DkimRotation, WritesRecordsAsZoneFilesHaveThem) {
    auto one = key("a", published);
    EXPECT_EQ(zone_line(one), "a._domainkey.example.org. IN TXT \"v=DKIM1; k=ed25519; p=AAAA\"\n");
    one.public_key = std::string(392, 'A');
    EXPECT_EQ(zone_value(one), "( \"v=DKIM1; k=ed25519; p=" + std::string(233, 'A') + "\" \"" +
                                   std::string(159, 'A') + "\" )");
}

} // namespace
} // namespace maild::directory
