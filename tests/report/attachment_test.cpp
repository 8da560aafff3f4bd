// Reports found in messages, whatever label they carry.
#include "report/unpack.hpp"
#include "report/zip_file.hpp"

#include "maild/base/encoding.hpp"
#include "maild/report/attachment.hpp"

#include <gtest/gtest.h>

namespace maild::report {
namespace {

constexpr auto* kXml = "<feedback><report_metadata><report_id>7</report_id></report_metadata>"
                       "<policy_published><domain>a.example</domain></policy_published></feedback>";
constexpr auto* kJson = R"({"report-id":"8","policies":[]})";

struct Attached {
    std::string type;
    std::string file_name;
    std::string content;
};

std::string message_with(const std::vector<Attached>& attachments) {
    std::string out = "From: dmarc@receiver.example\r\nSubject: Report Domain: a.example\r\n"
                      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                      "--b\r\nContent-Type: text/plain\r\n\r\n<feedback> of an aggregate\r\n";
    for (const auto& [type, file_name, content] : attachments) {
        out += "--b\r\nContent-Type: " + type + "\r\nContent-Transfer-Encoding: base64\r\n";
        if (!file_name.empty())
            out += "Content-Disposition: attachment; filename=\"" + file_name + "\"\r\n";
        out += "\r\n" + base64_encode(content) + "\r\n";
    }
    return out + "--b--\r\n";
}

std::string found_in(std::string_view file) {
    const auto found = reports_in_file(file);
    std::string out;
    for (const auto& report : found.aggregate) out += "dmarc " + report.report_id + ";";
    for (const auto& report : found.tls) out += "tls " + report.report_id + ";";
    for (const auto& problem : found.problems) out += problem + ";";
    return out;
}

std::string found_as(const std::string& type, const std::string& file_name,
                     const std::string& content) {
    return found_in(message_with({{type, file_name, content}}));
}

TEST(ReportAttachment, IsFoundByTypeOrName) {
    const auto gzip = pack_gzip(kXml);
    const auto zip = test::zip_of({{"r.xml", kXml}});
    EXPECT_EQ(found_as("application/gzip", "", gzip), "dmarc 7;");
    EXPECT_EQ(found_as("application/zip", "", zip), "dmarc 7;");
    EXPECT_EQ(found_as("text/xml", "", kXml), "dmarc 7;");
    EXPECT_EQ(found_as("application/xml", "", kXml), "dmarc 7;");
    EXPECT_EQ(found_as("application/tlsrpt+gzip", "", pack_gzip(kJson)), "tls 8;");
    EXPECT_EQ(found_as("application/tlsrpt+json", "", kJson), "tls 8;");
    // Mislabelled.
    EXPECT_EQ(found_as("application/octet-stream", "r!a.example!1!2.xml.gz", gzip), "dmarc 7;");
    EXPECT_EQ(found_as("application/octet-stream", "r!a.example!1!2.ZIP", zip), "dmarc 7;");
    EXPECT_EQ(found_as("text/plain", "r!a.example!1!2.json.gz", pack_gzip(kJson)), "tls 8;");
    EXPECT_EQ(found_as("application/octet-stream; name=\"r.xml\"", "", kXml), "dmarc 7;");
    EXPECT_EQ(found_as("application/zip", "r.zip", gzip), "dmarc 7;");
    EXPECT_EQ(found_as("application/gzip", "r.xml.gz", kXml), "dmarc 7;");
    // Not meant to be one.
    EXPECT_EQ(found_as("application/octet-stream", "letter.pdf", gzip), "");
    EXPECT_EQ(found_as("text/plain", "", kXml), "");
}

TEST(ReportAttachment, IsFoundInAllPlaces) {
    const auto inner = message_with({{"text/xml", "", kXml}, {"application/json", "", kJson}});
    EXPECT_EQ(found_in(inner), "dmarc 7;tls 8;");
    EXPECT_EQ(found_in("Content-Type: message/rfc822\r\n\r\n" + inner), "dmarc 7;tls 8;");
    EXPECT_EQ(found_in("Content-Type: application/gzip\nContent-Transfer-Encoding: base64\n\n" +
                       base64_encode(pack_gzip(kXml))),
              "dmarc 7;");
    EXPECT_EQ(found_in(kXml), "dmarc 7;");
    EXPECT_EQ(found_in(kJson), "tls 8;");
    EXPECT_EQ(found_in(pack_gzip(kJson)), "tls 8;");
    EXPECT_EQ(found_in(test::zip_of({{"1", kXml}, {"2", kJson}})), "dmarc 7;tls 8;");
    EXPECT_EQ(found_in("Subject: no report\r\n\r\nat all"), "");
    EXPECT_EQ(found_in(""), "");
}

TEST(ReportAttachment, SaysWhatIsWrong) {
    EXPECT_EQ(found_as("application/gzip", "r.xml.gz", "text"), "r.xml.gz: neither XML nor JSON;");
    EXPECT_EQ(found_as("application/gzip", "", pack_gzip("<html/>")),
              "application/gzip: XML, but no DMARC report;");
    EXPECT_EQ(found_as("application/gzip", "", pack_gzip(kXml).substr(0, 40)),
              "application/gzip: the packing is damaged;");
    EXPECT_EQ(found_in("{}"), "the file: JSON, but no TLS report;");
}

TEST(ReportAttachment, EndsAtItsLimits) {
    const std::vector<Attached> many(kMaxAttachments + 1, {"text/xml", "", kXml});
    const auto found = reports_in_message(message_with(many));
    EXPECT_EQ(found.aggregate.size(), kMaxAttachments);
    EXPECT_EQ(found.problems.size(), 1U);

    const auto bomb = pack_gzip(std::string(kMaxReport, ' '));
    const auto burst =
        reports_in_message(message_with(std::vector<Attached>(10, {"application/gzip", "", bomb})));
    EXPECT_TRUE(burst.is_empty());
    ASSERT_EQ(burst.problems.size(), 10U);
    EXPECT_TRUE(burst.problems[0].ends_with("neither XML nor JSON")) << burst.problems[0];
    EXPECT_TRUE(burst.problems[9].ends_with("too large")) << burst.problems[9];

    // Damaged at its end: it has been unpacked all the same.
    const auto damaged = bomb.substr(0, bomb.size() - 4);
    const auto salvo = reports_in_message(
        message_with(std::vector<Attached>(10, {"application/gzip", "", damaged})));
    ASSERT_EQ(salvo.problems.size(), 10U);
    EXPECT_FALSE(salvo.problems[0].ends_with("too large")) << salvo.problems[0];
    EXPECT_TRUE(salvo.problems[9].ends_with("too large")) << salvo.problems[9];
}

} // namespace
} // namespace maild::report
