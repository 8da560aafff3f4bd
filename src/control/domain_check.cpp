// `mailctl domain check`: the facts come from the daemon, which also fetches the policy of MTA-STS,
// the answers from the DNS.
#include "control/check_state.hpp"
#include "control/input.hpp"
#include "control/render.hpp"
#include "control/session.hpp"

#include "maild/base/ascii.hpp"
#include "maild/dnscare/check.hpp"
#include "maild/net/dns_resolver.hpp"
#include "maild/net/spawn.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <filesystem>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>

namespace maild::control {
namespace json = boost::json;
namespace {

using dnscare::DomainFacts;
using dnscare::Finding;
using dnscare::Severity;

// What is checked, and whom to ask.
struct Subjects {
    std::vector<DomainFacts> domains;
    net::DnsOptions dns;
};

std::optional<net::IpAddress> address_of(const sockaddr* socket) {
    net::IpAddress out;
    if (socket == nullptr) return std::nullopt;
    if (socket->sa_family == AF_INET6) {
        const auto& address = reinterpret_cast<const sockaddr_in6*>(socket)->sin6_addr;
        std::ranges::copy(address.s6_addr, out.bytes.begin());
        return out;
    }
    if (socket->sa_family != AF_INET) return std::nullopt;
    const auto& address = reinterpret_cast<const sockaddr_in*>(socket)->sin_addr;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&address.s_addr);
    out.bytes[10] = out.bytes[11] = 0xff;
    std::copy_n(bytes, 4, out.bytes.begin() + 12);
    return out;
}

// Public ones of this machine's interfaces: where there is none, it is behind something that
// translates.
std::vector<net::IpAddress> own_addresses() {
    std::vector<net::IpAddress> out;
    ifaddrs* found = nullptr;
    if (::getifaddrs(&found) != 0) return out;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(found, &::freeifaddrs);
    for (const auto* each = found; each != nullptr; each = each->ifa_next) {
        const auto address = address_of(each->ifa_addr);
        if (address && dnscare::is_public(*address)) out.push_back(*address);
    }
    return out;
}

std::vector<std::string> texts_of(const json::value* value) {
    std::vector<std::string> out;
    if (value == nullptr || !value->is_array()) return out;
    for (const auto& item : value->as_array())
        if (item.is_string()) out.emplace_back(item.as_string());
    return out;
}

std::vector<std::string> words_of(std::string_view list) {
    std::vector<std::string> out;
    while (!list.empty()) {
        const auto item = list.substr(0, list.find(','));
        list.remove_prefix(std::min(item.size() + 1, list.size()));
        if (const auto word = ascii::trim(item); !word.empty()) out.emplace_back(word);
    }
    return out;
}

// What the daemon says, or its refusal as this command's own.
std::expected<json::object, Reply> ask_daemon(Session& session, std::string command,
                                              json::object arguments) {
    auto reply = session.ask({std::move(command), std::move(arguments)});
    if (!reply) return std::unexpected(failure(reply.error()));
    if (reply->exit != kOk) return std::unexpected(std::move(*reply));
    if (!reply->result.is_object())
        return std::unexpected(failure(kSoftware, "the daemon has answered something else."));
    return std::move(reply->result.as_object());
}

std::expected<std::vector<std::string>, Reply> names_to_check(Session& session) {
    const auto domain = session.text_argument("domain");
    const bool wants_all = session.invocation.arguments.contains("all");
    if (domain.empty() != wants_all)
        return std::unexpected(failure(kUsage, "either a domain or --all is wanted."));
    if (!wants_all) return std::vector{domain};
    const auto listed = ask_daemon(session, "domain list", {});
    if (!listed) return std::unexpected(listed.error());
    std::vector<std::string> out;
    const auto* rows = listed->if_contains("rows");
    if (rows == nullptr || !rows->is_array()) return out;
    for (const auto& row : rows->as_array()) {
        if (!row.is_object()) continue;
        const auto* name = row.as_object().if_contains("name");
        if (name != nullptr && name->is_string()) out.emplace_back(name->as_string());
        for (auto& alias : texts_of(row.as_object().if_contains("aliases")))
            out.push_back(std::move(alias));
    }
    return out;
}

net::DnsOptions options_of(const Session& session, const json::object& said) {
    net::DnsOptions out;
    const auto chosen = session.text_argument("resolver");
    if (!chosen.empty()) {
        out.servers = {chosen};
        return out;
    }
    out.resolv_conf = "/etc/resolv.conf";
    const auto* dns = said.if_contains("dns");
    if (dns == nullptr || !dns->is_object()) return out;
    out.servers = texts_of(dns->as_object().if_contains("servers"));
    const auto* anchor = dns->as_object().if_contains("trust_anchor");
    if (anchor != nullptr && anchor->is_string()) out.trust_anchor = anchor->as_string();
    return out;
}

std::expected<Subjects, Reply> subjects_of(Session& session) {
    const auto names = names_to_check(session);
    if (!names) return std::unexpected(names.error());
    Subjects out;
    const auto here = own_addresses();
    for (const auto& name : *names) {
        json::object arguments{{"domain", name}, {"policy", true}};
        if (const auto given = session.text_argument("address"); !given.empty())
            arguments["address"] = given;
        const auto said = ask_daemon(session, "domain dns", std::move(arguments));
        if (!said) return std::unexpected(said.error());
        const auto* value = said->if_contains("facts");
        auto facts = dnscare::facts_from_json(value == nullptr ? json::value() : *value);
        if (!facts) return std::unexpected(failure(facts.error()));
        if (facts->addresses.empty()) facts->addresses = here;
        out.domains.push_back(std::move(*facts));
        out.dns = options_of(session, *said);
    }
    return out;
}

using Checked = std::vector<std::pair<std::string, std::vector<Finding>>>;

net::Task<void> check_all(net::Resolver& resolver, const Clock& clock,
                          const std::vector<DomainFacts>& domains,
                          const dnscare::CheckOptions& options, Checked& out) {
    for (const auto& domain : domains) {
        auto facts = domain;
        auto chosen = options;
        auto findings =
            co_await dnscare::check(resolver, clock, std::move(facts), std::move(chosen));
        out.emplace_back(domain.domain, std::move(findings));
    }
}

Result<Checked> run_checks(const Session& session, const Subjects& subjects) {
    boost::asio::io_context io(1);
    auto resolver = net::DnsResolver::create(io, subjects.dns);
    if (!resolver) return std::unexpected(resolver.error());
    const SystemClock clock;
    dnscare::CheckOptions options;
    options.validates = !subjects.dns.trust_anchor.empty();
    options.block_lists = words_of(session.text_argument("block-lists"));
    Checked out;
    net::spawn(io, check_all(**resolver, clock, subjects.domains, options, out), "domain check");
    io.run();
    if (out.size() != subjects.domains.size())
        return fail(Errc::internal, "the check did not come to its end.");
    return out;
}

json::array rows_of(const Checked& checked) {
    json::array out;
    for (const auto& [domain, findings] : checked)
        for (const auto& finding : findings) {
            json::object row{{"domain", domain}};
            for (auto& [name, value] : dnscare::to_json(finding)) row[name] = std::move(value);
            out.push_back(std::move(row));
        }
    return out;
}

bool is_bad(const json::value& row) {
    return row.as_object().at("severity").as_string() != dnscare::name_of(Severity::note);
}

std::string text_of(const json::array& rows) {
    std::string out;
    const auto line = [&](std::string_view title, const json::value& value) {
        if (value.as_string().empty()) return;
        out += "    " + std::string(title) + printable(value.as_string()) + "\n";
    };
    for (const auto& value : rows) {
        const auto& row = value.as_object();
        const auto text = [&](const char* key) { return std::string(row.at(key).as_string()); };
        out += printable(text("domain") + ": " + text("severity") + " " + text("code") + ", " +
                         text("name")) +
               "\n";
        line("found    ", row.at("found"));
        line("wanted   ", row.at("wanted"));
        line("", row.at("repair"));
    }
    return out;
}

std::string gone_line(std::string_view line) {
    std::string out = "gone: ";
    for (const char c : line) out += c == '\t' ? ", " : std::string(1, c);
    return printable(out) + "\n";
}

std::string summary_of(const json::array& rows, std::size_t domains) {
    const auto bad = std::ranges::count_if(rows, is_bad);
    return std::to_string(domains) + (domains == 1 ? " domain: " : " domains: ") +
           (bad == 0 ? "all is well" : std::to_string(bad) + " to repair") + "\n";
}

// --changes-only: what the file does not know yet, and it is written anew.
Result<CheckChanges> compared(const std::string& path, const json::array& rows) {
    std::string text;
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
        auto read = read_file(path);
        if (!read) return std::unexpected(read.error());
        text = std::move(*read);
    }
    auto out = changes_of(parse_state(text), rows);
    CheckState now;
    for (const auto& row : rows) now.insert(state_line(row.as_object()));
    if (auto written = write_new_file(path, format_state(now)); !written)
        return std::unexpected(written.error());
    return out;
}

} // namespace

Reply run_domain_check(Session& session) {
    const auto subjects = subjects_of(session);
    if (!subjects) return subjects.error();
    const auto checked = run_checks(session, *subjects);
    if (!checked) return failure(kUsage, checked.error().internal);
    auto rows = rows_of(*checked);
    json::array gone;
    std::string text;
    if (const auto path = session.text_argument("changes-only"); !path.empty()) {
        auto changes = compared(path, rows);
        if (!changes) return failure(changes.error());
        rows = std::move(changes->added);
        gone = std::move(changes->gone);
        text = text_of(rows);
        for (const auto& line : gone) text += gone_line(line.as_string());
    } else {
        text = text_of(rows) + summary_of(rows, checked->size());
    }
    const bool has_faults = std::ranges::any_of(rows, is_bad);
    auto reply = success(json::object{
        {"rows", std::move(rows)}, {"gone", std::move(gone)}, {"text", std::move(text)}});
    if (has_faults) reply.exit = kFound;
    return reply;
}

} // namespace maild::control
