#include "imap/search_header.hpp"

#include "imap/near_word.hpp"

#include "maild/mail/date.hpp"
#include "maild/mail/searchable.hpp"

#include <algorithm>
#include <chrono>

namespace maild::imap {

SearchHeader::SearchHeader(std::string_view header)
    : section_(mail::parse_header(header)), lines_(section_.fields.size()) {}

const std::string& SearchHeader::line(std::size_t field) {
    auto& folded = lines_[field];
    if (!folded) folded = mail::folded_field(section_.fields[field]);
    return *folded;
}

bool SearchHeader::matches(const SearchKey& key, std::string_view needle) {
    if (key.op != SearchOp::header) return matches_date(key);
    for (std::size_t i = 0; i < section_.fields.size(); ++i) {
        if (!section_.fields[i].is(key.name)) continue;
        // RFC 9051 §6.4.4: an empty string matches every message that has the field.
        if (needle.empty()) return true;
        auto body = std::string_view(line(i));
        body.remove_prefix(std::min(body.size(), section_.fields[i].name.size() + 2));
        if (body.contains(needle) || (key.is_fuzzy && has_near(body, needle))) return true;
    }
    return false;
}

// RFC 9051 §6.4.4: the day as it stands in the Date field, without time and zone.
bool SearchHeader::matches_date(const SearchKey& key) const {
    const auto* field = section_.find("Date");
    if (field == nullptr) return false;
    const auto date = mail::parse_date_time(field->body);
    if (!date) return false;
    const std::chrono::sys_days day(date->local_day());
    if (key.op == SearchOp::sent_before) return day < key.date;
    if (key.op == SearchOp::sent_on) return day == key.date;
    return day >= key.date;
}

bool SearchHeader::contains(std::string_view needle, bool is_near) {
    if (needle.empty()) return true;
    for (std::size_t i = 0; i < section_.fields.size(); ++i)
        if (line(i).contains(needle) || (is_near && has_near(line(i), needle))) return true;
    return false;
}

} // namespace maild::imap
