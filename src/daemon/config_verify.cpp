// [dns] and [verify]: whom to ask, and what to make of who sends.
#include "daemon/config_sections.hpp"

#include "maild/base/log.hpp"
#include "maild/mail/address.hpp"
#include "maild/net/dns_resolver.hpp"

namespace maild::daemon {
namespace {

constexpr std::size_t kMaxServers = 8;
constexpr std::size_t kMaxSealers = 1000;

} // namespace

void read_strings(ConfigTable& table, std::string_view key, std::size_t most,
                  const std::function<void(const std::string& text)>& take) {
    const auto* items = table.array(key);
    if (items == nullptr) return;
    if (items->size() > most)
        return table.fault(key, "has more than " + std::to_string(most) + " entries",
                           "write fewer");
    for (const auto& node : *items) {
        const auto text = node.value_exact<std::string>();
        if (text)
            take(*text);
        else
            table.fault(key, "holds something that is no string", "write each in quotes");
    }
}

void read_dns(ConfigTable& table, DnsSettings& out) {
    read_strings(table, "servers", kMaxServers, [&](const std::string& text) {
        if (net::parse_dns_server(text)) return out.servers.push_back(text);
        table.fault("servers", "holds " + log::escaped(text) + ", which is no server's address",
                    "write \"192.0.2.53\", \"192.0.2.53:5353\" or \"[2001:db8::53]:53\"");
    });
    table.absolute_path("trust_anchor", out.trust_anchor);
}

void read_verify(ConfigTable& table, VerifySettings& out) {
    table.choice<bool>("senders", out.is_enabled, {{"on", true}, {"off", false}});
    table.choice<bool>("spf", out.rejects_spf_fail, {{"mark", false}, {"reject", true}});
    table.choice<bool>("dmarc", out.enforces_dmarc, {{"mark", false}, {"enforce", true}});
    table.choice<bool>("dns_failure", out.defers_without_dns, {{"accept", false}, {"defer", true}});
    read_strings(table, "trusted_sealers", kMaxSealers, [&](const std::string& text) {
        const auto domain = mail::Domain::parse(text);
        if (domain) return out.trusted_sealers.push_back(domain->ascii());
        table.fault("trusted_sealers", "holds " + log::escaped(text) + ", which is no domain",
                    "write the domain (d=) that seals: \"lists.example.org\"");
    });
    read_networks(table, "exempt", out.exempt);
}

} // namespace maild::daemon
