#include "smtp/header_check.hpp"

#include "maild/mail/header.hpp"

#include <algorithm>

namespace maild::smtp {
namespace {

constexpr std::size_t kKept = 400; // octets of a field

// The first field of each name.
void note_names(const mail::HeaderSection& section, HeaderFacts& facts) {
    const auto take = [](const mail::HeaderField& field, std::string& out) {
        if (out.empty()) out = mail::unfold(field.body.substr(0, kKept));
    };
    for (const auto& field : section.fields) {
        if (field.is("Message-ID"))
            take(field, facts.message_id);
        else if (field.is("From"))
            take(field, facts.from);
        else if (field.is("Subject"))
            take(field, facts.subject);
    }
}

} // namespace

HeaderFacts check_header(std::string_view content, unsigned received_fields) {
    const auto section = mail::parse_header(content);
    HeaderFacts facts;
    facts.header_size = section.body_begin;
    note_names(section, facts);
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
