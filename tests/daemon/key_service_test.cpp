#include "daemon/key_service.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using std::chrono::days;

// HARDENING 32
TEST(KeyService, SaysWhatIsWrongWithTheDatesAsLongAsItLasts) {
    const auto made_at = from_unix_seconds(1'780'000'000); // 2026-05-28
    const auto pair = net::make_self_signed({"mail.example.org", "example.org"}, 90, made_at);
    ASSERT_TRUE(pair.has_value());
    KeyService keys;
    EXPECT_EQ(keys.expiry_warnings(made_at), "") << "nothing is loaded";
    ASSERT_TRUE(keys.load(pair->certificate, pair->key, made_at).has_value());
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
    for (const auto& c : cases) EXPECT_EQ(keys.expiry_warnings(made_at + c.after), c.want);
    const auto fresh = net::make_self_signed({"mail.example.org"}, 90, made_at + days(80));
    ASSERT_TRUE(keys.load(fresh->certificate, fresh->key, made_at + days(80)).has_value());
    EXPECT_EQ(keys.expiry_warnings(made_at + days(80)), "") << "the new one is in its place";
}

} // namespace
} // namespace maild::daemon
