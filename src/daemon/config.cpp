#include "daemon/config.hpp"

namespace maild::daemon {

std::string_view name_of(Service service) {
    switch (service) {
    case Service::smtp: return "smtp";
    case Service::submission: return "submission";
    case Service::lmtp: return "lmtp";
    case Service::imap: return "imap";
    case Service::pop3: return "pop3";
    case Service::local: return "local";
    case Service::control: return "control";
    }
    return "unknown";
}

std::vector<net::Network> loopback_networks() {
    std::vector<net::Network> networks;
    for (const auto* text : {"127.0.0.0/8", "::1"})
        if (const auto network = net::parse_network(text)) networks.push_back(*network);
    return networks;
}

std::string ListenerConfig::endpoint() const {
    if (is_unix()) return path;
    const bool is_v6 = address.find(':') != address.npos;
    return (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

} // namespace maild::daemon
