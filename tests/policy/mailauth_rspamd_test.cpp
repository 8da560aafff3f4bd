// Whole messages with a client, an envelope and a DNS in memory, from a public suite.
#include "policy/suite_messages.hpp"
#include "support/conformance.hpp"
#include "support/fake_clock.hpp"
#include "support/json.hpp"
#include "support/run_task.hpp"

#include "maild/policy/message.hpp"
#include "maild/policy/spf.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace maild::policy {
namespace {

using maild::test::conformance_suite;
using maild::test::Json;
using maild::test::JsonReader;
using maild::test::MemoryResolver;
using maild::test::read_whole;
using maild::test::run_task;

net::DnsType type_of(const std::string& name) {
    if (name == "a") return net::DnsType::a;
    if (name == "aaaa") return net::DnsType::aaaa;
    if (name == "mx") return net::DnsType::mx;
    return name == "ptr" ? net::DnsType::ptr : net::DnsType::txt;
}

void add(MemoryResolver& dns, const std::string& name, net::DnsType type, const std::string& data) {
    if (type == net::DnsType::a) dns.add_a(name, data);
    if (type == net::DnsType::aaaa) dns.add_aaaa(name, data);
    if (type == net::DnsType::ptr) dns.add_ptr(name, data);
    if (type == net::DnsType::txt) dns.add_txt(name, data);
    if (type == net::DnsType::mx) dns.add_mx(name, 10, data.substr(data.find(' ') + 1));
}

void fill(MemoryResolver& dns, const Json& records) {
    std::set<std::string> known; // some stand there twice
    for (const auto& record : records.array()) {
        const auto& name = record["name"].text();
        const auto type = type_of(record["type"].text());
        if (!known.insert(record["type"].text() + " " + name).second) continue;
        const auto rcode = record.text_of("rcode");
        if (rcode == "'timeout'") dns.fail(name, type);
        if (rcode == "'norec'") dns.add_name(name);
        for (const auto& data : record["replies"].array()) add(dns, name, type, data.text());
    }
}

std::set<std::string> spf_symbols(const spf::Report& report) {
    const bool is_all = report.mechanism == "+all" || report.mechanism == "all";
    switch (report.outcome) {
    case spf::Outcome::pass: return {is_all ? "R_SPF_PLUSALL" : "R_SPF_ALLOW"};
    case spf::Outcome::fail: return {"R_SPF_FAIL"};
    case spf::Outcome::softfail: return {"R_SPF_SOFTFAIL"};
    case spf::Outcome::neutral: return {"R_SPF_NEUTRAL"};
    case spf::Outcome::none: return {"R_SPF_NA"};
    case spf::Outcome::permerror: return {"R_SPF_PERMFAIL"};
    case spf::Outcome::temperror: return {"R_SPF_DNSFAIL"};
    }
    return {};
}

std::string dkim_symbol(dkim::Outcome outcome) {
    switch (outcome) {
    case dkim::Outcome::pass: return "R_DKIM_ALLOW";
    case dkim::Outcome::fail: return "R_DKIM_REJECT";
    case dkim::Outcome::temperror: return "R_DKIM_TEMPFAIL";
    case dkim::Outcome::none: return "R_DKIM_NA";
    default: return "R_DKIM_PERMFAIL";
    }
}

std::string dmarc_symbol(const dmarc::Verdict& verdict) {
    switch (verdict.outcome) {
    case dmarc::Outcome::pass: return "DMARC_POLICY_ALLOW";
    case dmarc::Outcome::none: return "DMARC_NA";
    case dmarc::Outcome::temperror: return "DMARC_DNSFAIL";
    case dmarc::Outcome::permerror: return "DMARC_BAD_POLICY";
    case dmarc::Outcome::fail: break;
    }
    if (verdict.policy == dmarc::Policy::none) return "DMARC_POLICY_SOFTFAIL";
    return verdict.policy == dmarc::Policy::reject ? "DMARC_POLICY_REJECT"
                                                   : "DMARC_POLICY_QUARANTINE";
}

std::set<std::string> symbols_of(MemoryResolver& dns, const std::string& message,
                                 const Json& params) {
    const maild::test::FakeClock clock;
    std::set<std::string> symbols;
    SpfIdentifier identifier;
    const auto from = params.text_of("From");
    const auto at = from.find('@');
    if (const auto ip = net::parse_ip(params.text_of("IP")); ip && at != from.npos) {
        const spf::Client client{*ip, "", from.substr(0, at), from.substr(at + 1)};
        const auto report =
            run_task(spf::check_session(spf::Verifier{dns, clock, "mail.example.org"}, client));
        symbols = spf_symbols(report.of_mail_from());
        identifier.is_undecided = report.of_mail_from().outcome == spf::Outcome::temperror;
        if (report.of_mail_from().outcome == spf::Outcome::pass || identifier.is_undecided)
            identifier.domain = client.domain;
    }
    // Its messages with broken keys have broken bodies as well.
    const dkim::Options options{.asks_all_keys = true};
    const auto report = run_task(check_message(dns, message, std::move(identifier), options));
    for (const auto& verdict : report.dkim) symbols.insert(dkim_symbol(verdict.outcome));
    symbols.insert(dmarc_symbol(report.dmarc));
    if (report.arc.status == arc::ChainStatus::pass) symbols.insert("ARC_ALLOW");
    if (report.arc.status == arc::ChainStatus::fail)
        symbols.insert({"ARC_INVALID", "ARC_REJECT", report.arc.reason});
    return symbols;
}

// Where the suite has no DNS for the sender at all, it cannot be run; an NXDOMAIN stands there too.
bool has_sender(const Json& records, const Json& params) {
    const auto from = params.text_of("From");
    const auto domain = from.substr(from.find('@') + 1);
    return from.empty() || std::ranges::any_of(records.array(), [&](const Json& record) {
               return record["name"].text() == domain;
           });
}

// What differs:
// * "Unparseable Signatures Count Towards Limit": its limit is five signatures, ours is ten.
// * "ARC ALLOW CHECK": the key arc-20160816._domainkey.google.com is not in its DNS.
bool is_different(const std::string& id) {
    return id == "116_dkim: DKIM Unparseable Signatures Count Towards Limit" ||
           id == "321_arc_check: ARC ALLOW CHECK";
}

TEST(MailauthConformance, Rspamd) {
    MAILD_NEEDS_SUITE("mailauth-rspamd");
    const auto suite = conformance_suite("mailauth-rspamd");
    maild::test::Score score("mailauth-rspamd");
    const auto records = JsonReader::read(read_whole(suite / "dns.json"));
    const auto cases = JsonReader::read(read_whole(suite / "cases.json"));
    for (const auto& c : cases.array()) {
        if (!has_sender(records, c["params"])) continue;
        MemoryResolver dns;
        fill(dns, records);
        const auto message = policy::test::with_crlf(read_whole(suite / c["message"].text()));
        const auto symbols = symbols_of(dns, message, c["params"]);
        std::string all;
        for (const auto& symbol : symbols) all += " " + symbol;
        for (const auto& expectation : c["expect"].array()) {
            const bool is_wanted = expectation["op"].text() == "present";
            const bool is_right = symbols.contains(expectation["symbol"].text()) == is_wanted;
            score.add(is_right != is_different(c["id"].text()),
                      c["id"].text() + ": want " + expectation["symbol"].text() + ", have" + all);
        }
    }
}

} // namespace
} // namespace maild::policy
