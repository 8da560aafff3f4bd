#pragma once
// The header section of a message as SEARCH sees it: fields decoded and folded once, when a key
// first asks for them.

#include "imap/search_program.hpp"

#include "maild/mail/header.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

class SearchHeader {
public:
    explicit SearchHeader(std::string_view header); // a view into it is kept

    // HEADER and the SENT keys; `needle` is folded.
    bool matches(const SearchKey& key, std::string_view needle);
    // In any field, its name included (TEXT); the needle itself, or a word that is near.
    bool contains(std::string_view needle, bool is_near = false);

private:
    bool matches_date(const SearchKey& key) const;
    const std::string& line(std::size_t field); // "Name: body", folded

    mail::HeaderSection section_;
    std::vector<std::optional<std::string>> lines_;
};

} // namespace maild::imap
