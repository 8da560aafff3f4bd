// What a sender is told by mail of a submission that was refused.
#include "sendmail/message.hpp"
#include "sendmail/submit.hpp"

#include "maild/mail/header.hpp"

#include <algorithm>

namespace maild::sendmail {
namespace {

constexpr std::size_t kMostReturned = 1024 * 1024; // of a longer message only its header section

std::string subject_of(std::string_view content) {
    const auto header = mail::parse_header(content);
    const auto* field = header.find("Subject");
    return field == nullptr ? std::string() : mail::unfold(field->body);
}

std::string reasons(const Submission& submission, const Outcome& outcome) {
    std::string out;
    for (const auto& refused : outcome.refused)
        out += "  " + refused.recipient + "\r\n    " + refused.words + "\r\n";
    if (!out.empty()) return out;
    for (const auto& recipient : submission.recipients) out += "  " + recipient + "\r\n";
    return out + "\r\n  " + outcome.why + "\r\n";
}

// Not in the message, whatever that holds.
std::string boundary_for(std::string_view content) {
    std::string boundary = "=_maild_notice";
    while (content.contains(boundary)) boundary += "_";
    return boundary;
}

} // namespace

Submission notice_of(const Submission& submission, const Outcome& outcome) {
    const auto user = outcome.user + '@' + outcome.domain;
    const auto to = submission.sender ? with_domain(*submission.sender, outcome.domain) : user;
    const auto header = mail::parse_header(submission.content);
    const bool is_whole = submission.content.size() <= kMostReturned;
    const std::string_view returned =
        is_whole ? std::string_view(submission.content)
                 : std::string_view(submission.content).substr(0, header.body_begin);
    const auto boundary = boundary_for(submission.content);
    Submission notice;
    notice.sender = std::string();
    notice.recipients = {to};
    auto& out = notice.content;
    out = "From: \"Mail on this host\" <" + user + ">\r\nTo: <" + to +
          ">\r\nSubject: Not delivered: " + subject_of(submission.content) +
          "\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
          "Content-Type: multipart/mixed; boundary=\"" +
          boundary + "\"\r\n\r\n--" + boundary +
          "\r\nContent-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: 8bit\r\n\r\n"
          "A program of yours handed a message to the command sendmail, which could not be\r\n"
          "delivered to:\r\n\r\n";
    out += reasons(submission, outcome);
    out += "\r\n--" + boundary +
           "\r\nContent-Type: " + (is_whole ? "message/rfc822" : "text/rfc822-headers") +
           "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
    out += returned;
    out += "\r\n--" + boundary + "--\r\n";
    return notice;
}

} // namespace maild::sendmail
