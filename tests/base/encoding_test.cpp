#include "maild/base/encoding.hpp"

#include <gtest/gtest.h>

namespace maild {
namespace {

TEST(Base64, EncodesTheVectorsOfRfc4648) {
    const std::pair<std::string, std::string> cases[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, coded] : cases) {
        EXPECT_EQ(base64_encode(plain), coded);
        EXPECT_EQ(base64_decode(coded), plain);
    }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
    for (const std::string_view text :
         {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Zm 9", "Z=g=", "Zm9v\n"}) {
        EXPECT_FALSE(base64_decode(text)) << text;
    }
}

TEST(Hex, RoundTripsAndRefuses) {
    const std::string bytes("\x00\xff\x10", 3);
    EXPECT_EQ(hex_encode(bytes), "00ff10");
    EXPECT_EQ(hex_decode("00FF10"), bytes);
    EXPECT_FALSE(hex_decode("0"));
    EXPECT_FALSE(hex_decode("0g"));
}

TEST(PercentEncoding, LeavesWhatIsPlain) {
    EXPECT_EQ(percent_encode("/a-b/\xc3\xa4 %?", "/-"), "/a-b/%C3%A4%20%25%3F");
    EXPECT_EQ(percent_encode({"\0Z9", 3}, ""), "%00Z9");
}

} // namespace
} // namespace maild
