#include "daemon/key_service.hpp"
#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using std::chrono::days;

struct Keys {
    test::FakeClock clock;
    test::SeededRandom random{1};
    KeyService service{clock, random};

    Keys() { clock.set_wall(from_unix_seconds(1'780'000'000)); } // 2026-05-28

    CertificateSource made(const std::vector<std::string>& names, int valid = 90) const {
        auto pair = net::make_self_signed(names, valid, clock.now()).value();
        return {.file = names.front() + ".pem",
                .certificate = std::move(pair.certificate),
                .key = std::move(pair.key),
                .names = {}};
    }
};

// HARDENING 32
TEST(KeyService, SaysWhatIsWrongWithTheDatesAsLongAsItLasts) {
    Keys keys;
    const auto made_at = keys.clock.now();
    EXPECT_EQ(keys.service.expiry_warnings(), "") << "nothing is loaded";
    ASSERT_TRUE(keys.service.load({keys.made({"mail.example.org", "example.org"})}));
    const struct {
        days after;
        const char* want;
    } cases[] = {
        {days(-2), "certificate of mail.example.org: not valid before 2026-05-27"},
        {days(0), ""},
        {days(76), ""},
        {days(77), "certificate of mail.example.org: expires in 13 days, on 2026-08-26"},
        {days(89), "certificate of mail.example.org: expires in 1 day, on 2026-08-26"},
        {days(90), "certificate of mail.example.org: expired on 2026-08-26"},
        {days(400), "certificate of mail.example.org: expired on 2026-08-26"},
    };
    for (const auto& c : cases) {
        keys.clock.set_wall(made_at + c.after);
        EXPECT_EQ(keys.service.expiry_warnings(), c.want);
    }
    keys.clock.set_wall(made_at + days(80));
    ASSERT_TRUE(keys.service.load({keys.made({"mail.example.org"})}));
    EXPECT_EQ(keys.service.expiry_warnings(), "") << "the new one is in its place";
}

TEST(KeyService, ListsWhoGetsWhich) {
    Keys keys;
    auto wild = keys.made({"*.example.net", "example.net"}, 5);
    wild.names = {"*.example.net"};
    ASSERT_TRUE(keys.service.load({keys.made({"mail.example.org", "MAIL.example.com"}),
                                   keys.made({"mail.example.com", "example.com"}), wild}));
    const auto list = keys.service.list().certificates;
    ASSERT_EQ(list.size(), 3U);
    using Names = std::vector<std::string>;
    EXPECT_TRUE(list[0].is_own);
    EXPECT_EQ(list[0].served, (Names{"mail.example.org"})) << "the other has one of its own";
    EXPECT_FALSE(list[1].is_own);
    EXPECT_EQ(list[1].served, (Names{"mail.example.com", "example.com"}));
    EXPECT_EQ(list[2].served, (Names{"*.example.net"}));
    EXPECT_EQ(list[2].names, (Names{"*.example.net", "example.net"}));
    EXPECT_EQ(list[2].file, "*.example.net.pem");
    EXPECT_EQ(list[2].warning, "expires in 5 days, on 2026-06-02");
    EXPECT_EQ(keys.service.expiry_warnings(),
              "certificate of *.example.net: expires in 5 days, on 2026-06-02");
}

TEST(KeyService, KeepsAllOldOnesWhenOneIsBroken) {
    Keys keys;
    ASSERT_TRUE(keys.service.load({keys.made({"mail.example.org"})}));
    auto broken = keys.made({"mail.example.net"});
    broken.key = keys.made({"mail.example.net"}).key;
    const auto loaded = keys.service.load({keys.made({"new.example.org"}), broken});
    ASSERT_FALSE(loaded);
    EXPECT_TRUE(loaded.error().internal.starts_with("mail.example.net.pem: private key"))
        << loaded.error().internal;
    EXPECT_EQ(keys.service.list().certificates.at(0).names.at(0), "mail.example.org");
}

} // namespace
} // namespace maild::daemon
