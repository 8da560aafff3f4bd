#include "maild/relay/dane.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

Dane found(const net::DnsAnswer& answer) {
    Dane out;
    for (const auto& rdata : answer.texts) {
        auto record = parse_tlsa(rdata);
        if (is_usable(record) && out.records.size() < kMaxTlsaRecords)
            out.records.push_back(std::move(record));
    }
    out.state = out.records.empty() ? DaneState::unusable : DaneState::usable;
    out.words = out.records.empty() ? "none of its TLSA records can be used"
                                    : std::to_string(out.records.size()) + " TLSA records";
    return out;
}

} // namespace

net::TlsaRecord parse_tlsa(std::string_view rdata) {
    net::TlsaRecord out;
    const auto octet = [&rdata](std::size_t i) {
        return i < rdata.size() ? static_cast<std::uint8_t>(rdata[i]) : std::uint8_t{255};
    };
    out.usage = octet(0);
    out.selector = octet(1);
    out.matching = octet(2);
    out.data = rdata.substr(std::min<std::size_t>(3, rdata.size()));
    return out;
}

// RFC 6698 §2.1.3: 0 is the whole, 1 SHA-256, 2 SHA-512.
bool is_usable(const net::TlsaRecord& record) {
    constexpr std::size_t kSizes[] = {0, 32, 64};
    if (record.usage != 2 && record.usage != 3) return false;
    if (record.selector > 1 || record.matching > 2 || record.data.empty()) return false;
    return record.matching == 0 || record.data.size() == kSizes[record.matching];
}

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
