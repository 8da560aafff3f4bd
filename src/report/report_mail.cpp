// The mail that brings an aggregate report (RFC 9990 §3.5.2).
#include "report/mail_parts.hpp"
#include "report/unpack.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/mail/date.hpp"
#include "maild/report/outgoing.hpp"

namespace maild::report {
namespace {

constexpr std::size_t kBase64Line = 76;            // RFC 2045 §6.8
constexpr std::string_view kBoundary = "=_report"; // stands in no base64, nor in our text

std::string file_name_of(const PackedReport& report, const std::string& submitter) {
    return submitter + "!" + plain(report.domain) + "!" +
           std::to_string(to_unix_seconds(report.begin)) + "!" +
           std::to_string(to_unix_seconds(report.end)) + ".xml.gz";
}

} // namespace

std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text)
        out += ascii::is_alnum(c) || std::string_view("-._@").contains(c) ? c : '_';
    return out;
}

std::string base64_lines(std::string_view bytes) {
    const auto text = base64_encode(bytes);
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += kBase64Line)
        out += text.substr(i, kBase64Line) + "\r\n";
    return out;
}

PackedReport pack_report(const AggregateReport& report) {
    return {.domain = report.policy.domain,
            .id = report.report_id,
            .begin = report.begin,
            .end = report.end,
            .gzip = pack_gzip(format_aggregate(report))};
}

std::string format_report_mail(const PackedReport& report, const Reporter& reporter,
                               const mail::Address& to, WallTime date) {
    const auto submitter = plain(reporter.submitter);
    const auto domain = plain(report.domain);
    const auto id = plain(report.id);
    const std::string boundary(kBoundary);
    return "From: <" + reporter.email + ">\r\nTo: <" + to.format() +
           ">\r\nDate: " + mail::format_date_time(date) + "\r\nMessage-ID: <" + id +
           ">\r\nSubject: Report Domain: " + domain + "\r\n Submitter: " + submitter +
           "\r\n Report-ID: <" + id +
           ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=\"" +
           boundary + "\"\r\n\r\n--" + boundary +
           "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
           "This is a DMARC aggregate report (RFC 9990): what " +
           submitter + "\r\nhas seen of mail that came with the name of " + domain + ".\r\n\r\n--" +
           boundary +
           "\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n"
           "Content-Disposition: attachment;\r\n filename=\"" +
           file_name_of(report, submitter) + "\"\r\n\r\n" + base64_lines(report.gzip) + "\r\n--" +
           boundary + "--\r\n";
}

} // namespace maild::report
