#pragma once
// A resolver that passes every question on and remembers it with what came back: for who wants to
// know why a check ended as it did. Keeps the first kMaxEntries.

#include "maild/net/resolver.hpp"

#include <string>
#include <vector>

namespace maild::policy {

class DnsTrace final : public net::Resolver {
public:
    static constexpr std::size_t kMaxEntries = 500;

    struct Entry {
        net::DnsQuestion question;
        net::DnsStatus status = net::DnsStatus::temporary_failure;
        std::string
            what; // the records as text, or the problem; as they came, so not for a terminal
    };

    explicit DnsTrace(net::Resolver& inner) : inner_(inner) {}
    net::Task<net::DnsAnswer> lookup(net::DnsQuestion question,
                                     std::chrono::milliseconds timeout) override;
    const std::vector<Entry>& entries() const { return entries_; }

private:
    net::Resolver& inner_;
    std::vector<Entry> entries_;
};

} // namespace maild::policy
