// XML as reports bring it, and as attackers do.
#include "report/xml.hpp"

#include "maild/report/aggregate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace maild::report {
namespace {

class Recorder final : public XmlEvents {
public:
    bool open(std::string_view path) override {
        most_depth = std::max<std::size_t>(
            most_depth, 1 + static_cast<std::size_t>(std::ranges::count(path, '/')));
        return true;
    }
    void close(std::string_view path, std::string text) override {
        closed += std::string(path) + "=" + text + ";";
    }
    std::string closed;
    std::size_t most_depth = 0;
};

std::string read(std::string_view document) {
    Recorder recorder;
    const auto done = read_xml(document, recorder);
    return done ? recorder.closed : "error: " + done.error().internal;
}

TEST(ReportXml, ReadsElementsByTheirPath) {
    EXPECT_EQ(read("<A x='1'>t<b:C/> u </A>"), "a/c=;a=u;");
    EXPECT_EQ(read("<a> x\t\ny <!-- no --> z</a>"), "a=x y z;");
    EXPECT_EQ(read("<a>&lt;&#x41;&amp;</a>"), "a=<A&;");
    EXPECT_EQ(read("<a/><b/>"), "a=;"); // what stands behind does not count
}

TEST(ReportXml, ReadsOtherCharsets) {
    EXPECT_EQ(read("<?xml version='1.0' encoding='iso-8859-1'?><a>\xfc</a>"), "a=\xc3\xbc;");
    EXPECT_EQ(read("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\xfc</a>"), "a=\xef\xbf\xbd;");
    EXPECT_EQ(read("<a>\x80</a>"), "a=\xe2\x82\xac;"); // windows-1252, where nothing is said
    // A charset that is named wrongly, or is unknown, while the octets are UTF-8.
    EXPECT_EQ(read("<?xml version='1.0' encoding='us-ascii'?><a>\xc3\xbc</a>"), "a=\xc3\xbc;");
    EXPECT_EQ(read("<?xml version='1.0' encoding='x-nothing'?><a>u</a>"), "a=u;");
    const std::string wide("\xff\xfe<\0a\0>\0u\0<\0/\0a\0>\0", 18);
    EXPECT_EQ(read(wide), "a=u;");
}

// Entities that double a thousand times over (billion laughs), and files of ours: a DTD ends it.
TEST(ReportXml, ReadsNoDtd) {
    EXPECT_EQ(read("<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>"),
              "error: XML with a DTD is not read");
    EXPECT_EQ(read("<!DOCTYPE a [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><a>&f;</a>"),
              "error: XML with a DTD is not read");
    EXPECT_EQ(read("<!DOCTYPE a><a/>"), "error: XML with a DTD is not read");
}

TEST(ReportXml, EndsWhereItIsTooDeep) {
    std::string deep;
    for (int i = 0; i < 1'000'000; ++i) deep += "<a>";
    EXPECT_EQ(read(deep), "error: the XML is too deep or too long");
    std::string just;
    for (std::size_t i = 0; i < kMaxDepth; ++i) just += "<a>";
    for (std::size_t i = 0; i < kMaxDepth; ++i) just += "</a>";
    Recorder recorder;
    EXPECT_TRUE(read_xml(just, recorder));
    EXPECT_EQ(recorder.most_depth, kMaxDepth);
}

TEST(ReportXml, CutsAtACharactersBorder) {
    std::string euros;
    for (std::size_t i = 0; i < kMaxText; ++i) euros += "\xe2\x82\xac";
    Recorder recorder;
    ASSERT_TRUE(read_xml("<a>" + euros + "</a>", recorder));
    const auto text = recorder.closed.substr(2, recorder.closed.size() - 3);
    EXPECT_EQ(text.size() % 3, 0U);
    EXPECT_TRUE(text.ends_with("\xe2\x82\xac"));
    EXPECT_LT(text.size(), kMaxText);
}

} // namespace
} // namespace maild::report
