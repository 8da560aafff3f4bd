// The DNS for `mailctl message verify`, and what was asked of it.
#include "control/render.hpp"
#include "control/verify.hpp"

#include "maild/net/dns_resolver.hpp"
#include "maild/net/spawn.hpp"

namespace maild::control {
namespace json = boost::json;

json::array questions_json(const policy::DnsTrace& trace) {
    json::array out;
    for (const auto& entry : trace.entries()) {
        out.push_back(json::object{{"name", printable(entry.question.name)},
                                   {"type", net::name_of(entry.question.type)},
                                   {"status", net::name_of(entry.status)},
                                   {"answer", printable(entry.what)}});
    }
    return out;
}

std::string question_lines(const policy::DnsTrace& trace) {
    std::string out;
    for (const auto& entry : trace.entries()) {
        const auto line = "dns: " + std::string(net::name_of(entry.question.type)) + " " +
                          entry.question.name + ": " + std::string(net::name_of(entry.status)) +
                          (entry.what.empty() ? "" : ", " + entry.what);
        out += printable(line) + "\n";
    }
    return out;
}

Result<void> run_check(const Session& session, const BeginCheck& begin,
                       const std::function<void(const policy::DnsTrace& trace)>& look) {
    boost::asio::io_context io(1);
    const auto server = session.text_argument("resolver");
    net::DnsOptions options;
    if (server.empty())
        options.resolv_conf = "/etc/resolv.conf";
    else
        options.servers = {server};
    auto resolver = net::DnsResolver::create(io, options);
    if (!resolver) return std::unexpected(resolver.error());
    policy::DnsTrace trace(**resolver);
    net::spawn(io, begin(trace), "message verify");
    io.run();
    look(trace);
    return {};
}

} // namespace maild::control
