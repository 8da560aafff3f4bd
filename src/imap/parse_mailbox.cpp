// SELECT, EXAMINE, CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, LIST, LSUB, STATUS.
#include "imap/parse.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>

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

Parsed<StatusItem> parse_status_item(Cursor& in) {
    using Entry = std::pair<std::string_view, StatusItem>;
    constexpr std::array kItems = {Entry{"MESSAGES", StatusItem::messages},
                                   Entry{"RECENT", StatusItem::recent},
                                   Entry{"UIDNEXT", StatusItem::uid_next},
                                   Entry{"UIDVALIDITY", StatusItem::uid_validity},
                                   Entry{"UNSEEN", StatusItem::unseen},
                                   Entry{"HIGHESTMODSEQ", StatusItem::highest_modseq}};
    const auto name = parse_atom(in);
    if (!name) return std::unexpected(name.error());
    for (const auto& [text, item] : kItems)
        if (ascii::equals_icase(text, *name)) return item;
    return in.expected("status item");
}

} // namespace

Parsed<Arguments> parse_mailbox(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    return MailboxArgument{std::move(*name)};
}

// select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"], RFC 4466 §2.1
Parsed<Arguments> parse_select(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    Select select{std::move(*name)};
    if (in.at_end()) return select;
    if (!in.take(" (")) return in.expected("parameters");
    do {
        if (!in.take_icase("CONDSTORE")) return in.expected("parameter");
        select.is_condstore = true;
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return select;
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

// list = "LIST" SP mailbox SP list-mailbox (RFC 3501)
Parsed<Arguments> parse_list(Cursor& in) {
    if (!in.take(' ')) return in.expected("reference");
    auto reference = parse_astring(in);
    if (!reference) return std::unexpected(reference.error());
    if (!in.take(' ')) return in.expected("pattern");
    auto pattern = parse_list_mailbox(in);
    if (!pattern) return std::unexpected(pattern.error());
    return List{std::move(*reference), std::move(*pattern)};
}

// status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
Parsed<Arguments> parse_status(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    StatusCommand status{std::move(*name), {}};
    if (!in.take(" (")) return in.expected("status items");
    do {
        const auto item = parse_status_item(in);
        if (!item) return std::unexpected(item.error());
        if (std::ranges::find(status.items, *item) == status.items.end())
            status.items.push_back(*item);
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return status;
}

} // namespace maild::imap
