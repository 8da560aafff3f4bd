#pragma once
// Whether the DNS says of a domain what it should, and what to do where it does not. Everything is
// asked through net::Resolver; bounded by the domain's own records: 20 MX, 40 SPF terms, 20 SRV
// records of each service.

#include "maild/base/clock.hpp"
#include "maild/dnscare/facts.hpp"
#include "maild/net/resolver.hpp"
#include "maild/net/task.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maild::dnscare {

enum class Severity : std::uint8_t {
    note,    // could be better, or is somebody's decision
    warning, // some mail or some clients suffer, or will
    fault,   // mail is lost, refused or distrusted
};
std::string_view name_of(Severity severity);

struct Finding {
    Severity severity = Severity::note;
    std::string code; // "mx-missing": the same for ever, for programs
    std::string name; // of the record, or what else it is about
    std::string found;
    std::string wanted; // empty: see `repair`
    std::string repair; // one sentence
};
boost::json::object to_json(const Finding& finding); // all text is UTF-8 there

struct CheckOptions {
    // The resolver validates by DNSSEC, so that an answer that is not secure is of an unsigned
    // zone.
    bool validates = false;
    // Zones that list addresses (RFC 5782), like "dnsbl.example.net". They are strangers who learn
    // that one asks.
    std::vector<std::string> block_lists{};
};

// The worst first. Resolver and clock outlive the task.
net::Task<std::vector<Finding>> check(net::Resolver& resolver, const Clock& clock,
                                      DomainFacts facts, CheckOptions options);

} // namespace maild::dnscare
