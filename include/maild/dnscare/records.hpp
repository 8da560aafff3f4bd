#pragma once
// What a domain should publish, made of the facts. Pure.

#include "maild/dnscare/facts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maild::dnscare {

struct Record {
    std::string name;  // without a dot at the end
    std::string type;  // "TXT"
    std::string value; // of TXT the whole text; else as a zone file has it
};

struct Wanted {
    std::vector<Record> records;
    // For https://mta-sts.DOMAIN/.well-known/mta-sts.txt (RFC 8461 §3.3), which is a web server's
    // to serve. Empty: with this certificate it would keep mail away.
    std::string sts_policy;
    std::vector<std::string> hints; // what is not in the domain's own zone, in words
};
Wanted wanted_records(const DomainFacts& facts);

// As a zone file has it (RFC 1035 §5.1): of TXT quoted strings of at most 255 octets.
std::string zone_value(const Record& record);
// All of it; hints and the policy are comments.
std::string zone_text(const Wanted& wanted);

} // namespace maild::dnscare
