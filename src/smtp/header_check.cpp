#include "smtp/header_check.hpp"

#include "maild/mail/header.hpp"

#include <algorithm>

namespace maild::smtp {

HeaderFacts check_header(std::string_view content, unsigned received_fields) {
    const auto section = mail::parse_header(content);
    HeaderFacts facts{section.body_begin, std::nullopt};
    if (section.limit != mail::HeaderLimit::none || section.body_begin > mail::kMaxHeaderSection) {
        facts.refusal = Reply{554, Status{6, 0}, "Header section too large"};
        return facts;
    }
    const auto hops = std::ranges::count_if(
        section.fields, [](const mail::HeaderField& field) { return field.is("Received"); });
    if (hops > static_cast<std::ptrdiff_t>(received_fields))
        facts.refusal = Reply{554, Status{4, 6}, "Too many hops, mail loop"};
    return facts;
}

} // namespace maild::smtp
