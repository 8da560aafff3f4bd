// Which way mail would take: `sender` is asked, which alone may connect.
#include "daemon/control_command.hpp"
#include "daemon/probe_messages.hpp"

#include "maild/mail/address.hpp"
#include "maild/mail/text.hpp"
#include "maild/net/ip.hpp"

#include <algorithm>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

constexpr std::chrono::minutes kPatience{3}; // the probe ends long before

// A domain as the DNS has it, or an address in brackets.
Result<std::string> domain_of(const std::string& text) {
    if (text.starts_with('[') && text.ends_with(']') &&
        net::parse_ip(std::string_view(text).substr(1, text.size() - 2)))
        return text;
    if (const auto domain = mail::Domain::parse(text)) return std::string(domain->ascii());
    return fail(Errc::invalid_argument, "'" + text + "' is no domain.");
}

struct Party {
    std::string address{}; // of a domain alone: its postmaster
    std::string domain{};
};

// An address, or a domain for its postmaster.
Result<Party> party_of(const std::string& text) {
    const auto address =
        mail::parse_address(text.contains('@') ? text : "postmaster@" + text, mail::Utf8::allowed);
    if (!address)
        return fail(Errc::invalid_argument, "'" + text + "' is neither address nor domain.");
    auto domain = domain_of(text.substr(text.rfind('@') + 1));
    if (!domain) return std::unexpected(std::move(domain.error()));
    return Party{address->format(), std::move(*domain)};
}

Result<void> take_sender(const Arguments& arguments, sender::ProbeRequest& request) {
    if (!arguments.has("from")) return {};
    auto from = party_of(arguments.text("from"));
    if (!from) return std::unexpected(std::move(from.error()));
    request.sender = std::move(from->address);
    return {};
}

Reply reply_of(const Result<sender::ProbeReport>& report) {
    if (!report) {
        if (report.error().code == Errc::unavailable)
            return control::failure(control::kTemporary,
                                    "The process that sends is not there; try again in a moment.");
        return control::failure(report.error());
    }
    json::array rows;
    for (const auto& step : report->steps)
        rows.push_back(json::object{{"step", step.step},
                                    {"host", mail::to_utf8(step.host, "utf-8")},
                                    {"verdict", step.is_good ? "good" : "bad"},
                                    {"text", mail::to_utf8(step.text, "utf-8")}});
    auto reply =
        control::success(json::object{{"rows", std::move(rows)}, {"is_good", report->is_good}});
    if (!report->is_good) reply.exit = control::kFound;
    return reply;
}

net::Task<Reply> probe(ControlReach& reach, sender::ProbeRequest request) {
    if (!reach.context.config().queue.is_sending)
        co_return control::failure(
            control::kTemporary,
            "No process may connect to other hosts: [queue] sending is \"off\".");
    const auto report = co_await reach.sender.call<sender::ProbeReport>(
        kProbe, std::move(request), std::chrono::milliseconds(kPatience));
    co_return reply_of(report);
}

net::Task<Reply> test_mx(ControlReach& reach, Arguments arguments) {
    auto domain = domain_of(arguments.text("domain"));
    if (!domain) co_return control::failure(domain.error());
    sender::ProbeRequest request{.domain = *domain, .recipient = "postmaster@" + *domain};
    if (arguments.has("rcpt")) {
        auto recipient = party_of(arguments.text("rcpt"));
        if (!recipient) co_return control::failure(recipient.error());
        request.recipient = std::move(recipient->address);
    }
    if (auto known = take_sender(arguments, request); !known)
        co_return control::failure(known.error());
    auto reply = co_await probe(reach, std::move(request));
    co_return reply;
}

net::Task<Reply> test_route(ControlReach& reach, Arguments arguments) {
    auto to = party_of(arguments.text("to"));
    if (!to) co_return control::failure(to.error());
    sender::ProbeRequest request{.domain = std::move(to->domain),
                                 .recipient = std::move(to->address),
                                 .is_connecting = false};
    if (auto known = take_sender(arguments, request); !known)
        co_return control::failure(known.error());
    auto reply = co_await probe(reach, std::move(request));
    co_return reply;
}

net::Task<Reply> list(ControlReach& reach, Arguments) {
    json::array rows;
    for (const auto& route : reach.context.config().queue.routes)
        rows.push_back(
            json::object{{"to", route.to},
                         {"from", route.from},
                         {"via", route.via},
                         {"tls", route.tls},
                         {"user", route.user},
                         {"hello", route.hello},
                         {"proxy", route.proxy},
                         {"source", json::array(route.source.begin(), route.source.end())}});
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

constexpr ControlCommand kCommands[] = {
    {"test mx", test_mx},
    {"route list", list},
    {"route test", test_route},
};

} // namespace

std::span<const ControlCommand> route_commands() { return kCommands; }

} // namespace maild::daemon
