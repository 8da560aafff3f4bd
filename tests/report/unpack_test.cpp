// Packed files, whole, damaged, and made to burst.
#include "report/unpack.hpp"
#include "report/zip_file.hpp"

#include <gtest/gtest.h>

namespace maild::report {
namespace {

using test::zip_of;

constexpr std::size_t kLimit = 1000;

std::string unpacked(std::string_view file, std::size_t limit = kLimit) {
    const auto files = unpack(file, limit);
    if (!files) return "error: " + files.error().internal;
    std::string out;
    for (const auto& text : *files) out += (out.empty() ? "" : "|") + text;
    return out;
}

TEST(Unpack, TellsThePackingByTheFirstOctets) {
    EXPECT_EQ(unpacked("plain"), "plain");
    EXPECT_EQ(unpacked(""), "");
    EXPECT_EQ(unpacked(pack_gzip("text")), "text");
    EXPECT_EQ(unpacked(pack_gzip("te") + pack_gzip("xt")), "text"); // RFC 1952 §2.2
    EXPECT_EQ(unpacked(pack_gzip("text") + std::string(9, '\0')), "text");
    EXPECT_EQ(unpacked(zip_of({{"a.xml", "text"}})), "text");
    EXPECT_EQ(unpacked(zip_of({{"a.xml", "text", false}}, "a comment")), "text");
    EXPECT_EQ(
        unpacked(zip_of({{"a/", "", false}, {"__MACOSX/a", "x"}, {"a/1", "1"}, {"a/2", "2"}})),
        "1|2");
    EXPECT_EQ(unpacked(zip_of({{"a.xml.gz", pack_gzip("text")}})), "text");
    EXPECT_EQ(unpacked(pack_gzip(pack_gzip("text"))), "text");
}

TEST(Unpack, RefusesWhatIsDamaged) {
    const auto gzip = pack_gzip("some text that is long enough to be cut");
    for (std::size_t size = 2; size < gzip.size(); ++size)
        EXPECT_TRUE(unpacked(gzip.substr(0, size)).starts_with("error: ")) << size;
    auto wrong = gzip;
    wrong[wrong.size() - 8] = static_cast<char>(wrong[wrong.size() - 8] ^ 1); // its checksum
    EXPECT_EQ(unpacked(wrong), "error: the packing is damaged");

    const auto zip = zip_of({{"a.xml", "some text"}});
    for (std::size_t size = 4; size < zip.size(); ++size)
        EXPECT_TRUE(unpacked(zip.substr(0, size)).starts_with("error: ")) << size;
    EXPECT_EQ(unpacked(zip_of({{"a.xml", "some text", true, 1}})), "error: the ZIP is encrypted");
    EXPECT_EQ(unpacked(zip_of({})), "PK\x05\x06" + std::string(18, '\0')); // is none
    EXPECT_EQ(unpacked(zip_of({{"a/", "", false}})), "error: the ZIP is empty");
    auto stored = zip_of({{"a.xml", "some text", false}});
    stored[stored.find("some")] = 'z';
    EXPECT_EQ(unpacked(stored), "error: a checksum of the ZIP is wrong");
}

TEST(Unpack, EndsAtTheLimit) {
    const std::string just(kLimit, 'x');
    EXPECT_EQ(unpacked(just), just);
    EXPECT_EQ(unpacked(pack_gzip(just)), just);
    EXPECT_EQ(unpacked(zip_of({{"a", just}})), just);
    const auto more = just + "x";
    EXPECT_TRUE(unpacked(more).ends_with("too large"));
    EXPECT_TRUE(unpacked(pack_gzip(more)).ends_with("too large"));
    EXPECT_TRUE(unpacked(zip_of({{"a", more}})).ends_with("too large"));
    EXPECT_TRUE(unpacked(zip_of({{"a", just}, {"b", "x"}})).ends_with("too large"));
    EXPECT_TRUE(unpacked(zip_of({{"a", just, false}, {"b", "x", false}})).ends_with("too large"));
    EXPECT_TRUE(unpacked(pack_gzip(just) + pack_gzip("x")).ends_with("too large"));

    // A thousand to one, three times over.
    const auto bomb = pack_gzip(pack_gzip(pack_gzip(std::string(70'000'000, '\0'))));
    EXPECT_LT(bomb.size(), 2000U);
    EXPECT_TRUE(unpacked(bomb, 32 * 1024 * 1024).ends_with("too large"));
    EXPECT_EQ(unpacked(pack_gzip(pack_gzip(pack_gzip(pack_gzip("text"))))),
              "error: packed too often");
    std::string pieces;
    for (int i = 0; i < 1001; ++i) pieces += pack_gzip("");
    EXPECT_EQ(unpacked(pieces), "error: packed in too many pieces");
}

TEST(Unpack, TakesTheFirstFilesOfAZip) {
    std::vector<test::ZippedFile> files;
    for (int i = 0; i < 100; ++i) files.push_back({std::to_string(i), "x"});
    EXPECT_EQ(unpack(zip_of(files), kLimit)->size(), kMaxPackedFiles);
}

TEST(Unpack, PacksEqualBytesEqually) {
    EXPECT_EQ(pack_gzip("text"), pack_gzip("text"));
    EXPECT_EQ(unpack_gzip(pack_gzip(""), 0).value(), "");
}

} // namespace
} // namespace maild::report
