#include "maild/auth/token.hpp"
#include "maild/base/ids.hpp"
#include "maild/ipc/codec.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace maild::ipc {
namespace {

enum class Colour : std::uint8_t { red, green };

struct Inner {
    std::int64_t number = 0;
    std::string text;
    bool operator==(const Inner&) const = default;
};
template <class Codec> void describe(Codec& codec, Inner& inner) {
    codec(inner.number, inner.text);
}

struct Everything {
    bool flag = false;
    std::uint8_t octet = 0;
    std::int32_t number = 0;
    Colour colour{};
    Uid uid;
    std::string text;
    std::vector<Inner> inners;
    std::vector<std::string> texts;
    std::optional<Inner> maybe;
    std::optional<std::string> never;
    std::pair<std::uint16_t, std::string> pair;
    std::variant<std::uint32_t, std::string, Inner> choice;
    std::chrono::milliseconds span{};
    WallTime time;
    std::vector<std::pair<Uid, std::optional<Inner>>> nested;
    bool operator==(const Everything&) const = default;
};
template <class Codec> void describe(Codec& codec, Everything& all) {
    codec(all.flag, all.octet, all.number, all.colour, all.uid, all.text, all.inners, all.texts,
          all.maybe, all.never, all.pair, all.choice, all.span, all.time, all.nested);
}

Everything full() {
    Everything all;
    all.flag = true;
    all.octet = 255;
    all.number = std::numeric_limits<std::int32_t>::min();
    all.colour = Colour::green;
    all.uid = Uid(77);
    all.text = std::string("\0\r\n\xff", 4);
    all.inners = {{1, "a"}, {-1, ""}};
    all.texts = {"", "x", std::string(1000, 'y')};
    all.maybe = Inner{5, "five"};
    all.pair = {65535, "pair"};
    all.choice = Inner{9, "nine"};
    all.span = std::chrono::milliseconds(-5);
    all.time = from_unix_seconds(1'700'000'000);
    all.nested = {{Uid(1), std::nullopt}, {Uid(2), Inner{3, "z"}}};
    return all;
}

TEST(Codec, GivesBackWhatItTook) {
    EXPECT_EQ(decode<Everything>(encode(full())).value(), full());
    EXPECT_EQ(decode<Everything>(encode(Everything{})).value(), Everything{});
    EXPECT_EQ(encode(decode<Everything>(encode(full())).value()), encode(full()));
}

TEST(Codec, IsLittleEndianWithCounts) {
    EXPECT_EQ(encode(Inner{0x0102, "ab"}), std::string("\x02\x01\0\0\0\0\0\0\x02\0\0\0ab", 14));
    EXPECT_EQ(encode(Nothing{}), "");
    EXPECT_TRUE(decode<Nothing>(""));
    EXPECT_FALSE(decode<Nothing>("x"));
}

TEST(Codec, CarriesResults) {
    const Result<Inner> good = Inner{1, "one"};
    const Result<Inner> bad = fail(Errc::over_quota, "full");
    const Result<void> done;
    EXPECT_EQ(decode<Result<Inner>>(encode(good)).value().value(), *good);
    EXPECT_EQ(decode<Result<Inner>>(encode(bad)).value().error().code, Errc::over_quota);
    EXPECT_EQ(decode<Result<Inner>>(encode(bad)).value().error().internal, "full");
    EXPECT_TRUE(decode<Result<void>>(encode(done)).value().has_value());
}

TEST(Codec, CarriesTokens) {
    auth::Token token;
    token.account = AccountId(42);
    token.shard = ShardId(3);
    token.right = auth::Right::access;
    token.expires = from_unix_seconds(1'700'000'000);
    token.mac = std::string(32, 'm');
    const auto back = decode<auth::Token>(encode(token)).value();
    EXPECT_EQ(back.account, token.account);
    EXPECT_EQ(back.shard, token.shard);
    EXPECT_EQ(back.expires, token.expires);
    EXPECT_EQ(back.mac, token.mac);
}

// Every beginning of a message is malformed, and so is anything behind its end.
TEST(Codec, RefusesWhatIsCutOrTooLong) {
    const auto bytes = encode(full());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto cut = decode<Everything>(std::string_view(bytes).substr(0, size));
        ASSERT_FALSE(cut) << size;
        EXPECT_EQ(cut.error().code, Errc::protocol_error);
    }
    EXPECT_FALSE(decode<Everything>(bytes + '\0'));
}

// One wrong octet anywhere gives a value or an error, and nothing worse (the sanitizers watch).
TEST(Codec, SurvivesEveryWrongOctet) {
    const auto bytes = encode(full());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const int octet : {0, 1, 2, 0x7f, 0x80, 0xff}) {
            auto wrong = bytes;
            wrong[at] = static_cast<char>(octet);
            const auto got = decode<Everything>(wrong);
            if (got) {
                EXPECT_TRUE(decode<Everything>(encode(*got)));
            }
        }
    }
}

struct HostileCase {
    const char* name;
    std::string bytes;
};

TEST(Codec, ChecksCountsBeforeItAllocates) {
    const std::string huge("\xff\xff\xff\xff", 4);
    EXPECT_FALSE(decode<std::string>(huge));
    EXPECT_FALSE(decode<std::string>(huge + "x"));
    EXPECT_FALSE(decode<std::vector<std::string>>(huge));
    EXPECT_FALSE(decode<std::vector<std::uint8_t>>(huge + "abc"));
    EXPECT_FALSE(decode<std::vector<std::vector<std::string>>>(huge + huge));
    const std::string five("\x05\0\0\0", 4);
    EXPECT_FALSE(decode<std::vector<std::uint64_t>>(five + "12345678"));
}

TEST(Codec, RefusesImpossibleValues) {
    const HostileCase bools[] = {{"two", "\x02"}, {"minus one", "\xff"}};
    for (const auto& c : bools) EXPECT_FALSE(decode<bool>(c.bytes)) << c.name;
    using Choice = std::variant<std::uint8_t, std::string>;
    EXPECT_FALSE(decode<Choice>("\x02\x01"));
    EXPECT_FALSE(decode<Error>(std::string("\xfe\0\0\0\0", 5)));
    EXPECT_FALSE(decode<std::optional<std::uint8_t>>("\x03\x01"));
}

} // namespace
} // namespace maild::ipc
