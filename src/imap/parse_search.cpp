// SEARCH (RFC 9051 §9 search). Nesting is a stack of our own, limited to kMaxDepth.
#include "imap/limits.hpp"
#include "imap/near_word.hpp"
#include "imap/parse.hpp"
#include "imap/relevancy.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace maild::imap {

namespace {

using enum SearchOp;

enum class Argument : std::uint8_t {
    none,
    string,
    header,
    keyword,
    size,
    date,
    set,
    modseq,
    seconds,
    object_id
};

struct KeyRow {
    std::string_view name;
    SearchOp op;
    Argument argument = Argument::none;
    std::uint64_t number = 0;    // flag bit
    std::string_view field = {}; // header field
};

constexpr auto kKeys = std::to_array<KeyRow>({
    {"ALL", all},
    {"ANSWERED", flag_set, Argument::none, store::kAnswered},
    {"DELETED", flag_set, Argument::none, store::kDeleted},
    {"DRAFT", flag_set, Argument::none, store::kDraft},
    {"FLAGGED", flag_set, Argument::none, store::kFlagged},
    {"SEEN", flag_set, Argument::none, store::kSeen},
    {"UNANSWERED", flag_clear, Argument::none, store::kAnswered},
    {"UNDELETED", flag_clear, Argument::none, store::kDeleted},
    {"UNDRAFT", flag_clear, Argument::none, store::kDraft},
    {"UNFLAGGED", flag_clear, Argument::none, store::kFlagged},
    {"UNSEEN", flag_clear, Argument::none, store::kSeen},
    {"NEW", fresh},
    {"OLD", old},
    {"RECENT", recent},
    {"KEYWORD", keyword, Argument::keyword},
    {"UNKEYWORD", unkeyword, Argument::keyword},
    {"UID", uid, Argument::set},
    {"MODSEQ", modseq, Argument::modseq},
    {"LARGER", larger, Argument::size},
    {"SMALLER", smaller, Argument::size},
    {"BEFORE", before, Argument::date},
    {"ON", on, Argument::date},
    {"SINCE", since, Argument::date},
    {"YOUNGER", younger, Argument::seconds},
    {"OLDER", older, Argument::seconds},
    {"SAVEDBEFORE", saved_before, Argument::date},
    {"SAVEDON", saved_on, Argument::date},
    {"SAVEDSINCE", saved_since, Argument::date},
    {"SAVEDATESUPPORTED", all}, // RFC 8514 §4.3: of every mailbox
    {"EMAILID", email_id, Argument::object_id},
    {"THREADID", nothing, Argument::object_id}, // RFC 8474 §5.2: no message has one
    {"SENTBEFORE", sent_before, Argument::date},
    {"SENTON", sent_on, Argument::date},
    {"SENTSINCE", sent_since, Argument::date},
    {"HEADER", header, Argument::header},
    {"FROM", header, Argument::string, 0, "From"},
    {"TO", header, Argument::string, 0, "To"},
    {"CC", header, Argument::string, 0, "Cc"},
    {"BCC", header, Argument::string, 0, "Bcc"},
    {"SUBJECT", header, Argument::string, 0, "Subject"},
    {"BODY", body, Argument::string},
    {"TEXT", text, Argument::string},
});

const KeyRow* find_key(std::string_view name) {
    for (const auto& row : kKeys)
        if (ascii::equals_icase(row.name, name)) return &row;
    return nullptr;
}

// [entry-name SP entry-type-req SP] mod-sequence-valzer, RFC 7162 §3.1.5: there is one mod-sequence
// for all metadata of a message, so the names are read and ignored.
Parsed<bool> parse_search_modseq(Cursor& in, SearchKey& key) {
    if (in.next_is('"')) {
        const auto entry = parse_quoted(in);
        if (!entry || !ascii::starts_with_icase(*entry, "/flags/"))
            return in.expected("entry name");
        if (!in.take_icase(" priv ") && !in.take_icase(" shared ") && !in.take_icase(" all "))
            return in.expected("entry type");
    }
    const auto number = parse_modseq_or_zero(in);
    if (!number) return std::unexpected(number.error());
    key.number = static_cast<std::uint64_t>(number->value);
    return true;
}

// objectid (RFC 8474 §7). One that is not of ours is no error, and no message has it.
Parsed<bool> parse_object_id(Cursor& in, SearchKey& key) {
    const auto id =
        in.take_while([](char c) { return ascii::is_alnum(c) || c == '_' || c == '-'; });
    if (id.empty() || id.size() > 255) return in.expected("object id");
    const auto known = parse_object_number(id, 'M');
    if (!known) key.op = nothing;
    key.number = known.value_or(0);
    return true;
}

// SP and the argument of a key.
Parsed<bool> parse_argument(Cursor& in, Argument argument, SearchKey& key) {
    const auto store_text = [](Parsed<std::string> parsed, std::string& out) -> Parsed<bool> {
        if (!parsed) return std::unexpected(parsed.error());
        out = std::move(*parsed);
        return true;
    };
    if (argument == Argument::none) return true;
    if (!in.take(' ')) return in.expected("argument of search key");
    switch (argument) {
    case Argument::none: return true;
    case Argument::string: return store_text(parse_astring(in), key.needle);
    case Argument::header: {
        const auto name = store_text(parse_astring(in), key.name);
        if (!name || !in.take(' ')) return in.expected("header field");
        return store_text(parse_astring(in), key.needle);
    }
    case Argument::keyword: {
        const auto name = parse_atom(in);
        if (!name) return std::unexpected(name.error());
        key.name = *name;
        return true;
    }
    case Argument::size: {
        const auto number = in.take_number(UINT64_MAX);
        if (!number) return std::unexpected(number.error());
        key.number = *number;
        return true;
    }
    case Argument::date: {
        const auto date = parse_date(in);
        if (!date) return std::unexpected(date.error());
        key.date = *date;
        return true;
    }
    case Argument::set: {
        auto set = parse_sequence_set(in);
        if (!set) return std::unexpected(set.error());
        key.set = std::move(*set);
        return true;
    }
    case Argument::modseq: return parse_search_modseq(in, key);
    case Argument::seconds: {
        const auto number = parse_nz_number(in);
        if (!number) return std::unexpected(number.error());
        key.number = *number;
        return true;
    }
    case Argument::object_id: return parse_object_id(in, key);
    }
    return in.expected("search key");
}

// What waits for its operands.
struct Frame {
    enum class Kind : std::uint8_t { group, negation, choice, fuzzy } kind;
    std::size_t operands = 0;
};

class KeyParser {
public:
    explicit KeyParser(Cursor& in) : in_(in) {}

    Parsed<SearchProgram> parse() {
        do {
            const auto key = parse_key();
            if (!key) return std::unexpected(key.error());
            while (in_.next_is(')') && stack_.size() > 1) {
                if (stack_.back().kind != Frame::Kind::group) return in_.expected("search key");
                in_.take(')');
                stack_.pop_back();
                complete();
            }
        } while (in_.take(' '));
        if (stack_.size() != 1) return in_.expected("end of search key");
        return std::move(program_);
    }

private:
    // One key with what stands before it: "(", NOT, OR, FUZZY.
    Parsed<bool> parse_key() {
        while (true) {
            if (stack_.size() > kMaxDepth) return in_.expected("less nesting");
            if (program_.size() >= kMaxSearchKeys) return in_.expected("fewer search keys");
            if (in_.take('(')) {
                stack_.push_back({Frame::Kind::group});
                continue;
            }
            if (ascii::is_digit(in_.peek()) || in_.next_is('*') || in_.next_is('$'))
                return parse_sequence();
            const auto name = in_.take_while(ascii::is_alpha);
            if (ascii::equals_icase(name, "NOT"))
                stack_.push_back({Frame::Kind::negation});
            else if (ascii::equals_icase(name, "OR"))
                stack_.push_back({Frame::Kind::choice});
            else if (ascii::equals_icase(name, "FUZZY"))
                stack_.push_back({Frame::Kind::fuzzy}); // RFC 6203 §7
            else
                return parse_leaf(name);
            if (!in_.take(' ')) return in_.expected("search key");
        }
    }

    Parsed<bool> parse_sequence() {
        auto set = parse_sequence_set(in_);
        if (!set) return std::unexpected(set.error());
        SearchKey key{.op = sequence};
        key.set = std::move(*set);
        key.is_fuzzy = is_fuzzy();
        program_.push_back(std::move(key));
        complete();
        return true;
    }

    bool is_fuzzy() const {
        return std::ranges::any_of(
            stack_, [](const Frame& frame) { return frame.kind == Frame::Kind::fuzzy; });
    }

    Parsed<bool> parse_leaf(std::string_view name) {
        const auto* row = find_key(name);
        if (row == nullptr) return in_.expected("search key");
        SearchKey key{.op = row->op};
        key.number = row->number;
        key.name = row->field;
        auto argument = parse_argument(in_, row->argument, key);
        if (!argument) return argument;
        key.is_fuzzy = is_fuzzy();
        if (key.is_fuzzy && !key.needle.empty()) return push_words(std::move(key));
        program_.push_back(std::move(key));
        complete();
        return true;
    }

    // Each word by itself, wherever it stands.
    Parsed<bool> push_words(SearchKey key) {
        key.phrase = std::exchange(key.needle, {});
        auto words = words_of(key.phrase);
        if (words.empty()) words.push_back(key.phrase);
        if (words.size() > kMaxFuzzyWords) words.resize(kMaxFuzzyWords);
        if (program_.size() + 2 * words.size() > kMaxSearchKeys)
            return in_.expected("fewer search keys");
        for (std::size_t i = 0; i < words.size(); ++i) {
            auto word = key;
            word.needle = words[i];
            if (i + 1 < words.size()) word.phrase.clear();
            program_.push_back(std::move(word));
            if (i > 0) program_.push_back({.op = op_and});
        }
        complete();
        return true;
    }

    // An operand stands at the end of the program: give it to what waits for it.
    void complete() {
        while (true) {
            auto& top = stack_.back();
            ++top.operands;
            if (top.kind == Frame::Kind::group) {
                if (top.operands > 1) program_.push_back({.op = op_and});
                return;
            }
            if (top.kind == Frame::Kind::choice && top.operands == 1) return;
            if (top.kind != Frame::Kind::fuzzy)
                program_.push_back({.op = top.kind == Frame::Kind::choice ? op_or : op_not});
            stack_.pop_back();
        }
    }

    Cursor& in_;
    std::vector<Frame> stack_{{Frame::Kind::group}};
    SearchProgram program_;
};

} // namespace

Parsed<SearchProgram> parse_search_keys(Cursor& in) { return KeyParser(in).parse(); }

namespace {

// [SP "RETURN" SP (…)] [SP "CHARSET" SP charset] 1*(SP search-key), the first SP taken
Parsed<Search> parse_criteria(Cursor& in) {
    Search search;
    if (in.take_icase("RETURN ")) {
        const auto returns = parse_search_return(in);
        if (!returns) return std::unexpected(returns.error());
        if (!in.take(' ')) return in.expected("search key");
        search.returns = *returns;
    }
    if (in.take_icase("CHARSET ")) {
        auto charset = parse_astring(in);
        if (!charset) return std::unexpected(charset.error());
        if (!in.take(' ')) return in.expected("search key");
        search.charset = std::move(*charset);
    }
    auto program = parse_search_keys(in);
    if (!program) return std::unexpected(program.error());
    search.program = std::move(*program);
    if (search.returns && search.returns->relevancy && !has_fuzzy(search.program))
        return in.expected("FUZZY"); // RFC 6203 §4
    return search;
}

} // namespace

// search = "SEARCH" SP criteria
Parsed<Arguments> parse_search(Cursor& in) {
    if (!in.take(' ')) return in.expected("search key");
    auto search = parse_criteria(in);
    if (!search) return std::unexpected(search.error());
    return std::move(*search);
}

// "CANCELUPDATE" 1*(SP quoted), RFC 5267 §5
Parsed<Arguments> parse_cancel_update(Cursor& in) {
    CancelUpdate cancel;
    while (in.take(' ')) {
        auto tag = parse_quoted(in);
        if (!tag) return std::unexpected(tag.error());
        if (cancel.tags.size() == kMaxContexts) return in.expected("fewer tags");
        cancel.tags.push_back(std::move(*tag));
    }
    if (cancel.tags.empty()) return in.expected("tag");
    return cancel;
}

// esearch = "ESEARCH" [SP "IN" SP "(" source-mbox ")"] SP criteria, RFC 7377 §4
Parsed<Arguments> parse_multisearch(Cursor& in) {
    MultiSearch command{.sources = {{.kind = MailboxFilter::Kind::selected}}, .search = {}};
    if (!in.take(' ')) return in.expected("search key");
    if (in.take_icase("IN (")) {
        auto sources = parse_mailbox_filters(in);
        if (!sources) return std::unexpected(sources.error());
        if (!in.take(") ")) return in.expected(")");
        command.sources = std::move(*sources);
    }
    auto search = parse_criteria(in);
    if (!search) return std::unexpected(search.error());
    command.search = std::move(*search);
    return command;
}

} // namespace maild::imap
