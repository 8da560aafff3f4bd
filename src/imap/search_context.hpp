#pragma once
// Searches whose results a client follows (RFC 5267 §4.3): what each has found so far, and how
// changes of that are said. Belongs to one session and its selected mailbox; the session searches
// anew among what has changed. Memory: four octets for each message that is found.

#include "imap/mailbox_view.hpp"
#include "imap/search_program.hpp"

#include "maild/store/types.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

// Numbers and `$` mean what they meant when the search was made.
SearchProgram pinned(SearchProgram program, const MailboxView& view);

class SearchContext {
public:
    // `found`: sequence numbers, ascending.
    SearchContext(std::string_view tag, bool is_uid, SearchProgram program, const MailboxView& view,
                  const std::vector<std::uint32_t>& found);

    const std::string& tag() const { return tag_; }
    const SearchProgram& program() const { return program_; }

    // Before EXPUNGE is said of them (§4.3.4).
    void remove_expunged(std::string& out, const MailboxView& view);
    // `touched`: UIDs that have changed or come; `found`: the sequence numbers of those that match
    // now. Both ascending.
    void update(std::string& out, const MailboxView& view, const std::vector<Uid>& touched,
                const std::vector<std::uint32_t>& found);

private:
    void say(std::string& out, const MailboxView& view, const std::vector<Uid>& removed,
             const std::vector<Uid>& added) const;
    void forget(const std::vector<Uid>& removed);

    std::string tag_;
    bool is_uid_;
    SearchProgram program_;
    std::vector<Uid> found_; // ascending
};

} // namespace maild::imap
