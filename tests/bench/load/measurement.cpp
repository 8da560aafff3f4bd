#include "bench/load/measurement.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace maild::bench {
namespace {

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", std::isfinite(value) ? value : 0);
    return text;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) >= ' ') out += c;
    }
    return out + '"';
}

} // namespace

Measurement::Measurement(const Options& options, const Servers& servers)
    : options_(options),
      servers_(servers),
      begin_(servers.cost()),
      own_begin_(own_cpu_seconds()),
      started_(instant()) {}

bool Measurement::take(std::uint64_t& number) {
    if (taken_ >= options_.operations || failures_ > 0) return false;
    number = taken_++;
    return true;
}

void Measurement::done(Instant since, std::uint64_t operations) {
    latencies_.push_back(Seconds(instant() - since).count());
    done_ += operations;
}

void Measurement::failed(const Error& error) {
    if (failures_++ == 0) first_failure_ = std::string(name_of(error.code)) + ": " + error.internal;
}

void Measurement::finish() {
    seconds_ = Seconds(instant() - started_).count();
    own_spent_ = own_cpu_seconds() - own_begin_;
    spent_ = servers_.cost() - begin_;
}

void Measurement::member(std::string_view name) {
    if (!more_.empty()) more_ += ',';
    more_ += quoted(name) + ":";
}

void Measurement::add(std::string_view name, double value) {
    member(name);
    more_ += number(value);
}

void Measurement::add(std::string_view name, std::string_view value) {
    member(name);
    more_ += quoted(value);
}

void Measurement::add(std::string_view name, std::vector<double> seconds) {
    member(name);
    std::ranges::sort(seconds);
    const auto at = [&](double share) {
        const auto place = static_cast<std::size_t>(share * static_cast<double>(seconds.size()));
        return seconds.empty() ? 0 : seconds[std::min(place, seconds.size() - 1)] * 1000;
    };
    more_ += "{\"p50\":" + number(at(0.5)) + ",\"p90\":" + number(at(0.9)) +
             ",\"p99\":" + number(at(0.99)) + ",\"max\":" + number(at(1)) + "}";
}

// Costs a thousand operations: seconds of CPU are then milliseconds each.
void Measurement::print() {
    const auto operations = static_cast<double>(std::max<std::uint64_t>(done_, 1));
    add("operations", static_cast<double>(done_));
    add("seconds", seconds_);
    add("rate", static_cast<double>(done_) / seconds_);
    add("latency_ms", latencies_);
    add("server_cpu_s_per_1k", spent_.cpu_seconds / operations * 1000);
    add("server_cpu_s", spent_.cpu_seconds);
    add("switches_per_op", static_cast<double>(spent_.switches) / operations);
    add("flushes_per_op", static_cast<double>(spent_.flushes) / operations);
    add("client_cpu_s", own_spent_);
    add("machine_busy_s", spent_.busy_seconds);
    if (failures_ > 0) {
        add("failed", static_cast<double>(failures_));
        add("failure", first_failure_);
    }
    std::printf("{\"label\":%s,\"mode\":%s,%s}\n", quoted(options_.label).c_str(),
                quoted(options_.mode).c_str(), more_.c_str());
    std::fflush(stdout);
}

} // namespace maild::bench
