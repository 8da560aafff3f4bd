// Keys of domains, moved by what the DNS shows; and the settings for it.
#include "daemon/config_file.hpp"
#include "daemon/dkim_care.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/memory_directory.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;
using maild::test::run_task;
using Way = DkimCare::Way;

constexpr auto kEd25519 = policy::dkim::Algorithm::ed25519_sha256;

class DkimCareTest : public ::testing::Test {
protected:
    DkimCareTest() {
        log::to_nowhere();
        (void)run_task(directory_.add_domain("example.org"));
    }
    void add(const std::string& selector) {
        const auto added =
            run_task(directory_.add_dkim_keys("example.org", {{kEd25519, selector, ""}}));
        ASSERT_TRUE(added.has_value());
        records_[selector] = added->front();
    }
    void publish(const std::string& selector) {
        resolver_.add_txt(records_[selector].record_name(), records_[selector].record());
    }
    // "selector state" of each key behind a turn, and how many steps were done.
    std::string turn(Way way = Way::carry_out, directory::RotationRules rules = {}) {
        const auto turn = run_task(care_.turn("example.org", rules, way));
        if (!turn) return turn.error().internal;
        std::string out = std::to_string(turn->moved.size()) + ":";
        for (const auto& key : turn->keys)
            out += " " + key.selector + " " + std::string(directory::name_of(key.state));
        return out;
    }

    maild::test::FakeClock clock_;
    maild::test::SeededRandom random_{1};
    maild::test::MemoryResolver resolver_;
    directory::MemoryDirectory directory_{auth::TokenKey(std::string(32, 'k')), clock_, random_};
    DkimCare care_{directory_, resolver_, clock_};
    std::map<std::string, directory::DkimKey> records_;
};

TEST_F(DkimCareTest, RotatesAsTheDnsFollows) {
    add("a");
    EXPECT_EQ(turn(), "0: a published");
    publish("a");
    EXPECT_EQ(turn(Way::tell), "0: a published");
    EXPECT_EQ(turn(), "1: a active");
    EXPECT_EQ(turn(), "0: a active");
    clock_.advance(1h);
    add("b");
    EXPECT_EQ(turn(), "0: a active b published");
    publish("b");
    EXPECT_EQ(turn(), "2: a retired b active");
    clock_.advance(47h);
    EXPECT_EQ(turn(), "0: a retired b active");
    clock_.advance(2h);
    EXPECT_EQ(turn(), "1: a removed b active");
    EXPECT_EQ(turn(), "0: a removed b active");
}

TEST_F(DkimCareTest, MovesNothingWithoutTheDnsUnlessForced) {
    add("a");
    add("b");
    resolver_.fail(records_["b"].record_name());
    resolver_.add_txt(records_["a"].record_name(), "v=DKIM1; k=ed25519; p=AAAA");
    EXPECT_EQ(turn(), "0: a published b published");
    EXPECT_EQ(turn(Way::carry_out, {.is_forced = true}), "1: a published b active");
}

TEST_F(DkimCareTest, SaysWhatIsNoDomain) {
    const auto turn = run_task(care_.turn("example.net", {}, Way::tell));
    ASSERT_FALSE(turn.has_value());
    EXPECT_EQ(turn.error().code, Errc::no_such_domain);
}

TEST(DkimConfig, IsReadWhole) {
    const HostDefaults host{.hostname = "mx.example.org", .cores = 2};
    const auto plain = parse_config("", "m.toml", host).config.dkim;
    EXPECT_TRUE(plain.signs && plain.switches);
    EXPECT_EQ(plain.retired_for, 48h);
    EXPECT_EQ(plain.signature_lifetime, 0s);
    const auto parsed =
        parse_config("[dkim]\nsign = \"off\"\nsignature_lifetime = \"14 d\"\nswitching = "
                     "\"manual\"\nsignatures_per_second = 0\nlook_every = \"1 min\"\n"
                     "retired_for = \"5 d\"\n",
                     "m.toml", host);
    EXPECT_TRUE(parsed.faults.empty());
    const auto& dkim = parsed.config.dkim;
    EXPECT_FALSE(dkim.signs || dkim.switches);
    EXPECT_EQ(dkim.signature_lifetime, 14 * 24h);
    EXPECT_EQ(dkim.signatures_per_second, 0U);
    EXPECT_EQ(dkim.look_every, 1min);
    EXPECT_EQ(dkim.retired_for, 5 * 24h);
    const auto faulty = parse_config("[dkim]\nsignature_lifetime = \"1 h\"\n", "m.toml", host);
    ASSERT_EQ(faulty.faults.size(), 1U);
    EXPECT_NE(faulty.faults.front().what.find("less than mail may be under way"),
              std::string::npos);
}

} // namespace
} // namespace maild::daemon
