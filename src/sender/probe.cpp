// RelayTransport::probe(): the way that mail would take, step by step and in words.
#include "maild/sender/probe.hpp"

#include "sender/relay_transport_state.hpp"

#include "maild/queue/lease.hpp"

#include <utility>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in run.cpp

namespace maild::sender {
namespace {

// An admin waits for it: less than RFC 5321 §4.5.3.2 gives a host that is to take mail.
constexpr std::chrono::seconds kConnectTimeout{10};
constexpr std::chrono::seconds kReplyTimeout{30};
constexpr std::chrono::seconds kMost{90}; // then no further host is tried
constexpr std::size_t kMostAddresses = 2; // of a host

relay::Timeouts short_timeouts() {
    return {.greeting = kReplyTimeout,
            .hello = kReplyTimeout,
            .tls = kReplyTimeout,
            .login = kReplyTimeout,
            .mail = kReplyTimeout,
            .rcpt = kReplyTimeout};
}

std::string text_of(const relay::RouteFound& found, const RelayOptions& options) {
    const auto& route = found.route;
    std::string out = found.rule == nullptr
                          ? "no route of the configuration fits"
                          : "route to " + found.rule->recipients + " from " + found.rule->senders;
    out += found.rule != nullptr && !route.next_hop.host.empty()
               ? ": via " + relay::format_next_hop(route.next_hop)
               : ": the domain's MX hosts";
    out += "; TLS " + std::string(relay::name_of(route.tls));
    out += "; as " + (route.hello_name.empty() ? options.hostname : route.hello_name);
    for (const auto& source : {route.source_v4, route.source_v6})
        if (source) out += "; from " + net::format_ip(*source);
    if (!route.credentials.empty())
        out += "; logs in as " + route.credentials.substr(0, route.credentials.find(' '));
    if (route.proxy)
        out += "; through the proxy " + route.proxy->host + ":" + std::to_string(route.proxy->port);
    return out;
}

ProbeStep step_of(const relay::StsFound& found) {
    ProbeStep step{.step = "sts", .host = {}, .text = "no MTA-STS policy"};
    if (found.policy) {
        step.text = "policy " + found.id + ", mode " +
                    std::string(relay::name_of(found.policy->mode)) + ", names";
        for (const auto& mx : found.policy->mx) step.text += " " + mx;
    }
    if (!found.fault) return step;
    step.is_good = false;
    step.text += found.policy ? "; a newer one cannot be had: " : ": ";
    step.text += found.fault->words;
    return step;
}

ProbeStep step_of(const relay::Destination& found, const relay::Host& host) {
    ProbeStep step{.step = "mx", .host = host.name};
    step.text = found.has_mx ? "preference " + std::to_string(host.preference) + ": " : "";
    for (std::size_t i = 0; i < host.addresses.size(); ++i)
        step.text += (i > 0 ? ", " : "") + net::format_ip(host.addresses[i]);
    if (host.addresses.empty()) step.text += "no address";
    step.is_good = !host.addresses.empty();
    const bool is_signed = found.is_mx_secure && host.is_secure;
    step.text += is_signed ? "; signed (DNSSEC)" : "; not signed";
    return step;
}

ProbeStep failed(std::string step, const relay::Outcome& outcome) {
    auto text = outcome.words.empty() ? "failed" : outcome.words;
    if (outcome.code == 0 && !outcome.status.empty()) text = outcome.status + " " + text;
    return {.step = std::move(step), .host = outcome.host, .is_good = false, .text = text};
}

// The step that an attempt to open a session ended with.
std::string_view step_of(relay::Stage stage) {
    return stage == relay::Stage::starttls ? "tls"
           : stage == relay::Stage::login  ? "login"
                                           : "connect";
}

ProbeStep tls_step(const relay::Session& session, const std::string& host) {
    const auto& tls = session.stream().tls();
    if (tls) return {.step = "tls", .host = host, .text = tls->version + " " + tls->cipher};
    const auto* why = session.capabilities().starttls ? "plain text" : "plain text: no STARTTLS";
    return {.step = "tls", .host = host, .text = why};
}

} // namespace

class Probe {
public:
    Probe(RelayTransport::State& state, ProbeRequest request)
        : state_(state), request_(std::move(request)), began_(state.clock.steady_now()) {
        message_.envelope.reverse_path = request_.sender;
    }

    net::Task<ProbeReport> run();

private:
    net::Task<void> look_at_policy();
    net::Task<void> look_at(const relay::Host& host, bool is_mx_secure);
    net::Task<void> connect_to(const Place& place, relay::TlsFacts facts);
    net::Task<void> ask(relay::Session& session, const std::string& host);
    bool has_time() const { return state_.clock.steady_now() - began_ < kMost; }

    RelayTransport::State& state_;
    ProbeRequest request_;
    SteadyTime began_;
    queue::LeasedMessage message_{};
    Way way_{};
    ProbeReport report_{};
};

net::Task<ProbeReport> Probe::run() {
    const auto route = state_.route_for(request_.domain, request_.sender);
    report_.steps.push_back({.step = "route", .host = {}, .text = text_of(route, state_.options)});
    auto domain = request_.domain;
    way_ = co_await state_.find_way(std::move(domain), message_);
    co_await look_at_policy();
    const auto found = co_await state_.find_hosts(way_);
    if (!found) {
        report_.steps.push_back(failed("mx", found.error()));
        co_return report_;
    }
    for (const auto& host : found->hosts) {
        report_.steps.push_back(step_of(*found, host));
        if (!has_time()) {
            report_.steps.push_back({.step = "connect",
                                     .host = host.name,
                                     .is_good = false,
                                     .text = "not tried: the others have taken too long"});
            continue;
        }
        if (!host.addresses.empty()) co_await look_at(host, found->is_mx_secure);
    }
    co_return report_;
}

net::Task<void> Probe::look_at_policy() {
    if (state_.policies == nullptr || !way_.route.next_hop.host.empty()) co_return;
    const auto policy = co_await state_.policies->find(way_.domain);
    report_.steps.push_back(step_of(policy));
}

net::Task<void> Probe::look_at(const relay::Host& host, bool is_mx_secure) {
    Place place{host, host.addresses.front(), state_.port_of(way_), is_mx_secure};
    const auto facts = co_await state_.facts_of(way_, place);
    if (!facts.dane.words.empty() || facts.dane.state != relay::DaneState::none)
        report_.steps.push_back({.step = "dane",
                                 .host = host.name,
                                 .is_good = facts.dane.state != relay::DaneState::unknown,
                                 .text = facts.dane.words});
    const auto decision = relay::decide_tls(facts);
    if (decision.refusal) {
        report_.steps.push_back(failed("policy", *decision.refusal));
        co_return;
    }
    report_.steps.push_back(
        {.step = "policy",
         .host = host.name,
         .text = "TLS " + std::string(relay::name_of(decision.level)) + ": " + decision.why});
    if (!request_.is_connecting) {
        report_.is_good = true;
        co_return;
    }
    for (std::size_t i = 0; i < host.addresses.size() && i < kMostAddresses && has_time(); ++i) {
        place.address = host.addresses[i];
        co_await connect_to(place, facts);
    }
}

net::Task<void> Probe::connect_to(const Place& place, relay::TlsFacts facts) {
    const auto address = net::format_ip(place.address) + ":" + std::to_string(place.port);
    auto decision = relay::decide_tls(facts);
    auto opened = co_await state_.secure(way_, place, std::move(decision), std::move(facts));
    if (!opened) {
        auto step = failed(std::string(step_of(opened.error().stage)), opened.error());
        step.host = place.host.name;
        step.text = address + ": " + step.text;
        report_.steps.push_back(std::move(step));
        co_return;
    }
    report_.steps.push_back({.step = "connect", .host = place.host.name, .text = address});
    report_.steps.push_back(tls_step(**opened, place.host.name));
    co_await ask(**opened, place.host.name);
    co_await (*opened)->quit();
}

// A route's login comes before: without it the answer would be another one.
net::Task<void> Probe::ask(relay::Session& session, const std::string& host) {
    if (const auto& name = way_.route.credentials; !name.empty()) {
        const auto credentials = state_.options.credentials.find(name);
        if (credentials == state_.options.credentials.end()) co_return;
        const auto done = co_await session.login(credentials->second);
        if (!done) {
            report_.steps.push_back(failed("login", done.error()));
            co_return;
        }
    }
    relay::Envelope envelope{.reverse_path = request_.sender, .recipients = {}};
    envelope.recipients.push_back({.address = request_.recipient});
    const auto outcomes = co_await session.ask_about(envelope);
    const auto& outcome = outcomes.front();
    auto step = failed("rcpt", outcome);
    step.is_good = outcome.is_delivered();
    step.host = host;
    step.text = "<" + request_.recipient + ">: " + step.text;
    report_.is_good = report_.is_good || step.is_good;
    report_.steps.push_back(std::move(step));
}

net::Task<ProbeReport> RelayTransport::probe(ProbeRequest request) {
    State quick = *state_;
    quick.options.connect_timeout = kConnectTimeout;
    quick.options.timeouts = short_timeouts();
    quick.options.tls = nullptr; // no mail, and so nothing that a report tells of (RFC 8460)
    Probe probe(quick, std::move(request));
    auto report = co_await probe.run();
    co_return report;
}

} // namespace maild::sender
