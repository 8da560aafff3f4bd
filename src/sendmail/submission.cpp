#include "sendmail/submission.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::sendmail {
namespace {

constexpr std::string_view kFirstLine = "maild-submission 1";

void append(std::string& out, std::string_view key, std::string_view value) {
    out.append(key).append(" ");
    for (const char c : value.substr(0, kMaxSpooledValue)) out += ascii::is_control(c) ? '?' : c;
    out += '\n';
}

void take(std::string_view key, std::string_view value, Submission& out) {
    if (key == "sender") out.sender = value;
    if (key == "name") out.full_name = value;
    if (key == "notify") out.notify = value;
    if (key == "return") out.return_content = value;
    if (key == "envelope-id") out.envelope_id = value;
    if (key == "errors") out.mails_errors = value == "mail";
    if (key == "to") out.recipients.emplace_back(value);
}

} // namespace

std::string format_spooled(const Submission& submission) {
    std::string out(kFirstLine);
    out += '\n';
    if (submission.sender) append(out, "sender", *submission.sender);
    if (!submission.full_name.empty()) append(out, "name", submission.full_name);
    if (!submission.notify.empty()) append(out, "notify", submission.notify);
    if (!submission.return_content.empty()) append(out, "return", submission.return_content);
    if (!submission.envelope_id.empty()) append(out, "envelope-id", submission.envelope_id);
    if (submission.mails_errors) append(out, "errors", "mail");
    for (const auto& recipient : submission.recipients) append(out, "to", recipient);
    out += '\n';
    return out += submission.content;
}

Result<Submission> parse_spooled(std::string_view file) {
    Submission out;
    bool is_first = true;
    while (true) {
        const auto end = file.substr(0, kMaxSpooledValue + 32).find('\n');
        if (end == file.npos) return fail(Errc::protocol_error, "no message of this command");
        const auto line = file.substr(0, end);
        file.remove_prefix(end + 1);
        if (is_first && line != kFirstLine)
            return fail(Errc::protocol_error, "no message of this command");
        if (line.empty()) break;
        const auto space = std::min(line.find(' '), line.size());
        if (!is_first)
            take(line.substr(0, space), line.substr(std::min(space + 1, line.size())), out);
        is_first = false;
    }
    if (out.recipients.empty()) return fail(Errc::protocol_error, "a message without recipients");
    out.content = file;
    return out;
}

} // namespace maild::sendmail
