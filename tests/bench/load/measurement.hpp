#pragma once
// One measurement: from its construction to finish(), and then one line of JSON.

#include "bench/load/options.hpp"
#include "bench/load/servers.hpp"

#include "maild/base/error.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace maild::bench {

using Seconds = std::chrono::duration<double>;
using Instant = std::chrono::steady_clock::time_point;
inline Instant instant() { return std::chrono::steady_clock::now(); }

class Measurement {
public:
    Measurement(const Options& options, const Servers& servers);

    // Hands out operations; false: there are no more. `number` counts from 0.
    bool take(std::uint64_t& number);
    void done(Instant since, std::uint64_t operations = 1);
    void failed(const Error& error);
    bool has_failed() const { return failures_ > 0; }

    void finish(); // what is reported ends here; once
    // More for the line: what a mode alone knows.
    void add(std::string_view name, double value);
    void add(std::string_view name, std::string_view value);
    // p50, p90, p99 and the greatest of `seconds`, in milliseconds.
    void add(std::string_view name, std::vector<double> seconds);
    void print();

private:
    void member(std::string_view name);

    const Options& options_;
    const Servers& servers_;
    Cost begin_;
    double own_begin_;
    Instant started_;
    Cost spent_;
    double own_spent_ = 0;
    double seconds_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t done_ = 0;
    std::uint64_t failures_ = 0;
    std::string first_failure_;
    std::vector<double> latencies_;
    std::string more_;
};

} // namespace maild::bench
