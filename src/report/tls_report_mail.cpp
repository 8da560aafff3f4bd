// The mail that brings a TLS report (RFC 8460 §5.3).
#include "report/mail_parts.hpp"

#include "maild/mail/date.hpp"
#include "maild/report/tls_outgoing.hpp"

namespace maild::report {
namespace {

constexpr const char* kBoundary = "=_report"; // stands in no base64, nor in our text

// §5.1
std::string file_name_of(const PackedReport& report, const std::string& submitter) {
    return submitter + "!" + plain(report.domain) + "!" +
           std::to_string(to_unix_seconds(report.begin)) + "!" +
           std::to_string(to_unix_seconds(report.end)) + ".json.gz";
}

std::string header_of(const PackedReport& report, const Reporter& reporter, const mail::Address& to,
                      WallTime date) {
    const auto submitter = plain(reporter.submitter);
    const auto domain = plain(report.domain);
    const auto id = plain(report.id);
    return "From: <" + reporter.email + ">\r\nTo: <" + to.format() +
           ">\r\nDate: " + mail::format_date_time(date) + "\r\nMessage-ID: <" + id +
           ">\r\nSubject: Report Domain: " + domain + "\r\n Submitter: " + submitter +
           "\r\n Report-ID: <" + id + ">\r\nTLS-Report-Domain: " + domain +
           "\r\nTLS-Report-Submitter: " + submitter +
           "\r\nTLS-Required: No\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
           "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"" +
           kBoundary + "\"\r\n";
}

} // namespace

std::string format_tls_report_mail(const PackedReport& report, const Reporter& reporter,
                                   const mail::Address& to, WallTime date) {
    const auto submitter = plain(reporter.submitter);
    const std::string delimiter = std::string("--") + kBoundary;
    return header_of(report, reporter, to, date) + "\r\n" + delimiter +
           "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
           "This is a report on SMTP TLS (RFC 8460): how " +
           submitter + "\r\nhas reached the hosts that take mail for " + plain(report.domain) +
           ".\r\n\r\n" + delimiter +
           "\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n"
           "Content-Disposition: attachment;\r\n filename=\"" +
           file_name_of(report, submitter) + "\"\r\n\r\n" + base64_lines(report.gzip) + "\r\n" +
           delimiter + "--\r\n";
}

} // namespace maild::report
