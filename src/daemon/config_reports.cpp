// [reports]: those that come here, and those that this host sends; [notices]: to its admin.
#include "daemon/config_sections.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"
#include "maild/directory/resolve.hpp"
#include "maild/mail/address.hpp"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxExcluded = 10'000;
constexpr std::size_t kMaxOrganization = 200; // octets

void read_address(ConfigTable& table, std::string_view key, std::string& out) {
    table.text(key, out);
    if (!out.empty() && !directory::canonical_address(out))
        table.fault(key, "is " + log::escaped(out) + ", which is no address",
                    "write an address of this host: \"postmaster@example.org\"");
}

// Who gets a report has to be able to answer, and to believe that it is ours.
void check_sending(ConfigTable& table, const Config& config) {
    const auto& reports = config.reports;
    if (!reports.sends && !reports.sends_tls) return;
    const char* key = reports.sends ? "send_dmarc" : "send_tls";
    if (!config.dkim.signs)
        table.fault(key, "is \"on\", but dkim.sign is \"off\": nobody would believe the reports",
                    "write dkim.sign = \"on\"");
    if (reports.from.empty())
        table.fault("from", "is empty, though reports are to be sent",
                    "write an address of this host: \"postmaster@example.org\"");
    if (!config.trace.is_enabled)
        table.fault(key, "is \"on\", but trace.record is \"off\": there is nothing to report",
                    "write trace.record = \"on\"");
}

} // namespace

void read_reports(ConfigTable& table, Config& config) {
    auto& out = config.reports;
    read_address(table, "mailbox", out.mailbox);
    table.choice<bool>("send_dmarc", out.sends, {{"on", true}, {"off", false}});
    table.choice<bool>("send_tls", out.sends_tls, {{"on", true}, {"off", false}});
    read_address(table, "from", out.from);
    // Nobody but the postmaster speaks for the host (RFC 5321 §4.5.1), and has its mail signed.
    const auto from = mail::parse_address(out.from, mail::Utf8::refused);
    if (!out.from.empty() && (!from || !ascii::equals_icase(from->localpart, "postmaster")))
        table.fault("from", "is not the postmaster of a domain",
                    "write \"postmaster@\" and a domain of this host, in ASCII");
    table.text("organization", out.organization);
    if (out.organization.size() > kMaxOrganization)
        table.fault("organization", "is too long", "write 200 octets or fewer");
    if (out.organization.empty()) out.organization = config.hostname;
    table.number<std::uint32_t>("most_a_day", out.most_a_day, 1, 10'000);
    read_strings(table, "exclude", kMaxExcluded, [&](const std::string& text) {
        const auto domain = mail::Domain::parse(text);
        if (domain) return out.excluded.push_back(ascii::to_lower(domain->ascii()));
        table.fault("exclude", "holds " + log::escaped(text) + ", which is no domain",
                    "write domains that are to get no report: \"example.net\"");
    });
    table.choice<bool>("own_domains", out.tells_own, {{"on", true}, {"off", false}});
    check_sending(table, config);
}

void read_notices(ConfigTable& table, NoticeSettings& out) {
    table.text("to", out.to);
    if (out.to != "postmaster" && !directory::canonical_address(out.to))
        table.fault("to", "is " + log::escaped(out.to) + ", which is no address",
                    "write \"postmaster\", or an address: \"admin@example.org\"");
    table.choice<SummaryMode>("summary", out.summary,
                              {{"daily", SummaryMode::daily},
                               {"changes", SummaryMode::changes},
                               {"off", SummaryMode::off}});
    table.span("at", out.at, 10min, 23h);
    table.choice("alerts", out.alerts, {{"on", true}, {"off", false}});
}

} // namespace maild::daemon
