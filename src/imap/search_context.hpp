#pragma once
// Searches whose results a client follows (RFC 5267 §4.3): what each has found so far, and how
// changes of that are said. Belongs to one session and its selected mailbox; the session searches
// anew among what has changed. Memory: four octets for each message that is found, and its keys if
// the result is sorted.

#include "imap/fetch_items.hpp"
#include "imap/mailbox_view.hpp"
#include "imap/search_program.hpp"
#include "imap/sorted_result.hpp"

#include "maild/store/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maild::imap {

// Numbers, `$` and `*` alone mean what they meant when the search was made.
SearchProgram pinned(SearchProgram program, const MailboxView& view);

class SearchContext {
public:
    // `found`: sequence numbers, ascending.
    SearchContext(std::string_view tag, bool is_uid, SearchProgram program, const MailboxView& view,
                  const std::vector<std::uint32_t>& found);

    // To be sent of each message that comes and matches.
    void send(FetchItems items) { items_ = std::move(items); }
    const FetchItems& items() const { return items_; }

    // Its order from now on.
    void sort(SortedResult sorted) { sorted_ = std::move(sorted); }
    const SortedResult* sorted() const { return sorted_ ? &*sorted_ : nullptr; }

    // It would take too much to go on with it.
    void give_up() { is_given_up_ = true; }
    bool is_given_up() const { return is_given_up_; }

    const std::string& tag() const { return tag_; }
    const SearchProgram& program() const { return program_; }

    // Before EXPUNGE is said of them (§4.3.4).
    void remove_expunged(std::string& out, const MailboxView& view);
    // `touched`: UIDs that have changed or come; `found`: the sequence numbers of those that match
    // now. Both ascending. `keys`: of those newcomers, where there is an order.
    void update(std::string& out, const MailboxView& view, const std::vector<Uid>& touched,
                const std::vector<std::uint32_t>& found, std::vector<SortKey> keys);
    // Those of `found` that were not among its result.
    std::vector<std::uint32_t> newcomers(const MailboxView& view,
                                         const std::vector<std::uint32_t>& found) const;

private:
    void say(std::string& out, std::string_view removed, std::string_view added) const;
    std::string leave(const MailboxView& view, const std::vector<Uid>& removed);
    std::string join(const MailboxView& view, const std::vector<Uid>& added,
                     std::vector<SortKey> keys);
    SortedResult::Number numbering(const MailboxView& view) const;

    std::string tag_;
    bool is_uid_;
    bool is_given_up_ = false;
    SearchProgram program_;
    std::vector<Uid> found_; // ascending
    std::optional<SortedResult> sorted_;
    FetchItems items_;
};

} // namespace maild::imap
