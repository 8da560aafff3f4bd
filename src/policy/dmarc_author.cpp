#include "policy/dkim_tags.hpp"

#include "maild/mail/address_list.hpp"
#include "maild/mail/header.hpp"
#include "maild/policy/dmarc.hpp"

namespace maild::policy::dmarc {

// RFC 9989 §4.2, RFC 7489 §6.6.1: a message that does not say in one way who speaks has no author
// domain, and nobody could say which of several was authenticated.
std::expected<std::string, std::string> author_domain(std::string_view header) {
    const mail::HeaderField* from = nullptr;
    const auto section = mail::parse_header(header);
    if (section.limit == mail::HeaderLimit::field_count ||
        section.limit == mail::HeaderLimit::section_size)
        return std::unexpected("the header section is larger than is looked at");
    for (const auto& field : section.fields) {
        if (!field.is("From")) continue;
        if (from != nullptr) return std::unexpected("From is there twice");
        from = &field;
    }
    if (from == nullptr) return std::unexpected("there is no From");
    if (from->body.size() >= mail::kMaxFieldBody) return std::unexpected("From is too long");
    const auto authors = mail::mailboxes_of(mail::parse_address_list(from->body));
    if (authors.empty()) return std::unexpected("From has no address");
    std::string domain;
    for (const auto& author : authors) {
        auto name = dkim::dns_name(author.domain);
        if (!name) return std::unexpected("From has an address without a domain");
        if (!domain.empty() && domain != *name)
            return std::unexpected("From has addresses of different domains");
        domain = std::move(*name);
    }
    return domain;
}

} // namespace maild::policy::dmarc
