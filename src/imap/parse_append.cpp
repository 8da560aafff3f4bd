#include "imap/parse_append.hpp"

namespace maild::imap {

namespace {

// SP mailbox [SP flag-list] [SP date-time] SP, up to the message.
Parsed<Append> parse_append_head(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    Append append{std::move(*name), {}, std::nullopt, {}};
    if (!in.take(' ')) return in.expected("message");
    if (in.next_is('(')) {
        auto flags = parse_flag_list(in);
        if (!flags) return std::unexpected(flags.error());
        append.flags = std::move(*flags);
        if (!in.take(' ')) return in.expected("message");
    }
    if (in.next_is('"')) {
        const auto date = parse_date_time(in);
        if (!date) return std::unexpected(date.error());
        append.internal_date = *date;
        if (!in.take(' ')) return in.expected("message");
    }
    return append;
}

} // namespace

Parsed<Arguments> parse_append(Cursor& in) {
    auto append = parse_append_head(in);
    if (!append) return std::unexpected(append.error());
    const auto message = parse_literal(in);
    if (!message) return std::unexpected(message.error());
    append->message = *message;
    return std::move(*append);
}

bool expects_message(std::string_view before) {
    Cursor in(before);
    if (!parse_tag(in) || !in.take(' ') || !in.take_icase("APPEND")) return false;
    return parse_append_head(in).has_value() && in.at_end();
}

} // namespace maild::imap
