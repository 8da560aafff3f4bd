#pragma once
// A host whose DNS is as it should be, for tests to break.

#include "support/client_authority.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"

#include "maild/base/encoding.hpp"
#include "maild/dnscare/check.hpp"
#include "maild/dnscare/records.hpp"
#include "maild/net/certificate.hpp"

#include <string>
#include <vector>

namespace maild::dnscare::test {

inline std::string without_dot(std::string text) {
    if (text.ends_with('.') && text != ".") text.pop_back();
    return text;
}

// As a zone would have it, in the form in which a resolver gives it back.
inline void publish(maild::test::MemoryResolver& dns, const Record& record) {
    const auto& value = record.value;
    const auto space = value.find(' ');
    if (record.type == "TXT") dns.add_txt(record.name, value);
    if (record.type == "A") dns.add_a(record.name, value);
    if (record.type == "AAAA") dns.add_aaaa(record.name, value);
    if (record.type == "MX")
        dns.add_mx(record.name, static_cast<std::uint16_t>(std::stoi(value)),
                   without_dot(value.substr(space + 1)));
    if (record.type == "SRV") dns.add_record(record.name, net::DnsType::srv, without_dot(value));
    if (record.type == "CAA") {
        auto text = value;
        std::erase(text, '"');
        dns.add_record(record.name, net::DnsType::caa, text);
    }
    if (record.type == "TLSA") {
        const std::string numbers{static_cast<char>(value[0] - '0'),
                                  static_cast<char>(value[2] - '0'),
                                  static_cast<char>(value[4] - '0')};
        dns.add_record(record.name, net::DnsType::tlsa,
                       numbers + hex_decode(value.substr(6)).value());
    }
}

inline DkimKey new_key(const char* selector, KeyUse use = KeyUse::signing) {
    constexpr auto kKind = policy::dkim::Algorithm::ed25519_sha256;
    return {std::string(selector) + "._domainkey.example.org", kKind,
            policy::dkim::PrivateKey::generate(kKind).value().public_key(), use};
}

struct GoodZone {
    maild::test::FakeClock clock;
    maild::test::ClientAuthority authority{"O=Let's Encrypt"}; // CAA goes by that word
    DomainFacts facts{"example.org", "mail.example.org", 3};
    CheckOptions options{.validates = true};
    maild::test::MemoryResolver dns;

    GoodZone() {
        clock.set_wall(SystemClock().now()); // by which certificates are made
        facts.addresses = {net::parse_ip("192.0.2.25").value(),
                           net::parse_ip("2001:db8::25").value()};
        facts.keys = {new_key("one"), new_key("two")};
        facts.services = {{"submissions", 465}, {"submission", 587}, {"imaps", 993},
                          {"imap", 143},        {"pop3s", 995},      {"pop3", 110}};
        facts.certificate = certificate("DNS:mail.example.org", 90);
        dns.set_secure(true);
        publish_all();
    }

    std::string certificate(const std::string& names, long days) {
        constexpr long kDay = 24 * 3600;
        return authority.issue({.names = names, .usage = "serverAuth", .until = days * kDay}).pem +
               authority.pem();
    }

    void publish_all() {
        for (const auto& record : wanted_records(facts).records) publish(dns, record);
        for (const auto& address : facts.addresses)
            dns.add_ptr(net::reverse_name(address), facts.host);
        dns.add_a("mta-sts.example.org", "192.0.2.80");
        replace_txt("_mta-sts.example.org", "v=STSv1; id=mine");
        facts.policy = ServedPolicy{.mode = "enforce",
                                    .max_age = 604'800,
                                    .mx = {"mail.example.org", "*.example.org", "mx.example.net"}};
    }

    // Another text in place of what is there.
    void replace_txt(const std::string& name, const std::string& text) {
        dns.remove(name, net::DnsType::txt);
        dns.add_txt(name, text);
    }
    void replace_record(const std::string& name, net::DnsType type, const std::string& text) {
        dns.remove(name, type);
        dns.add_record(name, type, text);
    }
};

} // namespace maild::dnscare::test
