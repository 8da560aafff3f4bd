// Input: a next hop or a proxy as an admin writes it, and what a SOCKS proxy answers.
#include "relay/socks5_messages.hpp"

#include "maild/base/ensure.hpp"
#include "maild/relay/dane.hpp"
#include "maild/relay/route.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::relay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const auto hop = parse_next_hop(input))
        ensure(parse_next_hop(format_next_hop(*hop)) == *hop, "one hop, one text");
    if (const auto proxy = parse_proxy(input))
        ensure(!proxy->host.empty() && proxy->port != 0, "a proxy is somewhere");
    if (is_route_pattern(input) && input != "<>") {
        RouteRule rule;
        rule.recipients = input;
        const auto routes = Routes::create({rule}).value();
        const bool is_domain = !input.starts_with('*');
        if (is_domain) ensure(routes.find(input, "").rule != nullptr, "a domain fits itself");
    }
    const auto reply_size = socks_reply_size(input);
    if (reply_size && *reply_size <= input.size()) {
        ensure(*reply_size >= 5 && *reply_size <= 262);
        static_cast<void>(check_socks_reply(input.substr(0, *reply_size)));
    }
    const auto record = net::parse_tlsa(input);
    ensure(record.data.size() == (size < 3 ? 0 : size - 3));
    static_cast<void>(net::is_usable_for_mail(record));
    return 0;
}
