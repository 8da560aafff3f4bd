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

} // namespace maild::policy::dmarc
