#pragma once
// Several questions to the DNS at once, with one limit of time for all.

#include "maild/net/resolver.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace maild::policy {

inline constexpr std::size_t kMaxQuestionsAtOnce = 8;

struct LookupLimits {
    std::chrono::milliseconds each{5'000};
    std::chrono::milliseconds all{20'000};
};

// An answer for each question, in their order; the first questions are asked first. What has no
// answer in time has failed. Behind it nothing is pending at the resolver, which outlives the task.
net::Task<std::vector<net::DnsAnswer>>
ask_all(net::Resolver& resolver, std::vector<net::DnsQuestion> questions, LookupLimits limits);

} // namespace maild::policy
