// Records of any octets where a check looks for them: it ends, each finding has its words, and the
// number of questions is bounded. The first octet chooses the place.
#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/base/ensure.hpp"
#include "maild/dnscare/check.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

using namespace maild;

namespace {

struct Place {
    const char* name;
    net::DnsType type;
};
constexpr Place kPlaces[] = {
    {"example.org", net::DnsType::txt},
    {"mail.example.org", net::DnsType::txt},
    {"_dmarc.example.org", net::DnsType::txt},
    {"_mta-sts.example.org", net::DnsType::txt},
    {"_smtp._tls.example.org", net::DnsType::txt},
    {"one._domainkey.example.org", net::DnsType::txt},
    {"_imaps._tcp.example.org", net::DnsType::srv},
    {"_sieve._tcp.example.org", net::DnsType::srv},
    {"_25._tcp.mail.example.org", net::DnsType::tlsa},
    {"example.org", net::DnsType::caa},
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const auto& place = kPlaces[data[0] % std::size(kPlaces)];
    test::MemoryResolver dns;
    dns.add_mx("example.org", 10, "mail.example.org");
    dns.add_a("mail.example.org", "192.0.2.25");
    dns.add_record(place.name, place.type,
                   std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
    dnscare::DomainFacts facts{"example.org", "mail.example.org", 1};
    facts.keys.push_back(
        {"one._domainkey.example.org", policy::dkim::Algorithm::ed25519_sha256,
         "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", dnscare::KeyUse::signing});
    facts.services.push_back({"imaps", 993});
    const test::FakeClock clock;
    const auto findings =
        test::run_task(dnscare::check(dns, clock, std::move(facts), {.validates = true}));
    for (const auto& finding : findings) {
        ensure(!finding.code.empty() && finding.repair.ends_with('.'), "words");
        static_cast<void>(dnscare::to_json(finding));
    }
    ensure(dns.asked.size() <= 400, "few questions");
    return 0;
}
