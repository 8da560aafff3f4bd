#include "policy/dkim_tags.hpp"

#include "maild/policy/dmarc.hpp"

#include <libpsl.h>
#include <memory>

namespace maild::policy::dmarc {
namespace {

struct FreeList {
    void operator()(psl_ctx_t* list) const { psl_free(list); }
};

// The newer of the list that is built into the library and the one of the distribution, if that may
// be opened. Read once: it changes a few times a year.
const psl_ctx_t* suffixes() {
    static const std::unique_ptr<psl_ctx_t, FreeList> list(psl_latest(nullptr));
    return list.get();
}

} // namespace

void load_public_suffixes() { suffixes(); }

std::optional<std::string> registrable_domain(std::string_view domain) {
    const auto name = dkim::dns_name(domain);
    if (!name || suffixes() == nullptr) return std::nullopt;
    const char* registrable = psl_registrable_domain(suffixes(), name->c_str());
    if (registrable == nullptr) return std::nullopt;
    return std::string(registrable);
}

bool is_at_or_below(std::string_view domain, std::string_view above) {
    return domain == above ||
           (domain.ends_with(above) && domain[domain.size() - above.size() - 1] == '.');
}

bool have_same_registrable_domain(std::string_view a, std::string_view b) {
    const auto first = registrable_domain(a);
    return first && first == registrable_domain(b);
}

bool may_be_aligned(std::string_view a, std::string_view b) {
    return is_at_or_below(a, b) || is_at_or_below(b, a) || have_same_registrable_domain(a, b);
}

} // namespace maild::policy::dmarc
