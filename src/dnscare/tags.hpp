#pragma once
// Lists of tags, "v=STSv1; id=2026;", as the records of DMARC (RFC 9989 §4.7), MTA-STS (RFC 8461
// §3.1) and TLS reports (RFC 8460 §3) have them. Read strictly: whoever publishes a record wants to
// hear of what readers forgive. Pure, linear.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maild::dnscare {

inline constexpr std::size_t kMaxTags = 100;

class Tags {
public:
    // None: a piece without "=", a name that is none or comes twice, too many. The last ";" may be
    // there or not. Names are kept in lower case; views point into the text.
    static std::optional<Tags> parse(std::string_view text);

    std::optional<std::string_view> find(std::string_view name) const; // in lower case
    bool has(std::string_view name) const { return find(name).has_value(); }
    std::size_t size() const { return tags_.size(); }

private:
    std::vector<std::pair<std::string, std::string_view>> tags_;
};

// Of a name's TXT records those with this version in front, "v=STSv1"; the others are none of that
// kind (RFC 8461 §3.1, RFC 8460 §3).
std::vector<std::string> of_version(const std::vector<std::string>& texts,
                                    std::string_view version);

} // namespace maild::dnscare
