#include "imap/parse_append.hpp"

#include "imap/limits.hpp"

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

// append-message = [SP flag-list] [SP date-time] SP (literal / literal8 / utf8-literal)
// utf8-literal = "UTF8" SP "(" literal8 ")", RFC 6855 §4, which RFC 9755 does without
Parsed<AppendMessage> parse_append_message(Cursor& in) {
    auto message = parse_message_head(in);
    if (!message) return message;
    const bool is_wrapped = in.take_icase("UTF8 (");
    message->may_have_nul = in.take('~');
    if (is_wrapped && !message->may_have_nul) return in.expected("literal8");
    const auto content = parse_literal(in);
    if (!content) return std::unexpected(content.error());
    message->content = *content;
    if (is_wrapped && !in.take(')')) return in.expected(")");
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
    }
    if (state_ == State::over) return false;
    const bool is_closed = !std::exchange(is_wrapped_, false) || in.take(')');
    if (is_closed && parse_message_head(in)) {
        is_wrapped_ = in.take_icase("UTF8 (");
        in.take('~');
        if (in.at_end()) return true;
    }
    state_ = State::over;
    return false;
}

} // namespace maild::imap
