#include "maild/smtp/reply.hpp"

namespace maild::smtp {
namespace {

Reply reply(int code, Status status, std::string_view text) {
    return {code, status, std::string(text)};
}

Reply at_login(Errc code) {
    if (code == Errc::authentication_failed || code == Errc::not_permitted ||
        code == Errc::disabled)
        return reply(535, {7, 8}, "Authentication credentials invalid");
    return reply(454, {7, 0}, "Temporary authentication failure"); // RFC 4954 §6
}

Reply not_permitted(Step step) {
    if (step == Step::sender) return reply(553, {7, 1}, "Not your address to send from");
    return reply(550, {7, 1}, "Not permitted");
}

Reply cannot(Step step) {
    if (step == Step::recipient) return reply(550, {1, 3}, "Not an address that can exist here");
    if (step == Step::content) return reply(554, {4, 6}, "Mail loop"); // RFC 5321 §6.3
    return reply(550, {7, 1}, "Not permitted");
}

} // namespace

Reply reply_for(Errc code, Step step) {
    if (step == Step::login) return at_login(code);
    switch (code) {
    case Errc::not_found:
    case Errc::no_such_account: return reply(550, {1, 1}, "No such recipient here");
    case Errc::no_such_domain: return reply(554, {7, 1}, "Relay access denied");
    case Errc::disabled: return reply(550, {2, 1}, "Mailbox disabled");
    case Errc::over_quota: return reply(452, {2, 2}, "Mailbox full");
    case Errc::no_space: return reply(452, {3, 1}, "Insufficient storage");
    case Errc::too_large: return reply(552, {3, 4}, "Message too large");
    case Errc::limit_exceeded: return reply(452, {5, 3}, "Too many recipients");
    case Errc::not_permitted: return not_permitted(step);
    case Errc::cannot: return cannot(step);
    default:
        return reply(451, {3, 0}, "Try again later"); // busy, unavailable, io and all that is ours
    }
}

Reply reply_for(const Refusal& refusal, Step step) {
    return refusal.reply ? *refusal.reply : reply_for(refusal.error.code, step);
}

// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF, RFC 5321
// §4.2
void append_reply(std::string& out, const Reply& answer) {
    std::string_view rest = answer.text;
    for (bool is_last = false; !is_last;) {
        const auto line = rest.substr(0, rest.find('\n'));
        is_last = line.size() == rest.size();
        rest.remove_prefix(is_last ? line.size() : line.size() + 1);
        out += std::to_string(answer.code);
        out += is_last ? ' ' : '-';
        if (answer.status) {
            out += static_cast<char>('0' + answer.code / 100);
            out += '.';
            out += std::to_string(answer.status->subject);
            out += '.';
            out += std::to_string(answer.status->detail);
            out += ' ';
        }
        out += line;
        out += "\r\n";
    }
}

std::string format_reply(const Reply& answer) {
    std::string out;
    append_reply(out, answer);
    return out;
}

} // namespace maild::smtp
