// How users' programs find this host (RFC 6186, RFC 8314 §5.1).
#include "dnscare/inquiry.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"

#include <algorithm>
#include <limits>

namespace maild::dnscare {
namespace {

constexpr std::string_view kServices[] = {"submissions", "submission", "imaps", "imap",
                                          "pop3s",       "pop3",       "sieve"};

struct Srv {
    std::uint16_t port = 0;
    std::string target; // empty: the service is not there (RFC 6186 §3.4)
};

// As DnsAnswer::texts has it: "priority weight port target".
std::optional<Srv> parse_srv(std::string_view text) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint16_t>::max();
    Cursor in(text);
    Srv out;
    for (int i = 0; i < 3; ++i) {
        const auto number = in.take_number(kMost);
        if (!number || !in.take(' ')) return std::nullopt;
        out.port = static_cast<std::uint16_t>(*number);
    }
    out.target = ascii::to_lower(in.rest());
    if (out.target == ".") out.target.clear();
    return out;
}

class ServiceCheck {
public:
    ServiceCheck(Inquiry& inquiry, std::string_view service)
        : inquiry_(inquiry),
          host_(inquiry.facts().host),
          name_("_" + std::string(service) + "._tcp." + inquiry.facts().domain) {
        for (const auto& each : inquiry.facts().services)
            if (each.name == service) ports_.push_back(each.port);
        if (!ports_.empty()) wanted_ = "0 1 " + std::to_string(ports_.front()) + " " + host_ + ".";
    }

    net::Task<void> look() {
        const auto answer = co_await inquiry_.ask(name_, net::DnsType::srv);
        if (answer.failed()) co_return;
        if (answer.texts.empty() && !ports_.empty())
            add(Severity::warning, "srv-missing", "no SRV record",
                "Add it, so that programs find the service without being told.");
        std::size_t looked = 0;
        for (const auto& text : answer.texts) {
            const auto srv = parse_srv(text);
            if (srv) co_await judge(*srv, text);
            if (++looked == Inquiry::kMaxTargets) break;
        }
    }

private:
    void add(Severity severity, std::string code, std::string found, std::string repair) {
        inquiry_.add(
            {severity, std::move(code), name_, std::move(found), wanted_, std::move(repair)});
    }

    net::Task<void> judge(const Srv& srv, const std::string& text) {
        if (srv.target.empty()) {
            if (!ports_.empty())
                add(Severity::warning, "srv-denied", text,
                    "Publish the service: this record says that there is none.");
            co_return;
        }
        if (srv.target == host_) {
            judge_port(srv, text);
            co_return;
        }
        const auto alias = co_await inquiry_.alias_of(srv.target);
        const auto addresses = co_await inquiry_.addresses_of(srv.target);
        const bool is_here = co_await inquiry_.leads_here(srv.target);
        if (!alias.empty()) // RFC 2782, "Target"
            add(Severity::fault, "srv-alias", srv.target + " is a CNAME of " + alias,
                "Let the record name a host with addresses of its own.");
        else if (!addresses.failed && addresses.all.empty())
            add(Severity::fault, "srv-no-address", srv.target + " has no address",
                "Let the record name this host.");
        else if (is_here)
            judge_other_name(srv, text);
        else
            add(Severity::note, "srv-elsewhere", text,
                "Be sure that the service is there and not only here.");
    }

    // This host under another name: who connects asks for that one (RFC 6186 §6).
    void judge_other_name(const Srv& srv, const std::string& text) {
        judge_port(srv, text);
        const auto& certificate = inquiry_.certificate_of(srv.target);
        if (ports_.empty() || !certificate || certificate->has_name(srv.target)) return;
        add(Severity::warning, "srv-certificate", joined(certificate->names),
            "Let the record name this host, or get a certificate for " + srv.target +
                " (tls.certificates): programs complain of the one that they meet.");
    }

    void judge_port(const Srv& srv, const std::string& text) {
        if (ports_.empty())
            add(Severity::warning, "srv-not-offered", text,
                "Delete the record, or offer the service: it is not configured here.");
        else if (std::ranges::find(ports_, srv.port) == ports_.end())
            add(Severity::fault, "srv-port", text,
                "Correct the port; the service listens on another one.");
    }

    Inquiry& inquiry_;
    const std::string host_;
    const std::string name_;
    std::vector<std::uint16_t> ports_; // under which it is here
    std::string wanted_;
};

} // namespace

net::Task<void> check_services(Inquiry& inquiry) {
    for (const auto service : kServices) {
        ServiceCheck check(inquiry, service);
        co_await check.look();
    }
}

} // namespace maild::dnscare
