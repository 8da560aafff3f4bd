// CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS.
#include "imap/parse.hpp"

namespace maild::imap {

namespace {

// " (USE (\Drafts \Sent))", RFC 6154 §6
Parsed<std::vector<std::string_view>> parse_uses(Cursor& in) {
    std::vector<std::string_view> uses;
    if (!in.take_icase(" (USE (")) return in.expected("USE");
    do {
        if (!in.take('\\')) return in.expected("special use");
        const auto use = parse_atom(in);
        if (!use) return std::unexpected(use.error());
        if (uses.size() == 8) return in.expected("fewer special uses"); // there are seven
        uses.push_back(*use);
    } while (in.take(' '));
    if (!in.take("))")) return in.expected("))");
    return uses;
}

} // namespace

Parsed<Arguments> parse_mailbox(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    return MailboxArgument{std::move(*name)};
}

Parsed<Arguments> parse_create(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    Create create{std::move(*name), {}};
    if (in.at_end()) return create;
    auto uses = parse_uses(in);
    if (!uses) return std::unexpected(uses.error());
    create.uses = std::move(*uses);
    return create;
}

Parsed<Arguments> parse_rename(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto from = parse_astring(in);
    if (!from) return std::unexpected(from.error());
    if (!in.take(' ')) return in.expected("mailbox");
    auto to = parse_astring(in);
    if (!to) return std::unexpected(to.error());
    return Rename{std::move(*from), std::move(*to)};
}

// status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
Parsed<Arguments> parse_status(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    if (!in.take(' ')) return in.expected("status items");
    auto items = parse_status_items(in);
    if (!items) return std::unexpected(items.error());
    return StatusCommand{std::move(*name), std::move(*items)};
}

} // namespace maild::imap
