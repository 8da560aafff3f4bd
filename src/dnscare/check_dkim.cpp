// The records of the keys with which the domain's mail is signed (RFC 6376 §3.6).
#include "dnscare/inquiry.hpp"

#include "maild/policy/record_audit.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

namespace dkim = policy::dkim;

struct Fault {
    const char* code;
    std::string repair;
};

Fault fault_of_other(const std::string& record) {
    const auto traits = dkim::key_traits(record);
    if (!traits) return {"dkim-broken", "Correct the record: " + traits.error() + "."};
    if (!traits->is_for_mail)
        return {"dkim-not-for-mail", "Take s= out: the record says that it is not for mail."};
    if (!traits->takes_sha256)
        return {"dkim-no-sha256", "Take h= out, or add sha256, with which mail is signed."};
    return {"dkim-other-key",
            "Publish this key's record; the one there is of another key, and no signature fits "
            "it."};
}

Fault fault_of(dkim::Publication publication, const std::vector<std::string>& records) {
    switch (publication) {
    case dkim::Publication::none:
        return {"dkim-missing", "Add the TXT record (mailctl domain dns prints it)."};
    case dkim::Publication::several:
        return {"dkim-several", "Leave one record at this name: readers take any of them."};
    case dkim::Publication::revoked:
        return {"dkim-revoked",
                "Publish the key again, or retire it (mailctl domain dkim retire): the record says "
                "that it is revoked."};
    case dkim::Publication::another: return fault_of_other(records.front());
    case dkim::Publication::right: break;
    }
    return {"dkim-testing",
            "Take t=y out: it says that wrong signatures do not matter (RFC 6376 §3.6.1)."};
}

bool is_testing(const std::vector<std::string>& records) {
    const auto traits = dkim::key_traits(records.front());
    return traits && traits->is_testing;
}

net::Task<void> check_key(Inquiry& inquiry, const DkimKey& key) {
    const auto answer = co_await inquiry.ask(key.name, net::DnsType::txt);
    if (answer.failed()) co_return;
    const auto publication = dkim::publication_of(answer.texts, key.algorithm, key.public_key);
    const bool is_right = publication == dkim::Publication::right;
    if (is_right && !is_testing(answer.texts)) co_return;
    const auto fault = fault_of(publication, answer.texts);
    // One that does not sign yet does no harm.
    const bool is_harmful = !is_right && key.use == KeyUse::signing;
    inquiry.add({is_harmful ? Severity::fault : Severity::warning, fault.code, key.name,
                 answer.texts.empty() ? "no TXT record" : joined(answer.texts), key.record(),
                 fault.repair});
}

} // namespace

net::Task<void> check_dkim(Inquiry& inquiry) {
    const auto& facts = inquiry.facts();
    if (facts.keys.empty())
        inquiry.add({Severity::warning, "dkim-no-key", facts.domain, "no key", "two keys",
                     "Have its mail signed: mailctl domain dkim add " + facts.domain + "."});
    for (const auto& key : facts.keys) co_await check_key(inquiry, key);
}

} // namespace maild::dnscare
