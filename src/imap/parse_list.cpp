// LIST (RFC 3501 §9, RFC 5258 §6), LSUB, and the items of STATUS.
#include "imap/limits.hpp"
#include "imap/parse.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace maild::imap {

namespace {

Parsed<StatusItem> parse_status_item(Cursor& in) {
    using Entry = std::pair<std::string_view, StatusItem>;
    constexpr std::array kItems = {
        Entry{"MESSAGES", StatusItem::messages},
        Entry{"RECENT", StatusItem::recent},
        Entry{"UIDNEXT", StatusItem::uid_next},
        Entry{"UIDVALIDITY", StatusItem::uid_validity},
        Entry{"UNSEEN", StatusItem::unseen},
        Entry{"DELETED", StatusItem::deleted},
        Entry{"DELETED-STORAGE", StatusItem::deleted_storage},
        Entry{"SIZE", StatusItem::size},
        Entry{"HIGHESTMODSEQ", StatusItem::highest_modseq},
        Entry{"APPENDLIMIT", StatusItem::append_limit},
        Entry{"MAILBOXID", StatusItem::mailbox_id},
    };
    const auto name = parse_atom(in);
    if (!name) return std::unexpected(name.error());
    for (const auto& [text, item] : kItems)
        if (ascii::equals_icase(text, *name)) return item;
    return in.expected("status item");
}

// RFC 5258 §3: an option that is not known is BAD; one that is given twice counts once.
Parsed<bool> parse_selection_option(Cursor& in, ListSelection& selection) {
    const auto name = parse_atom(in);
    if (!name) return std::unexpected(name.error());
    if (ascii::equals_icase(*name, "SUBSCRIBED"))
        selection.subscribed = true;
    else if (ascii::equals_icase(*name, "SPECIAL-USE"))
        selection.special_use = true;
    else if (ascii::equals_icase(*name, "RECURSIVEMATCH"))
        selection.recursive_match = true;
    else if (!ascii::equals_icase(*name, "REMOTE")) // there are no remote mailboxes
        return in.expected("selection option");
    return true;
}

// list-select-opts, the "(" taken
Parsed<ListSelection> parse_selection(Cursor& in) {
    ListSelection selection;
    if (in.take(')')) return selection;
    do {
        const auto option = parse_selection_option(in, selection);
        if (!option) return std::unexpected(option.error());
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    if (selection.recursive_match && !selection.has_criterion())
        return in.expected("what RECURSIVEMATCH is about");
    return selection;
}

// return-option
Parsed<bool> parse_return_option(Cursor& in, List& list) {
    const auto name = parse_atom(in);
    if (!name) return std::unexpected(name.error());
    if (ascii::equals_icase(*name, "SUBSCRIBED")) {
        list.returns_subscribed = true;
    } else if (ascii::equals_icase(*name, "STATUS")) { // RFC 5819 §4
        if (!in.take(' ')) return in.expected("status items");
        auto items = parse_status_items(in);
        if (!items) return std::unexpected(items.error());
        list.status = std::move(*items);
    } else if (ascii::equals_icase(*name, "MYRIGHTS")) { // RFC 8440 §5
        list.returns_rights = true;
    } else if (ascii::equals_icase(*name, "METADATA")) { // RFC 9590 §5
        if (!in.take(' ') || !in.next_is('(')) return in.expected("entries");
        auto entries = parse_entries(in);
        if (!entries) return std::unexpected(entries.error());
        list.metadata = std::move(*entries);
    } else if (!ascii::equals_icase(*name, "CHILDREN") &&
               !ascii::equals_icase(*name, "SPECIAL-USE")) { // which every response has
        return in.expected("return option");
    }
    return true;
}

// list-return-opts, with SP
Parsed<bool> parse_returns(Cursor& in, List& list) {
    if (!in.take_icase(" RETURN (")) return in.expected("RETURN");
    if (in.take(')')) return true;
    do {
        const auto option = parse_return_option(in, list);
        if (!option) return option;
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return true;
}

// patterns = "(" list-mailbox *(SP list-mailbox) ")"
Parsed<bool> parse_patterns(Cursor& in, List& list) {
    const bool is_list = in.take('(');
    do {
        auto pattern = parse_list_mailbox(in);
        if (!pattern) return std::unexpected(pattern.error());
        if (list.patterns.size() == kMaxListPatterns) return in.expected("fewer patterns");
        list.patterns.push_back(std::move(*pattern));
    } while (is_list && in.take(' '));
    if (is_list && !in.take(')')) return in.expected(")");
    list.is_extended = list.is_extended || is_list;
    return true;
}

// mailbox SP mbox-or-pat
Parsed<bool> parse_names(Cursor& in, List& list) {
    auto reference = parse_astring(in);
    if (!reference) return std::unexpected(reference.error());
    list.reference = std::move(*reference);
    if (!in.take(' ')) return in.expected("pattern");
    return parse_patterns(in, list);
}

} // namespace

// "(" status-att *(SP status-att) ")"
Parsed<StatusItems> parse_status_items(Cursor& in) {
    StatusItems items;
    if (!in.take('(')) return in.expected("status items");
    do {
        const auto item = parse_status_item(in);
        if (!item) return std::unexpected(item.error());
        if (std::ranges::find(items, *item) == items.end()) items.push_back(*item);
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return items;
}

// list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
Parsed<Arguments> parse_list(Cursor& in) {
    List list;
    if (!in.take(' ')) return in.expected("reference");
    if (in.take('(')) {
        const auto selection = parse_selection(in);
        if (!selection) return std::unexpected(selection.error());
        list.selection = *selection;
        list.is_extended = true;
        if (!in.take(' ')) return in.expected("reference");
    }
    const auto names = parse_names(in, list);
    if (!names) return std::unexpected(names.error());
    if (in.at_end()) return list;
    list.is_extended = true;
    const auto returns = parse_returns(in, list);
    if (!returns) return std::unexpected(returns.error());
    return list;
}

// lsub = "LSUB" SP mailbox SP list-mailbox
Parsed<Arguments> parse_lsub(Cursor& in) {
    List list;
    if (!in.take(' ')) return in.expected("reference");
    const auto names = parse_names(in, list);
    if (!names) return std::unexpected(names.error());
    if (list.is_extended) return in.expected("pattern");
    return list;
}

} // namespace maild::imap
