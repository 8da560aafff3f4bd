#include "maild/sender/relay_transport.hpp"

#include "sender/relay_connection.hpp"
#include "sender/relay_transport_state.hpp"
#include "sender/tls_telling.hpp"

#include "maild/base/log.hpp"
#include "maild/mail/address.hpp"
#include "maild/net/connect.hpp"
#include "maild/queue/lease.hpp"
#include "maild/relay/dane.hpp"
#include "maild/relay/destination.hpp"
#include "maild/relay/socks5.hpp"
#include "maild/relay/tls_policy.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in run.cpp

namespace maild::sender {
namespace {

constexpr std::chrono::hours kBrokenTls{1};
constexpr std::chrono::seconds kTlsaTimeout{20};
constexpr std::size_t kMaxBroken = 10'000; // hosts that are remembered
constexpr std::size_t kMaxAuthorities = 4U << 20U;

constexpr std::array kSystemAuthorities = {
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",   // Fedora
    "/etc/ssl/cert.pem",                  // Alpine
};

Result<std::string> read_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(Errc::not_found, "queue.authorities: " + file + " cannot be read");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.size() > kMaxAuthorities)
        return fail(Errc::invalid_argument, "queue.authorities: " + file + " is too large");
    return text;
}

Result<std::string> authorities_in(const std::string& file) {
    if (!file.empty()) return read_file(file);
    for (const auto* place : kSystemAuthorities)
        if (auto text = read_file(place)) return text;
    return std::string();
}

// What is true of all mail that goes there.
relay::Outcome of_destination(relay::Outcome outcome) {
    outcome.scope = relay::Scope::host;
    return outcome;
}

// What one host refuses for good, another may put off: then there is hope.
relay::Outcome worse(std::optional<relay::Outcome> last, relay::Outcome now) {
    if (!last || now.fate == relay::Fate::deferred) return now;
    return std::move(*last);
}

} // namespace

std::string in_ascii(std::string destination) {
    const auto parsed = mail::Domain::parse(destination);
    return parsed ? std::string(parsed->ascii()) : destination;
}

Result<std::shared_ptr<const net::ClientTls>> load_trust(const std::string& file) {
    const auto text = authorities_in(file);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return net::ClientTls::create_without_authorities();
    return net::ClientTls::create(*text);
}

RelayTransport::RelayTransport(boost::asio::io_context& io, net::Resolver& resolver,
                               relay::StsPolicies* policies, const Clock& clock, Random& random,
                               RelayOptions options)
    : state_(std::make_unique<State>(io, resolver, policies, clock, random, std::move(options))) {}
RelayTransport::~RelayTransport() = default;

relay::RouteFound RelayTransport::State::route_for(const std::string& destination,
                                                   const std::string& reverse_path) {
    return options.routes.find(in_ascii(destination),
                               in_ascii(queue::destination_of(reverse_path)));
}

std::uint16_t RelayTransport::State::port_of(const Way& way) const {
    const auto& hop = way.route.next_hop;
    return hop.host.empty() ? options.port : hop.port;
}

std::string RelayTransport::way_of(const std::string& destination,
                                   const queue::LeasedMessage& message) {
    const auto& handling = message.envelope.handling;
    std::string way = handling.requires_tls   ? "required "
                      : handling.tls_optional ? "optional "
                                              : "";
    if (state_->options.routes.rules().empty()) return way;
    // A rule for each way: what else they say differs, like the address that mail comes from.
    const auto* rule = state_->route_for(destination, message.envelope.reverse_path).rule;
    const auto* first = state_->options.routes.rules().data();
    return rule == nullptr ? way : way + std::to_string(rule - first);
}

bool RelayTransport::is_special(const std::string& way) const {
    return way.starts_with("required ") || way.starts_with("optional ");
}

net::Task<Way> RelayTransport::State::find_way(std::string destination,
                                               const queue::LeasedMessage& message) {
    const auto& handling = message.envelope.handling;
    Way way;
    way.route = route_for(destination, message.envelope.reverse_path).route;
    way.requires_tls = handling.requires_tls && !message.envelope.reverse_path.empty();
    way.tls_optional = handling.tls_optional;
    const auto& hop = way.route.next_hop;
    way.domain = hop.host.empty() ? in_ascii(std::move(destination)) : hop.host;
    const bool asks = policies != nullptr && hop.host.empty() && !way.tls_optional &&
                      !way.domain.starts_with('[');
    // What a route leads to is the admin's own, and a message that lets TLS be no measure of it.
    way.is_told = options.tls != nullptr && hop.host.empty() && !way.tls_optional &&
                  way.route.tls != relay::TlsDemand::off && !way.domain.starts_with('[');
    if (!asks) co_return way;
    auto found = co_await policies->find(way.domain);
    if (found.policy && found.policy->mode != relay::StsMode::none)
        way.sts = std::move(found.policy);
    way.sts_fault = std::move(found.fault);
    co_return way;
}

net::Task<Result<relay::Destination, relay::Outcome>>
RelayTransport::State::find_hosts(const Way& way) {
    const auto& hop = way.route.next_hop;
    // A route may lead to this host: the admin knows what listens there.
    const bool is_routed = !hop.host.empty();
    const relay::LookupOptions lookup{.own_names = {options.hostname},
                                      .own_addresses = options.own_addresses,
                                      .allows_loopback = options.allows_loopback || is_routed};
    if (hop.uses_mx) {
        auto found = co_await relay::find_destination(resolver, random, way.domain, lookup);
        co_return found;
    }
    auto found = co_await relay::find_host(resolver, way.domain, lookup);
    co_return found;
}

net::Task<Result<std::unique_ptr<Connection>, relay::Outcome>>
RelayTransport::connect(std::string destination, const queue::LeasedMessage& message) {
    auto& state = *state_;
    const auto way = co_await state.find_way(std::move(destination), message);
    const auto found = co_await state.find_hosts(way);
    if (!found) co_return std::unexpected(of_destination(found.error()));
    const auto port = state.port_of(way);
    std::optional<relay::Outcome> last;
    std::size_t tried = 0;
    for (const auto& host : found->hosts) {
        for (const auto& address : host.addresses) {
            if (++tried > state.options.most_addresses) break;
            const Place place{host, address, port, found->is_mx_secure};
            auto opened = co_await state.open(way, place);
            if (opened)
                co_return std::make_unique<RelayConnection>(std::move(*opened), state.clock);
            last = worse(std::move(last), std::move(opened.error()));
        }
    }
    if (!last)
        last = relay::verdict("4.4.3", "no host has an address", relay::Stage::route,
                              relay::Scope::host);
    co_return std::unexpected(std::move(*last));
}

bool RelayTransport::State::is_known_broken(const std::string& host) {
    const auto found = broken_tls.find(host);
    if (found == broken_tls.end()) return false;
    if (found->second > clock.steady_now()) return true;
    broken_tls.erase(found);
    return false;
}

void RelayTransport::State::note_broken(const std::string& host) {
    if (broken_tls.size() >= kMaxBroken) broken_tls.clear();
    broken_tls[host] = clock.steady_now() + kBrokenTls;
}

net::Task<relay::TlsFacts> RelayTransport::State::facts_of(const Way& way, const Place& place) {
    relay::TlsFacts facts{.domain = way.domain,
                          .host = place.host.name,
                          .is_mx_secure = place.is_mx_secure,
                          .demand = way.route.tls,
                          .sts = way.sts,
                          .requires_tls = way.requires_tls,
                          .tls_optional = way.tls_optional};
    if (way.tls_optional || way.route.tls == relay::TlsDemand::off) co_return facts;
    auto dane = co_await relay::find_dane(resolver, place.host, place.port, place.is_mx_secure,
                                          kTlsaTimeout);
    facts.dane = std::move(dane);
    co_return facts;
}

net::Task<Opened> RelayTransport::State::open(const Way& way, const Place& place) {
    auto facts = co_await facts_of(way, place);
    auto decision = relay::decide_tls(facts);
    if (decision.refusal) {
        tell(way, place, {.facts = facts, .decision = decision});
        co_return std::unexpected(std::move(*decision.refusal));
    }
    auto opened = co_await secure(way, place, std::move(decision), std::move(facts));
    if (!opened || way.route.credentials.empty()) co_return opened;
    const auto credentials = options.credentials.find(way.route.credentials);
    if (credentials == options.credentials.end())
        co_return std::unexpected(relay::verdict("4.3.5", "the route's password is not known",
                                                 relay::Stage::login, relay::Scope::host));
    const auto done = co_await (*opened)->login(credentials->second);
    if (!done) co_return std::unexpected(done.error());
    co_return opened;
}

// Where nothing is demanded and TLS does not work, once more without: a message in plain text is
// what a host without TLS gets too (RFC 7435 §3).
net::Task<Opened> RelayTransport::State::secure(const Way& way, const Place& place,
                                                relay::TlsDecision decision,
                                                relay::TlsFacts facts) {
    auto greeted = co_await greet(way, place, decision);
    if (!greeted) co_return std::unexpected(std::move(greeted.error()));
    auto opened = std::move(greeted->session);
    if (way.route.next_hop.wraps_tls || decision.level == relay::TlsLevel::none) co_return opened;
    TlsMet met{.facts = facts, .decision = decision, .sending_ip = std::move(greeted->local)};
    const bool has_tls = opened->capabilities().starttls;
    if (!has_tls) tell(way, place, met);
    if (!has_tls && decision.is_mandatory())
        co_return std::unexpected(
            relay::tls_failure(decision, facts, "the host does not offer STARTTLS"));
    if (!decision.is_mandatory() && (!has_tls || is_known_broken(facts.host))) co_return opened;
    const auto verdict = std::make_shared<net::TlsVerdict>();
    const auto tls = options.trust->expecting(decision.expectation, verdict);
    const auto secured = co_await opened->start_tls(*tls, facts.host);
    log::debug("tls_decided", {{"host", facts.host},
                               {"level", relay::name_of(decision.level)},
                               {"why", decision.why},
                               {"done", secured.has_value()}});
    met.is_offered = true;
    met.is_done = secured.has_value();
    met.verdict = *verdict;
    if (!secured) met.words = secured.error().words;
    tell(way, place, met);
    if (secured) co_return opened;
    log::info("tls_failed",
              {{"host", facts.host}, {"wanted", decision.why}, {"reason", secured.error().words}});
    if (decision.is_mandatory())
        co_return std::unexpected(relay::tls_failure(decision, facts, secured.error().words));
    note_broken(facts.host);
    auto again = co_await greet(way, place, decision);
    if (!again) co_return std::unexpected(std::move(again.error()));
    co_return std::move(again->session);
}

void RelayTransport::State::tell(const Way& way, const Place& place, const TlsMet& met) {
    if (!way.is_told) return;
    auto session = session_of(met, way.sts_fault);
    if (!session) return;
    session->receiving_ip = net::format_ip(place.address);
    options.tls->met(std::move(*session));
}

// RFC 1928: the proxy is told an address, so that what DNSSEC vouches for is what is reached.
net::Task<Result<net::Connected>> RelayTransport::State::connect_to(const Way& way,
                                                                    const Place& place) {
    const auto& proxy = way.route.proxy;
    const auto timeout = options.connect_timeout;
    if (!proxy) {
        auto connected = co_await net::connect_tcp_from(io, place.address, place.port, timeout,
                                                        way.route.source_for(place.address));
        co_return connected;
    }
    const relay::LookupOptions lookup{.allows_loopback = true, .is_configured = true};
    const auto found = co_await relay::find_host(resolver, proxy->host, lookup);
    if (!found) co_return fail(Errc::unavailable, "the proxy: " + found.error().words);
    const auto& address = found->hosts.front().addresses.front();
    auto stream =
        co_await net::connect_tcp(io, address, proxy->port, timeout, way.route.source_for(address));
    if (!stream) co_return fail(stream.error().code, "the proxy: " + stream.error().internal);
    relay::SocksUser nobody{};
    const auto done = co_await relay::connect_socks5(*stream, place.address, place.port,
                                                     std::move(nobody), timeout);
    if (!done) co_return fail(done.error().code, "the proxy: " + done.error().internal);
    co_return net::Connected{std::move(*stream), std::nullopt}; // from where is the proxy's to know
}

net::Task<Result<Greeted, relay::Outcome>>
RelayTransport::State::greet(const Way& way, const Place& place,
                             const relay::TlsDecision& decision) {
    auto connected = co_await connect_to(way, place);
    if (!connected)
        co_return std::unexpected(
            relay::outcome_of(connected.error(), relay::Stage::connect, place.host.name));
    const auto& hello = way.route.hello_name;
    relay::SessionOptions session_options{.protocol = way.route.next_hop.protocol,
                                          .hello_name = hello.empty() ? options.hostname : hello,
                                          .host = place.host.name,
                                          .timeouts = options.timeouts};
    auto session = std::make_unique<relay::Session>(std::move(connected->stream),
                                                    std::move(session_options), random);
    if (way.route.next_hop.wraps_tls) {
        const auto tls = options.trust->expecting(decision.expectation, nullptr);
        const auto wrapped = co_await session->wrap_tls(*tls, place.host.name);
        if (!wrapped) co_return std::unexpected(wrapped.error());
    }
    const auto greeted = co_await session->open();
    if (!greeted) co_return std::unexpected(greeted.error());
    co_return Greeted{std::move(session),
                      connected->local ? net::format_ip(*connected->local) : std::string()};
}

} // namespace maild::sender
