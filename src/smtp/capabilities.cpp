// What EHLO and LHLO tell of this service (RFC 5321 §4.1.1.1): nothing that is not honoured.
#include "smtp/parameters.hpp"
#include "smtp/replies.hpp"
#include "smtp/session.hpp"

namespace maild::smtp {
namespace {

// max-future-release-interval and max-future-release-date-time, RFC 4865
std::string future_release(std::chrono::seconds most, WallTime now) {
    return "250-FUTURERELEASE " + std::to_string(most.count()) + ' ' +
           format_internet_date(now + most) + "\r\n";
}

} // namespace

std::string Session::capabilities() const {
    const auto& limits = server_.limits;
    std::string out = "250-" + server_.hostname;
    out += "\r\n250-PIPELINING\r\n250-SIZE "; // RFC 2920, RFC 1870
    out += std::to_string(limits.message_size);
    out += "\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-BINARYMIME\r\n"; // RFC 6152,
                                                                                     // 6531, 3030
    out += "250-DSN\r\n250-DELIVERBY\r\n250-MT-PRIORITY\r\n"; // RFC 3461, RFC 2852, RFC 6710
    out += "250-LIMITS RCPTMAX=" + std::to_string(limits.recipients) + "\r\n"; // RFC 9422
    if (may_hold()) out += future_release(limits.hold_most, server_.clock.now());
    // Ours, for the command sendmail: who it is here, and what addresses without a domain mean.
    if (client_.local)
        out += "250-XLOCAL " + client_.local->name + ' ' + client_.local->domain + "\r\n";
    if (client_.tls) out += "250-REQUIRETLS\r\n";               // RFC 8689 §2: only under TLS
    if (server_.tls && !client_.tls) out += "250-STARTTLS\r\n"; // RFC 3207 §4.2: not under TLS
    if (may_login() && !client_.identity) {
        out += "250-AUTH"; // RFC 4954 §3
        for (const auto mechanism : auth::sasl_mechanisms(offer())) (out += ' ') += mechanism;
        out += "\r\n";
    }
    out += "250 ENHANCEDSTATUSCODES\r\n"; // RFC 2034
    return out;
}

// RFC 4865 is for submission alone.
bool Session::may_hold() const {
    return server_.service == Service::submission && server_.limits.hold_most.count() > 0;
}

// Parameters that are right by themselves, and not here or not now.
Session::Decision Session::check_handling(const Mail& command) const {
    if (command.requiretls && !client_.tls)
        return say(server_.tls ? replies::kTlsFirst : replies::of(Problem::unknown_parameter));
    const auto now = server_.clock.now();
    const auto release = release_time(command, now);
    if (!release) return std::nullopt;
    if (!may_hold()) return say(replies::of(Problem::unknown_parameter));
    const bool is_within = *release >= now && *release - now <= server_.limits.hold_most;
    const auto& by = command.deliver_by;
    // Nothing can be delivered by a time before which it must not be sent.
    if (!is_within || (by && now + by->time < *release))
        return say(replies::of(Problem::parameter_value));
    return std::nullopt;
}

} // namespace maild::smtp
