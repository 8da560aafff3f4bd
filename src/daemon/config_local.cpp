// [local]: mail from programs of this host.
#include "daemon/config_sections.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/resolve.hpp"
#include "maild/mail/address.hpp"

namespace maild::daemon {
namespace {

constexpr std::size_t kMaxTrusted = 1'000;
constexpr std::size_t kMaxSigned = 100;

// "mail.example.org" receives for example.org; a name of two labels is the domain itself.
std::string domain_of(const std::string& hostname) {
    const auto dot = hostname.find('.');
    if (dot == hostname.npos || hostname.find('.', dot + 1) == hostname.npos) return hostname;
    return hostname.substr(dot + 1);
}

void read_trusted(ConfigTable& table, std::vector<std::string>& out) {
    const auto* users = table.array("trusted");
    if (users == nullptr) return;
    out.clear();
    for (const auto& node : *users) {
        const auto name = node.value_exact<std::string>();
        if (!name || name->empty() || out.size() == kMaxTrusted)
            return table.fault("trusted", "is no list of user names", "write [\"root\"]");
        out.push_back(*name);
    }
}

void read_signed(ConfigTable& table, std::vector<std::string>& out) {
    const auto* addresses = table.array("signed");
    if (addresses == nullptr) return;
    for (const auto& node : *addresses) {
        const auto text = node.value_exact<std::string>();
        const auto address = text ? directory::canonical_address(*text)
                                  : Result<mail::Address>(fail(Errc::invalid_argument));
        if (!address || out.size() == kMaxSigned)
            return table.fault("signed", "is no list of at most 100 addresses",
                               "write [\"noreply@example.org\"]");
        out.push_back(address->format());
    }
}

} // namespace

void read_local(ConfigTable& table, LocalSettings& out) {
    constexpr std::uint32_t kMost = 1'000'000'000;
    table.choice("accept", out.is_enabled, {{"on", true}, {"off", false}});
    std::string text;
    if (table.text("domain", text)) {
        const auto domain = mail::Domain::parse(text);
        if (domain && !domain->is_literal())
            out.domain = domain->ascii();
        else
            table.fault("domain", "is " + log::escaped(text) + ", which is no domain",
                        "write a domain of this host: \"example.org\"");
    }
    read_trusted(table, out.trusted);
    read_signed(table, out.signs_as);
    table.choice("relay", out.relays, {{"allowed", true}, {"refused", false}});
    table.number<std::uint32_t>("messages_per_day", out.limits.messages_per_day, 0, kMost);
    table.number<std::uint32_t>("recipients_per_day", out.limits.recipients_per_day, 0, kMost);
}

void complete_local(const std::string& hostname, LocalSettings& out) {
    if (out.domain.empty()) out.domain = domain_of(hostname);
}

} // namespace maild::daemon
