#include "directory/app_passwords.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <algorithm>
#include <array>

namespace maild::directory {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"imap", "pop3", "smtp", "sieve"};

std::unexpected<Error> wrong(std::string sentence) {
    return fail(Errc::invalid_argument, std::move(sentence));
}

std::optional<AppProtocol> protocol_of(Service service) {
    switch (service) {
    case Service::imap: return AppProtocol::imap;
    case Service::pop3: return AppProtocol::pop3;
    case Service::smtp:
    case Service::submission: return AppProtocol::smtp;
    case Service::managesieve: return AppProtocol::sieve;
    case Service::lmtp: break;
    }
    return std::nullopt;
}

template <class Item, class Format>
std::string joined(const std::vector<Item>& items, Format format) {
    std::string out;
    for (const auto& item : items) (out += out.empty() ? "" : " ") += format(item);
    return out;
}

template <class Item, class Parse>
std::optional<std::vector<Item>> split(std::string_view text, Parse parse) {
    std::vector<Item> items;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        const auto item = parse(word);
        if (!item) return std::nullopt;
        items.push_back(*item);
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return items;
}

} // namespace

std::string_view name_of(AppProtocol protocol) {
    const auto index = static_cast<std::size_t>(protocol);
    return index < kNames.size() ? kNames[index] : "unknown";
}

std::optional<AppProtocol> parse_app_protocol(std::string_view name) {
    const auto* found = std::ranges::find(kNames, name);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<AppProtocol>(found - kNames.begin());
}

Result<void> check_new_app_password(const NewAppPassword& wanted, WallTime now) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
    if (wanted.name.empty() || wanted.name.size() > kMaxAppPasswordName || !is_utf8(wanted.name) ||
        std::ranges::any_of(wanted.name, is_control))
        return wrong("an app password's name is one line of 1 to 64 octets");
    for (const auto protocol : wanted.scope.protocols)
        if (static_cast<std::size_t>(protocol) >= kNames.size()) return wrong("unknown protocol");
    if (wanted.scope.protocols.size() > kNames.size())
        return wrong("a protocol is named more than once");
    if (wanted.scope.networks.size() > kMaxAppPasswordNetworks)
        return wrong("an app password can be good for at most 32 networks");
    for (const auto& network : wanted.scope.networks)
        if (net::parse_network(net::format_network(network)) != network)
            return wrong("an app password's network is none");
    if (wanted.scope.expires && *wanted.scope.expires <= now)
        return wrong("an app password expires in the future");
    return {};
}

const char* check_scope(const AppScope& scope, const LoginAttempt& attempt, WallTime now) {
    if (scope.expires && now >= *scope.expires) return "the app password has expired";
    const auto protocol = protocol_of(attempt.service);
    if (!scope.protocols.empty() &&
        (!protocol || std::ranges::find(scope.protocols, *protocol) == scope.protocols.end()))
        return "the app password is for other protocols";
    if (scope.networks.empty()) return nullptr;
    const auto from = net::parse_ip(attempt.remote_address);
    return from && net::in_any_network(*from, scope.networks)
               ? nullptr
               : "the app password is for other networks";
}

std::string format_protocols(const std::vector<AppProtocol>& protocols) {
    return joined(protocols, [](AppProtocol protocol) { return std::string(name_of(protocol)); });
}
std::string format_networks(const std::vector<net::Network>& networks) {
    return joined(networks, net::format_network);
}
std::optional<std::vector<AppProtocol>> parse_protocols(std::string_view text) {
    return split<AppProtocol>(text, parse_app_protocol);
}
std::optional<std::vector<net::Network>> parse_networks(std::string_view text) {
    return split<net::Network>(text, net::parse_network);
}

} // namespace maild::directory
