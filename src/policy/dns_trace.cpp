#include "maild/policy/dns_trace.hpp"

#include <utility>

namespace maild::policy {
namespace {

constexpr std::size_t kMaxText = 2000; // octets of one entry

std::string text_of(const net::DnsAnswer& answer) {
    if (answer.status != net::DnsStatus::found) return answer.problem;
    std::string out;
    const auto append = [&](const std::string& item) {
        if (out.size() <= kMaxText) out += (out.empty() ? "" : ", ") + item;
    };
    for (const auto& address : answer.addresses) append(net::format_ip(address));
    for (const auto& name : answer.names) append(name);
    for (const auto& text : answer.texts) append('"' + text.substr(0, kMaxText) + '"');
    for (const auto& mx : answer.exchanges)
        append(std::to_string(mx.preference) + " " + (mx.exchange.empty() ? "." : mx.exchange));
    return out;
}

} // namespace

net::Task<net::DnsAnswer> DnsTrace::lookup(net::DnsQuestion question,
                                           std::chrono::milliseconds timeout) {
    Entry entry;
    entry.question = question;
    auto answer = co_await inner_.lookup(std::move(question), timeout);
    entry.status = answer.status;
    entry.what = text_of(answer);
    if (entries_.size() < kMaxEntries) entries_.push_back(std::move(entry));
    co_return answer;
}

} // namespace maild::policy
