// SELECT and EXAMINE with their parameters (RFC 4466 §2.1, RFC 7162 §7).
#include "imap/parse.hpp"

namespace maild::imap {

namespace {

// A set without "*", ascending: known-uids, known-sequence-set, known-uid-set.
Parsed<Ranges> parse_known_set(Cursor& in) {
    const auto set = parse_sequence_set(in);
    if (!set) return std::unexpected(set.error());
    auto ranges = set->ascending();
    if (!ranges) return in.expected("ascending set without *");
    return std::move(*ranges);
}

std::uint64_t count_of(const Ranges& ranges) {
    std::uint64_t count = 0;
    for (const auto& [first, last] : ranges) count += std::uint64_t{last} - first + 1;
    return count;
}

// seq-match-data = "(" known-sequence-set SP known-uid-set ")", the "(" taken
Parsed<bool> parse_match_data(Cursor& in, QuickResync& resync) {
    auto seqs = parse_known_set(in);
    if (!seqs) return std::unexpected(seqs.error());
    if (!in.take(' ')) return in.expected("UIDs");
    auto uids = parse_known_set(in);
    if (!uids) return std::unexpected(uids.error());
    if (!in.take(')') || count_of(*seqs) != count_of(*uids)) return in.expected("as many UIDs");
    resync.match_seqs = std::move(*seqs);
    resync.match_uids = std::move(*uids);
    return true;
}

// [SP known-uids] [SP seq-match-data] ")"
Parsed<bool> parse_known(Cursor& in, QuickResync& resync) {
    bool has_space = in.take(' ');
    if (has_space && !in.next_is('(')) {
        auto uids = parse_known_set(in);
        if (!uids) return std::unexpected(uids.error());
        resync.uids = std::move(*uids);
        has_space = in.take(' ');
    }
    if (has_space) {
        if (!in.take('(')) return in.expected("match data");
        const auto match = parse_match_data(in, resync);
        if (!match) return match;
    }
    if (!in.take(')')) return in.expected(")");
    return true;
}

// uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
Parsed<QuickResync> parse_resync(Cursor& in) {
    const auto validity = parse_nz_number(in);
    if (!validity) return std::unexpected(validity.error());
    if (!in.take(' ')) return in.expected("mod-sequence");
    const auto modseq = parse_modseq(in);
    if (!modseq) return std::unexpected(modseq.error());
    QuickResync resync{UidValidity(*validity), *modseq, {}, {}, {}};
    const auto known = parse_known(in, resync);
    if (!known) return std::unexpected(known.error());
    return resync;
}

// select-param
Parsed<bool> parse_parameter(Cursor& in, Select& select) {
    if (in.take_icase("QRESYNC (")) {
        if (select.resync) return in.expected("one QRESYNC");
        auto resync = parse_resync(in);
        if (!resync) return std::unexpected(resync.error());
        select.resync = std::move(*resync);
        return true;
    }
    if (!in.take_icase("CONDSTORE")) return in.expected("parameter");
    select.is_condstore = true;
    return true;
}

} // namespace

// select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"]
Parsed<Arguments> parse_select(Cursor& in) {
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    Select select{.name = std::move(*name), .resync = {}};
    if (in.at_end()) return select;
    if (!in.take(" (")) return in.expected("parameters");
    do {
        const auto parameter = parse_parameter(in, select);
        if (!parameter) return std::unexpected(parameter.error());
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return select;
}

} // namespace maild::imap
