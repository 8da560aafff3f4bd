// STORE, COPY, MOVE, UID EXPUNGE.
#include "imap/parse.hpp"

namespace maild::imap {

namespace {

// store-modifiers = SP "(" store-modifier … ")", RFC 4466 §2.5; there is one (RFC 7162 §3.1.3).
Parsed<std::optional<ModSeq>> parse_unchanged_since(Cursor& in) {
    if (!in.take('(')) return std::nullopt;
    if (!in.take_icase("UNCHANGEDSINCE ")) return in.expected("UNCHANGEDSINCE");
    const auto modseq = parse_modseq_or_zero(in);
    if (!modseq) return std::unexpected(modseq.error());
    if (!in.take(") ")) return in.expected(")");
    return *modseq;
}

// store-att-flags = [("+" / "-")] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag)))
Parsed<StoreFlags> parse_store_flags(Cursor& in, SequenceSet set) {
    StoreFlags store{std::move(set), store::FlagChange::replace, false, {}, {}};
    if (in.take('+'))
        store.change = store::FlagChange::add;
    else if (in.take('-'))
        store.change = store::FlagChange::remove;
    if (!in.take_icase("FLAGS")) return in.expected("FLAGS");
    store.silent = in.take_icase(".SILENT");
    if (!in.take(' ')) return in.expected("flags");
    auto flags = in.next_is('(') ? parse_flag_list(in) : parse_flags_bare(in);
    if (!flags) return std::unexpected(flags.error());
    store.flags = std::move(*flags);
    return store;
}

Parsed<SequenceSet> parse_spaced_set(Cursor& in) {
    if (!in.take(' ')) return in.expected("sequence set");
    return parse_sequence_set(in);
}

} // namespace

Parsed<Arguments> parse_store(Cursor& in) {
    auto set = parse_spaced_set(in);
    if (!set) return std::unexpected(set.error());
    if (!in.take(' ')) return in.expected("FLAGS");
    const auto unchanged_since = parse_unchanged_since(in);
    if (!unchanged_since) return std::unexpected(unchanged_since.error());
    auto store = parse_store_flags(in, std::move(*set));
    if (!store) return std::unexpected(store.error());
    store->unchanged_since = *unchanged_since;
    return std::move(*store);
}

// copy = "COPY" SP sequence-set SP mailbox; move is the same (RFC 6851 §3.1)
Parsed<Arguments> parse_copy(Cursor& in) {
    auto set = parse_spaced_set(in);
    if (!set) return std::unexpected(set.error());
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    return CopyTo{std::move(*set), std::move(*name)};
}

Parsed<Arguments> parse_uid_expunge(Cursor& in) {
    auto set = parse_spaced_set(in);
    if (!set) return std::unexpected(set.error());
    return UidExpunge{std::move(*set)};
}

} // namespace maild::imap
