#pragma once
// One check of one domain: the facts, what the DNS has said so far, and what was found. Asks each
// question once, and complains once of each that was not answered. Of one coroutine.

#include "dnscare/certificate.hpp"

#include "maild/dnscare/check.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maild::dnscare {

class Inquiry final : public net::Resolver {
public:
    static constexpr std::chrono::milliseconds kLookupTime{5'000};
    static constexpr std::size_t kMaxQuestions = 1000; // then nothing is answered any more
    static constexpr std::size_t kMaxTargets = 20;     // of MX, of SRV of one service

    Inquiry(net::Resolver& inner, const Clock& clock, DomainFacts facts, CheckOptions options)
        : inner_(inner), clock_(clock), facts_(std::move(facts)), options_(std::move(options)) {}

    net::Task<net::DnsAnswer> lookup(net::DnsQuestion question,
                                     std::chrono::milliseconds timeout) override;
    net::Task<net::DnsAnswer> ask(const std::string& name, net::DnsType type);
    // What there is to connect to. `failed`: it cannot be told.
    struct Addresses {
        std::vector<net::IpAddress> all;
        bool failed = false;
        bool is_secure = false;
    };
    net::Task<Addresses> addresses_of(const std::string& name);
    // What the name is an alias of; empty: it is none.
    net::Task<std::string> alias_of(const std::string& name);
    // It has an address of this host.
    net::Task<bool> leads_here(const std::string& name);
    // MX hosts of the domain that are this one under other names: no aliases, in lower case.
    net::Task<std::vector<std::string>> other_names();

    const DomainFacts& facts() const { return facts_; }
    const CheckOptions& options() const { return options_; }
    const Clock& clock() const { return clock_; }
    // What others meet here who ask for that name (SNI); none: it cannot be read.
    const std::optional<Certificate>& certificate_of(const std::string& name);
    const std::optional<Certificate>& certificate() { return certificate_of(facts_.host); }

    void add(Finding finding) { findings_.push_back(std::move(finding)); }
    std::vector<Finding> take(); // the worst first

    // Where this host is reached: check_host() sets it.
    std::vector<net::IpAddress> host_addresses;

private:
    void complain(const net::DnsQuestion& question, const net::DnsAnswer& answer);

    net::Resolver& inner_;
    const Clock& clock_;
    const DomainFacts facts_;
    const CheckOptions options_;
    std::map<const std::string*, std::optional<Certificate>> certificates_; // by their text
    std::map<std::pair<std::string, net::DnsType>, net::DnsAnswer> answers_;
    std::vector<Finding> findings_;
};

// Each looks at one matter and adds what it finds.
net::Task<void> check_host(Inquiry& inquiry); // first
net::Task<void> check_mx(Inquiry& inquiry);
net::Task<void> check_spf(Inquiry& inquiry);
net::Task<void> check_dkim(Inquiry& inquiry);
net::Task<void> check_dmarc(Inquiry& inquiry);
net::Task<void> check_tls(Inquiry& inquiry); // certificate, TLSA, CAA
net::Task<void> check_sts(Inquiry& inquiry);
net::Task<void> check_tls_reports(Inquiry& inquiry);
net::Task<void> check_services(Inquiry& inquiry);
net::Task<void> check_lists(Inquiry& inquiry);

std::string joined(const std::vector<std::string>& items); // "a, b"

} // namespace maild::dnscare
