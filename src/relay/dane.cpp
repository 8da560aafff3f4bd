#include "maild/relay/dane.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

Dane found(const net::DnsAnswer& answer) {
    Dane out;
    for (const auto& rdata : answer.texts) {
        auto record = net::parse_tlsa(rdata);
        if (net::is_usable_for_mail(record) && out.records.size() < kMaxTlsaRecords)
            out.records.push_back(std::move(record));
    }
    out.state = out.records.empty() ? DaneState::unusable : DaneState::usable;
    out.words = out.records.empty() ? "none of its TLSA records can be used"
                                    : std::to_string(out.records.size()) + " TLSA records";
    return out;
}

} // namespace

net::Task<Dane> find_dane(net::Resolver& resolver, const Host& host, std::uint16_t port,
                          bool is_mx_secure, std::chrono::milliseconds timeout) {
    // §2.2: without a validated way to the host its records prove nothing, and asking some DNS
    // servers about them fails.
    if (!is_mx_secure || !host.is_secure || net::parse_ip(host.name)) co_return Dane{};
    net::DnsQuestion question{"_" + std::to_string(port) + "._tcp." + host.name,
                              net::DnsType::tlsa};
    const auto answer = co_await resolver.lookup(std::move(question), timeout);
    if (answer.failed())
        co_return Dane{
            DaneState::unknown,
            {},
            "its TLSA records cannot be looked up: " + std::string(name_of(answer.status)) +
                (answer.problem.empty() ? "" : ", " + answer.problem)};
    if (answer.status != net::DnsStatus::found || !answer.is_secure) co_return Dane{};
    co_return found(answer);
}

} // namespace maild::relay
