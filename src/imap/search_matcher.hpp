#pragma once
// Evaluates a search program for one message after the other (RFC 9051 §6.4.4), the cheapest
// knowledge first: what the view knows, then what the store's index excludes, then the store's
// figures, then the header section, then the bodies. A message that is decided stays unread. Each
// level costs one pass over the program.

#include "imap/mailbox_view.hpp"
#include "imap/search_program.hpp"

#include "maild/store/message_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::imap {

enum class Level : std::uint8_t { view, figures, header, body };

enum class Tri : std::uint8_t { no, yes, unknown };

class SearchMatcher {
public:
    // Folds the needles; `program` and `view` outlive it.
    SearchMatcher(const SearchProgram& program, const MailboxView& view, WallTime now);

    // The deepest level that any key needs.
    Level deepest() const { return deepest_; }

    // By the view alone. Then, if unknown, on with one level more, for the same message, without a
    // gap.
    Tri match_view(std::uint32_t seq);
    // What the store's index may narrow by, of as many keys as one call takes.
    std::vector<store::Needle> needles() const;
    // By the view, and the index: `candidates` as in store::Candidate.
    Tri match_narrowed(std::uint32_t seq, std::uint32_t candidates);
    Tri match_figures(const store::MessageData& message);
    Tri match_header(std::string_view header);
    // What the bodies are searched for, in the order of the keys: fill found in, then match.
    struct BodyKey {
        std::string_view needle; // folded
        bool found = false;
        bool is_near = false; // a near word is as good
    };
    std::vector<BodyKey> body_keys() const;
    Tri match_bodies(const std::vector<BodyKey>& keys);

private:
    void add_narrowing(std::size_t key);
    Tri evaluate() const;
    bool figures_answer(const SearchKey& key, const store::MessageData& message) const;
    bool view_answer(std::size_t key, std::uint32_t seq) const;

    const SearchProgram& program_;
    const MailboxView& view_;
    WallTime now_;
    Level deepest_ = Level::view;
    std::vector<std::string> needles_; // folded, by key
    struct Narrowing {
        std::size_t key;
        std::string_view text; // of its needle, or a part of it
    };
    std::vector<Narrowing> narrowed_; // what the key needs at least one of, one by one
    std::vector<Ranges> sets_;        // sequence numbers, by key
    std::vector<Tri> answers_;        // by key, for the message at hand
};

Level level_of(SearchOp op);

} // namespace maild::imap
