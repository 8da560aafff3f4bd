#include "delivery/header_handling.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/header.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace maild::delivery {
namespace {

// The value of the only field of that name, without a comment behind it.
std::optional<std::string> only_value(const mail::HeaderSection& section, std::string_view name) {
    const auto is_it = [name](const mail::HeaderField& field) { return field.is(name); };
    if (std::ranges::count_if(section.fields, is_it) != 1) return std::nullopt;
    const auto body = mail::unfold(section.find(name)->body);
    const auto value = std::string_view(body).substr(0, body.find('('));
    return std::string(ascii::trim(value));
}

// priority-value = ( ["-"] NZDIGIT ) / "0", RFC 6710
std::optional<std::int8_t> parse_priority(std::string_view value) {
    const bool is_negative = value.starts_with('-');
    const auto digit = value.substr(is_negative ? 1 : 0);
    if (digit.size() != 1 || !ascii::is_digit(digit.front())) return std::nullopt;
    const int number = digit.front() - '0';
    if (is_negative && number == 0) return std::nullopt;
    return static_cast<std::int8_t>(is_negative ? -number : number);
}

} // namespace

void add_header_handling(std::string_view content, bool reads_priority, queue::Handling& handling) {
    const auto section = mail::parse_header(content);
    const auto tls = only_value(section, "TLS-Required");
    if (!handling.requires_tls && tls && ascii::equals_icase(*tls, "No"))
        handling.tls_optional = true;
    if (!reads_priority) return;
    const auto value = only_value(section, "MT-Priority");
    if (const auto priority = value ? parse_priority(*value) : std::nullopt)
        handling.priority = *priority;
}

} // namespace maild::delivery
