#pragma once
// What an admin wants to know of a destination before mail does: which route is taken, which hosts
// there are, what they have to prove and whether they do, and whom they take. A report of steps in
// plain words; nothing is sent.

#include <string>
#include <vector>

namespace maild::sender {

struct ProbeRequest {
    std::string domain;        // in A-labels, or an address literal
    std::string sender{};      // reverse-path; empty: the null one
    std::string recipient{};   // whom the hosts are asked about
    bool is_connecting = true; // else the DNS alone is asked
};

struct ProbeStep {
    std::string step; // "route", "sts", "mx", "dane", "policy", "connect", "tls", "rcpt"
    std::string host{};
    bool is_good = true;
    std::string text{};
};

struct ProbeReport {
    std::vector<ProbeStep> steps{};
    bool is_good = false; // mail would go: a host takes the recipient, or, unasked, may be used
};

template <class Codec> void describe(Codec& codec, ProbeRequest& r) {
    codec(r.domain, r.sender, r.recipient, r.is_connecting);
}
template <class Codec> void describe(Codec& codec, ProbeStep& s) {
    codec(s.step, s.host, s.is_good, s.text);
}
template <class Codec> void describe(Codec& codec, ProbeReport& r) { codec(r.steps, r.is_good); }

} // namespace maild::sender
