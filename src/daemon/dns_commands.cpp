// `mailctl domain dns`: the records to publish, and the facts of which they are made, which
// `mailctl domain check` compares with the DNS.
#include "daemon/control_command.hpp"
#include "daemon/probe_messages.hpp"

#include "maild/base/ascii.hpp"
#include "maild/dnscare/records.hpp"
#include "maild/mail/address.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>
#include <chrono>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;
using dnscare::DomainFacts;

constexpr std::chrono::seconds kAuthTimeout{5};
constexpr std::chrono::seconds kFetchTimeout{20}; // longer than `sender` tries

// "submissions", or "submission" with STARTTLS (RFC 6186, RFC 8314 §5.1); empty: clients look for
// no such service.
std::string service_name(const ListenerConfig& listener) {
    const bool is_implicit = listener.tls == TlsMode::implicit;
    switch (listener.service) {
    case Service::submission: return is_implicit ? "submissions" : "submission";
    case Service::imap: return is_implicit ? "imaps" : "imap";
    case Service::pop3: return is_implicit ? "pop3s" : "pop3";
    default: return {};
    }
}

// Each service once for each port that it has, in the order of the configuration.
std::vector<dnscare::Service> services_of(const Config& config) {
    std::vector<dnscare::Service> out;
    for (const auto& listener : config.listeners) {
        auto name = service_name(listener);
        if (name.empty() || listener.is_unix()) continue;
        const auto is_same = [&](const dnscare::Service& each) {
            return each.name == name && each.port == listener.port;
        };
        if (std::ranges::none_of(out, is_same)) out.push_back({std::move(name), listener.port});
    }
    return out;
}

// Those that are configured; none where the daemon listens on whatever the host has.
std::vector<net::IpAddress> addresses_of(const Config& config) {
    std::vector<net::IpAddress> out;
    for (const auto& listener : config.listeners) {
        const auto address = net::parse_ip(listener.address);
        if (listener.service != Service::smtp || !address || !dnscare::is_public(*address) ||
            std::ranges::find(out, *address) != out.end())
            continue;
        out.push_back(*address);
    }
    return out;
}

// "192.0.2.1,2001:db8::1"
Result<std::vector<net::IpAddress>> parse_addresses(std::string_view text) {
    std::vector<net::IpAddress> out;
    while (!text.empty()) {
        const auto item = text.substr(0, text.find(','));
        text.remove_prefix(std::min(item.size() + 1, text.size()));
        const auto address = net::parse_ip(ascii::trim(item));
        if (!address || out.size() == dnscare::kMaxFacts)
            return fail(Errc::invalid_argument, "--address wants addresses, with commas between.");
        out.push_back(*address);
    }
    return out;
}

std::vector<dnscare::DkimKey> keys_of(const std::vector<directory::DkimKey>& keys) {
    using enum directory::DkimState;
    std::vector<dnscare::DkimKey> out;
    for (const auto& key : keys) {
        if (key.state == removed) continue;
        const auto use = key.state == active    ? dnscare::KeyUse::signing
                         : key.state == retired ? dnscare::KeyUse::retired
                                                : dnscare::KeyUse::waiting;
        out.push_back({key.record_name(), key.algorithm, key.public_key, use});
    }
    return out;
}

// A domain; or an alias domain, with the accounts of the one that it means.
net::Task<Result<DomainFacts>> names_of(ControlReach& reach, std::string domain) {
    const auto shown = co_await reach.admin.show_domain(domain);
    if (!shown) co_return std::unexpected(shown.error());
    const auto asked = mail::Domain::parse(domain);
    const bool is_alias =
        asked && std::ranges::find(shown->aliases, asked->ascii()) != shown->aliases.end();
    DomainFacts out;
    out.domain = is_alias ? asked->ascii() : shown->name;
    out.accounts = shown->accounts;
    co_return out;
}

} // namespace

net::Task<Result<HostCertificates>> host_certificates(ControlReach& reach) {
    ipc::Nothing nothing;
    auto certificates =
        co_await reach.auth.call<CertificateList>(kListCertificates, nothing, kAuthTimeout);
    if (!certificates) co_return std::unexpected(certificates.error());
    HostCertificates out;
    for (auto& row : certificates->certificates) {
        // The host's own has names as well, which a wildcard of another one does not take from it.
        if (row.is_own) out.own = row.chain;
        if (!row.served.empty() && out.named.size() < dnscare::kMaxFacts)
            out.named.push_back({std::move(row.served), std::move(row.chain)});
    }
    co_return out;
}

net::Task<std::optional<dnscare::ServedPolicy>> served_policy(ControlReach& reach,
                                                              std::string domain) {
    const auto& queue = reach.context.config().queue;
    if (!queue.is_sending || !queue.asks_sts) co_return std::nullopt;
    PolicyRequest request{std::move(domain)};
    auto fetched =
        co_await reach.sender.call<FetchedPolicy>(kFetchPolicy, std::move(request), kFetchTimeout);
    if (!fetched) co_return std::nullopt;
    auto& policy = fetched->policy;
    policy.words = mail::to_utf8(policy.words, "utf-8"); // a stranger's
    co_return std::move(policy);
}

net::Task<Result<DomainFacts>> facts_of(ControlReach& reach, std::string domain,
                                        HostCertificates certificates) {
    auto facts = co_await names_of(reach, std::move(domain));
    if (!facts) co_return facts;
    const auto keys = co_await reach.admin.list_dkim_keys(facts->domain);
    if (!keys) co_return std::unexpected(keys.error());
    const auto& config = reach.context.config();
    facts->host = config.hostname;
    facts->keys = keys_of(*keys);
    facts->services = services_of(config);
    facts->addresses = addresses_of(config);
    facts->certificate = std::move(certificates.own);
    facts->certificates = std::move(certificates.named);
    co_return facts;
}

namespace {

json::object asked_of(const DnsSettings& settings) {
    json::array servers;
    for (const auto& server : settings.servers) servers.emplace_back(server);
    return {{"servers", std::move(servers)}, {"trust_anchor", settings.trust_anchor}};
}

net::Task<Reply> dns(ControlReach& reach, Arguments arguments) {
    auto given = parse_addresses(arguments.text("address"));
    if (!given) co_return control::failure(given.error());
    auto domain = arguments.text("domain");
    auto certificates = co_await host_certificates(reach);
    if (!certificates) co_return control::failure(certificates.error());
    auto facts = co_await facts_of(reach, std::move(domain), std::move(*certificates));
    if (!facts) co_return control::failure(facts.error());
    if (!given->empty()) facts->addresses = std::move(*given);
    if (arguments.has("policy")) { // to be compared: mailctl domain check
        auto name = facts->domain;
        auto policy = co_await served_policy(reach, std::move(name));
        facts->policy = std::move(policy);
    }
    const auto wanted = dnscare::wanted_records(*facts);
    json::array rows, hints;
    for (const auto& record : wanted.records)
        rows.push_back(json::object{{"name", record.name + "."},
                                    {"type", record.type},
                                    {"value", dnscare::zone_value(record)}});
    for (const auto& hint : wanted.hints) hints.emplace_back(hint);
    co_return control::success(json::object{{"rows", std::move(rows)},
                                            {"hints", std::move(hints)},
                                            {"mta_sts_policy", wanted.sts_policy},
                                            {"facts", dnscare::to_json(*facts)},
                                            {"dns", asked_of(reach.context.config().dns)},
                                            {"text", dnscare::zone_text(wanted)}});
}

constexpr ControlCommand kCommands[] = {{"domain dns", dns}};

} // namespace

std::span<const ControlCommand> dns_commands() { return kCommands; }

} // namespace maild::daemon
