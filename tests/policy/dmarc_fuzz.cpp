// Input: a record, and a header section with the author in it.
#include "policy/dmarc_walk.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto record = dmarc::parse_record(text);
    ensure(!record || dmarc::is_record(text));
    if (record && !record->is_usable) ensure(record->policy == dmarc::Policy::none);
    const auto authors = dmarc::authors_of(mail::parse_header(text));
    ensure(authors.domains.size() <= dmarc::kMaxAuthors);
    ensure(!authors.problem.empty() || (authors.domains.size() == 1 && !authors.has_more));
    for (const auto& domain : authors.domains)
        ensure(dmarc::domain_name(domain) == domain && !domain.ends_with('.'));
    const auto author = dmarc::author_domain(text);
    if (!author) return 0;
    const auto targets = dmarc::walk_targets(*author);
    ensure(!targets.empty() && targets.size() <= dmarc::kMaxWalk && targets.front() == *author);
    ensure(!targets.back().contains('.'));
    (void)dmarc::registrable_domain(*author);
    return 0;
}
