#pragma once
// `mailctl message verify`: the checks of module policy, asked from the command line. The parts
// that do not depend on a terminal or the network.

#include "control/session.hpp"

#include "maild/base/clock.hpp"
#include "maild/policy/dns_trace.hpp"
#include "maild/policy/message.hpp"
#include "maild/policy/spf.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace maild::control {

// "1700000000" or "2023-11-14T22:13:20Z" (RFC 3339, UTC only).
std::optional<WallTime> parse_verify_time(std::string_view text);

// The client that --ip, --helo and --mail-from describe; invalid_argument says what is wrong.
Result<policy::spf::Client> verified_client(const Session& session);

// The moment that --now means, or this one.
Result<WallTime> verify_time(const Session& session);

// Carries out what `begin` makes of a DNS as --resolver says, to its end; `trace` remembers every
// question. What the task refers to outlives the call. Fails when there is no such DNS.
using BeginCheck = std::function<net::Task<void>(policy::DnsTrace& trace)>;
Result<void> run_check(const Session& session, const BeginCheck& begin,
                       const std::function<void(const policy::DnsTrace& trace)>& look);

// What came out, in JSON and as lines; all text harmless for a terminal and UTF-8.
boost::json::object spf_json(const policy::spf::Report& report);
boost::json::array questions_json(const policy::DnsTrace& trace);
std::string question_lines(const policy::DnsTrace& trace);

// `message verify` without --spf: everything, of a message.
Reply verify_message(const Session& session, const Clock& clock);

// What was found of a message, and of the client if one was given.
struct MessageCheck {
    std::optional<policy::spf::SessionReport> spf;
    policy::MessageReport report;
};
boost::json::object message_json(const MessageCheck& check);
// One line for each result as in Authentication-Results, then what else is worth knowing.
std::string message_text(const MessageCheck& check);

std::string host_name();

} // namespace maild::control
