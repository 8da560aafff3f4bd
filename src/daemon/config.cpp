#include "daemon/config.hpp"

namespace maild::daemon {

std::string_view name_of(Service service) {
    switch (service) {
    case Service::smtp: return "smtp";
    case Service::submission: return "submission";
    case Service::lmtp: return "lmtp";
    case Service::imap: return "imap";
    case Service::pop3: return "pop3";
    case Service::control: return "control";
    }
    return "unknown";
}

std::string ListenerConfig::endpoint() const {
    if (is_unix()) return path;
    const bool is_v6 = address.find(':') != address.npos;
    return (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

} // namespace maild::daemon
