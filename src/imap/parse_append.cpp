#include "imap/parse_append.hpp"

#include "imap/limits.hpp"

#include "maild/base/ascii.hpp"

#include <utility>

namespace maild::imap {

namespace {

// [SP flag-list] [SP date-time] SP, up to the message.
Parsed<AppendMessage> parse_message_head(Cursor& in) {
    AppendMessage message;
    if (!in.take(' ')) return in.expected("message");
    if (in.next_is('(')) {
        auto flags = parse_flag_list(in);
        if (!flags) return std::unexpected(flags.error());
        message.flags = std::move(*flags);
        if (!in.take(' ')) return in.expected("message");
    }
    if (in.next_is('"')) {
        const auto date = parse_date_time(in);
        if (!date) return std::unexpected(date.error());
        message.internal_date = *date;
        if (!in.take(' ')) return in.expected("message");
    }
    return message;
}

// literal / literal8 / utf8-literal
// utf8-literal = "UTF8" SP "(" literal8 ")", RFC 6855 §4, which RFC 9755 does without
Parsed<std::string_view> parse_content(Cursor& in, bool& may_have_nul) {
    const bool is_wrapped = in.take_icase("UTF8 (");
    const bool is_literal8 = in.take('~');
    may_have_nul = may_have_nul || is_literal8;
    if (is_wrapped && !is_literal8) return in.expected("literal8");
    const auto content = parse_literal(in);
    if (content && is_wrapped && !in.take(')')) return in.expected(")");
    return content;
}

// cat-part = "TEXT" SP literal / "URL" SP astring / utf8-literal, RFC 4469 §5, RFC 6855 §4
Parsed<CatenatePart> parse_part(Cursor& in, bool& may_have_nul) {
    if (in.take_icase("URL ")) {
        auto url = parse_astring(in);
        if (!url) return std::unexpected(url.error());
        if (url->size() > kMaxUrl) return in.expected("shorter URL");
        return CatenatePart{.url = std::move(*url)};
    }
    const bool is_text = in.take_icase("TEXT ");
    if (!is_text && !ascii::starts_with_icase(in.rest(), "UTF8 (")) return in.expected("TEXT");
    const auto text = parse_content(in, may_have_nul);
    if (!text) return std::unexpected(text.error());
    return CatenatePart{.url = {}, .text = *text};
}

// "CATENATE" SP "(" cat-part *(SP cat-part) ")", the "(" taken
Parsed<bool> parse_parts(Cursor& in, AppendMessage& message) {
    do {
        auto part = parse_part(in, message.may_have_nul);
        if (!part) return std::unexpected(part.error());
        if (message.parts.size() == kMaxCatenateParts) return in.expected("fewer parts");
        message.parts.push_back(std::move(*part));
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return true;
}

// append-message = [SP flag-list] [SP date-time] SP append-data
Parsed<AppendMessage> parse_append_message(Cursor& in) {
    auto message = parse_message_head(in);
    if (!message) return message;
    if (in.take_icase("CATENATE (")) {
        const auto parts = parse_parts(in, *message);
        if (!parts) return std::unexpected(parts.error());
        return message;
    }
    const auto content = parse_content(in, message->may_have_nul);
    if (!content) return std::unexpected(content.error());
    message->content = *content;
    return message;
}

// seq-number
Parsed<std::uint32_t> parse_old_number(Cursor& in) {
    if (in.take('*')) return 0;
    return parse_nz_number(in);
}

// "APPEND" SP, or ["UID" SP] "REPLACE" SP seq-number SP: what stands before the mailbox.
bool take_command(Cursor& in) {
    if (in.take_icase("APPEND ")) return true;
    in.take_icase("UID ");
    return in.take_icase("REPLACE ") && parse_old_number(in) && in.take(' ');
}

} // namespace

// append = "APPEND" SP mailbox 1*append-message
Parsed<Arguments> parse_append(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    Append append{std::move(*name), {}};
    do {
        auto message = parse_append_message(in);
        if (!message) return std::unexpected(message.error());
        if (append.messages.size() == kMaxAppendMessages) return in.expected("fewer messages");
        append.messages.push_back(std::move(*message));
    } while (!in.at_end());
    return append;
}

// replace = "REPLACE" SP seq-number SP mailbox append-message
Parsed<Arguments> parse_replace(Cursor& in) {
    if (!in.take(' ')) return in.expected("message number");
    const auto number = parse_old_number(in);
    if (!number) return std::unexpected(number.error());
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    auto message = parse_append_message(in);
    if (!message) return std::unexpected(message.error());
    Replace replace{*number, {std::move(*name), {}}};
    replace.append.messages.push_back(std::move(*message));
    return replace;
}

bool AppendScan::is_message(std::string_view piece) {
    Cursor in(piece);
    if (state_ == State::command) {
        state_ = State::over;
        if (!parse_tag(in) || !in.take(' ') || !take_command(in)) return false;
        state_ = State::message;
        if (in.at_end()) return false; // the mailbox is this literal
        if (!parse_astring(in)) state_ = State::over;
    } else if (std::exchange(is_wrapped_, false) && !in.take(')')) {
        state_ = State::over;
    }
    auto found = Found::nothing;
    while (found == Found::nothing && state_ != State::over)
        found = state_ == State::message ? in_message(in) : in_parts(in);
    return found == Found::message;
}

AppendScan::Found AppendScan::at_content(Cursor& in) {
    is_wrapped_ = in.take_icase("UTF8 (");
    in.take('~');
    if (in.at_end()) return Found::message;
    state_ = State::over;
    return Found::nothing;
}

AppendScan::Found AppendScan::in_message(Cursor& in) {
    if (!parse_message_head(in)) {
        state_ = State::over;
        return Found::nothing;
    }
    if (!in.take_icase("CATENATE (")) return at_content(in);
    state_ = State::first_part;
    return Found::nothing;
}

// One part, or what ends them.
AppendScan::Found AppendScan::in_parts(Cursor& in) {
    const bool is_first = std::exchange(state_, State::parts) == State::first_part;
    if (!is_first && in.take(')')) {
        state_ = State::message;
        return Found::nothing;
    }
    if (!is_first && !in.take(' ')) {
        state_ = State::over;
        return Found::nothing;
    }
    if (in.take_icase("TEXT ") || ascii::starts_with_icase(in.rest(), "UTF8 ("))
        return at_content(in);
    if (!in.take_icase("URL ")) {
        state_ = State::over;
        return Found::nothing;
    }
    if (in.at_end()) return Found::other; // the URL is this literal
    if (!parse_astring(in)) state_ = State::over;
    return Found::nothing;
}

} // namespace maild::imap
