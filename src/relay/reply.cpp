#include "maild/relay/reply.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace maild::relay {
namespace {

// subject, detail = 1*3DIGIT, RFC 3463 §2
std::optional<std::uint16_t> take_number(Cursor& in) {
    const auto digits = in.take_while(ascii::is_digit);
    if (digits.empty() || digits.size() > 3) return std::nullopt;
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    std::uint16_t number = 0;
    for (const char c : digits) number = static_cast<std::uint16_t>(number * 10 + (c - '0'));
    return number;
}

std::optional<Status> take_status(Cursor& in) {
    const auto kind = take_number(in);
    if (!kind || (*kind != 2 && *kind != 4 && *kind != 5) || !in.take('.')) return std::nullopt;
    const auto subject = take_number(in);
    if (!subject || !in.take('.')) return std::nullopt;
    const auto detail = take_number(in);
    if (!detail) return std::nullopt;
    return Status{*kind, *subject, *detail};
}

// RFC 2034 §4: at the beginning of the text, parted by a space. One of another class than the reply
// code contradicts it and says nothing.
std::optional<Status> leading_status(std::string_view text, int kind) {
    Cursor in(text);
    const auto status = take_status(in);
    if (!status || status->kind != kind) return std::nullopt;
    if (!in.at_end() && !ascii::is_space(in.peek())) return std::nullopt;
    return status;
}

// U+0080 to U+009F are controls too (ECMA-48 8-bit).
bool is_c1(std::string_view rest) {
    return rest.size() > 1 && rest[0] == '\xc2' && static_cast<unsigned char>(rest[1]) < 0xa0;
}

} // namespace

std::string Status::format() const {
    return std::to_string(kind) + '.' + std::to_string(subject) + '.' + std::to_string(detail);
}

std::optional<Status> parse_status(std::string_view text) {
    Cursor in(text);
    auto status = take_status(in);
    return in.at_end() ? status : std::nullopt;
}

// A code alone is a line, too: clients SHOULD take it (§4.2).
Result<ReplyLine, SyntaxError> parse_reply_line(std::string_view line) {
    Cursor in(line);
    const auto digits = in.take_bytes(3);
    if (digits.size() != 3 || !std::ranges::all_of(digits, ascii::is_digit) || digits[0] < '2' ||
        digits[0] > '5')
        return std::unexpected(SyntaxError{0, "a code from 200 to 599"});
    ReplyLine out;
    for (const char c : digits) out.code = out.code * 10 + (c - '0');
    if (in.take('-'))
        out.is_last = false;
    else if (!in.at_end() && !in.take(' '))
        return in.expected("\"-\" or a space");
    out.text = in.rest();
    return out;
}

Status Reply::status_or_class() const {
    return status.value_or(Status{static_cast<std::uint16_t>(kind()), 0, 0});
}

std::string Reply::words() const {
    auto out = std::to_string(code);
    for (const auto& line : lines) {
        std::string_view text = line;
        // The status stands in each line; once is enough.
        const bool is_first = &line == &lines.front();
        if (!is_first && leading_status(text, kind()))
            text.remove_prefix(std::min(text.find(' '), text.size()));
        text = ascii::trim(text);
        if (!text.empty()) (out += ' ') += text;
    }
    return out;
}

Result<bool> ReplyBuilder::put(std::string_view line) {
    const auto parsed = parse_reply_line(line);
    if (!parsed)
        return fail(Errc::protocol_error, "the server's reply has not " +
                                              std::string(parsed.error().expected) + ": " +
                                              cleaned(line.substr(0, 80)));
    octets_ += line.size();
    if (reply_.lines.size() == kMaxReplyLines || octets_ > kMaxReplyOctets)
        return fail(Errc::too_large, "the server's reply has no end");
    if (!reply_.lines.empty() && reply_.code != parsed->code)
        return fail(Errc::protocol_error, "the server's reply has two codes, " +
                                              std::to_string(reply_.code) + " and " +
                                              std::to_string(parsed->code));
    reply_.code = parsed->code;
    if (!reply_.status) reply_.status = leading_status(parsed->text, reply_.kind());
    reply_.lines.push_back(cleaned(parsed->text.substr(0, kMaxReplyLine)));
    return parsed->is_last;
}

Reply ReplyBuilder::take() {
    octets_ = 0;
    return std::exchange(reply_, {});
}

std::string cleaned(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    const bool is_text = is_utf8(text);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (ascii::is_control(c))
            out += ' ';
        else if (ascii::is_8bit(c) && !is_text)
            out += '?';
        else if (is_c1(text.substr(i)))
            out += ' ', ++i;
        else
            out += c;
    }
    return out;
}

} // namespace maild::relay
