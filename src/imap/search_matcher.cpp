#include "imap/search_matcher.hpp"

#include "imap/near_word.hpp"
#include "imap/search_header.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>
#include <chrono>

namespace maild::imap {

namespace {

using enum SearchOp;

Tri from_bool(bool answer) { return answer ? Tri::yes : Tri::no; }
Tri negate(Tri a) { return a == Tri::unknown ? a : from_bool(a == Tri::no); }
Tri both(Tri a, Tri b) {
    if (a == Tri::no || b == Tri::no) return Tri::no;
    return a == Tri::yes && b == Tri::yes ? Tri::yes : Tri::unknown;
}

// The bit of a keyword in this mailbox; 0: no message has it.
std::uint64_t keyword_bit(const store::Keywords& keywords, std::string_view name) {
    for (std::size_t i = 0; i < keywords.size(); ++i)
        if (ascii::equals_icase(keywords[i], name))
            return std::uint64_t{1} << (store::kFirstKeyword + i);
    return 0;
}

// The longest beginning of a text that a needle may have: where it is not, the whole is not.
std::string beginning(std::string_view text) { return std::string(text.substr(0, 256)); }

} // namespace

Level level_of(SearchOp op) {
    switch (op) {
    case larger:
    case smaller:
    case before:
    case on:
    case since:
    case younger:
    case older:
    case saved_before:
    case saved_on:
    case saved_since:
    case email_id: return Level::figures;
    case header:
    case sent_before:
    case sent_on:
    case sent_since: return Level::header;
    case body:
    case text: return Level::body;
    default: return Level::view;
    }
}

SearchMatcher::SearchMatcher(const SearchProgram& program, const MailboxView& view, WallTime now)
    : program_(program),
      view_(view),
      now_(now),
      needles_(program.size()),
      sets_(program.size()),
      answers_(program.size(), Tri::unknown) {
    for (std::size_t i = 0; i < program.size(); ++i) {
        const auto& key = program[i];
        deepest_ = std::max(deepest_, level_of(key.op));
        if (!key.needle.empty()) needles_[i] = mail::collation_key(key.needle);
        if (key.op == sequence || key.op == uid) sets_[i] = view.seqs(key.set, key.op == uid);
        add_narrowing(i);
    }
}

void SearchMatcher::add_narrowing(std::size_t i) {
    const auto& key = program_[i];
    const std::string_view needle = needles_[i];
    auto texts = key.is_fuzzy ? certain_parts(needle) : std::vector<std::string_view>();
    if (texts.empty()) texts.push_back(needle);
    const bool is_text = key.op == body || key.op == text;
    const bool narrows = key.op == header || (is_text && needle.size() >= 3);
    if (!narrows || narrowed_.size() + texts.size() > store::kMaxNeedles) return;
    for (const auto part : texts) narrowed_.push_back({i, part});
}

std::vector<store::Needle> SearchMatcher::needles() const {
    std::vector<store::Needle> needles;
    for (const auto& [i, part] : narrowed_) {
        const auto& key = program_[i];
        auto& needle = needles.emplace_back();
        if (key.op != text)
            needle.where = key.op == header ? store::Where::header : store::Where::body;
        if (key.op == header)
            needle.texts.push_back(beginning(mail::collation_key(key.name)) + ":");
        needle.texts.push_back(beginning(part));
    }
    return needles;
}

Tri SearchMatcher::match_narrowed(std::uint32_t seq, std::uint32_t candidates) {
    match_view(seq);
    for (const auto& [key, part] : narrowed_) answers_[key] = Tri::no;
    for (std::size_t needle = 0; needle < narrowed_.size(); ++needle)
        if ((candidates >> needle & 1U) != 0) answers_[narrowed_[needle].key] = Tri::unknown;
    return evaluate();
}

bool SearchMatcher::figures_answer(const SearchKey& key, const store::MessageData& message) const {
    // RFC 9051 §6.4.4: dates without time and zone. Ours are shown in UTC, so that is their day.
    using std::chrono::days;
    const auto day = std::chrono::floor<days>(message.internal_date);
    const auto saved = std::chrono::floor<days>(message.save_date);
    // RFC 5032 §2: to the second, and both include the instant itself.
    const auto target = [&] { return now_ - std::chrono::seconds(key.number); };
    switch (key.op) {
    case larger: return message.size > key.number;
    case smaller: return message.size < key.number;
    case before: return day < key.date;
    case on: return day == key.date;
    case younger: return message.internal_date >= target();
    case older: return message.internal_date <= target();
    case saved_before: return saved < key.date;
    case saved_on: return saved == key.date;
    case saved_since: return saved >= key.date;
    case email_id: return static_cast<std::uint64_t>(message.email_id.value) == key.number;
    default: return day >= key.date;
    }
}

bool SearchMatcher::view_answer(std::size_t key, std::uint32_t seq) const {
    const auto& message = view_.at(seq);
    const auto& wanted = program_[key];
    const bool is_recent = view_.is_recent(message.uid);
    switch (wanted.op) {
    case flag_set: return message.flags.has(wanted.number);
    case flag_clear: return !message.flags.has(wanted.number);
    case keyword:
    case unkeyword: {
        const auto bit = keyword_bit(view_.keywords(), wanted.name);
        return (bit != 0 && message.flags.has(bit)) == (wanted.op == keyword);
    }
    case recent: return is_recent;
    case old: return !is_recent;
    case fresh: return is_recent && !message.flags.has(store::kSeen);
    case sequence:
    case uid: return contains(sets_[key], seq);
    case nothing: return false;
    case modseq: return message.modseq.value >= static_cast<std::int64_t>(wanted.number);
    default: return true; // ALL
    }
}

// A stack machine over the postfix program. Never deeper than twice the nesting that the parser
// allows.
Tri SearchMatcher::evaluate() const {
    std::vector<Tri> stack;
    for (std::size_t i = 0; i < program_.size(); ++i) {
        const auto op = program_[i].op;
        if (op == op_not) {
            stack.back() = negate(stack.back());
        } else if (op == op_and || op == op_or) {
            const auto b = stack.back();
            stack.pop_back();
            auto& a = stack.back();
            a = op == op_and ? both(a, b) : negate(both(negate(a), negate(b)));
        } else {
            stack.push_back(answers_[i]);
        }
    }
    return stack.back();
}

Tri SearchMatcher::match_view(std::uint32_t seq) {
    for (std::size_t i = 0; i < program_.size(); ++i) {
        const bool is_known = level_of(program_[i].op) == Level::view;
        answers_[i] = is_known ? from_bool(view_answer(i, seq)) : Tri::unknown;
    }
    return evaluate();
}

Tri SearchMatcher::match_figures(const store::MessageData& message) {
    for (std::size_t i = 0; i < program_.size(); ++i)
        if (level_of(program_[i].op) == Level::figures)
            answers_[i] = from_bool(figures_answer(program_[i], message));
    return evaluate();
}

Tri SearchMatcher::match_header(std::string_view header_section) {
    SearchHeader fields(header_section);
    for (std::size_t i = 0; i < program_.size(); ++i) {
        const auto& key = program_[i];
        if (level_of(key.op) == Level::header)
            answers_[i] = from_bool(fields.matches(key, needles_[i]));
        // TEXT is found in the header or in the bodies.
        if (key.op == text && fields.contains(needles_[i], key.is_fuzzy)) answers_[i] = Tri::yes;
    }
    return evaluate();
}

std::vector<SearchMatcher::BodyKey> SearchMatcher::body_keys() const {
    std::vector<BodyKey> keys;
    for (std::size_t i = 0; i < program_.size(); ++i)
        if (level_of(program_[i].op) == Level::body)
            keys.push_back({needles_[i], answers_[i] == Tri::yes, program_[i].is_fuzzy});
    return keys;
}

Tri SearchMatcher::match_bodies(const std::vector<BodyKey>& keys) {
    auto key = keys.begin();
    for (std::size_t i = 0; i < program_.size(); ++i)
        if (level_of(program_[i].op) == Level::body) answers_[i] = from_bool((key++)->found);
    return evaluate();
}

} // namespace maild::imap
