#include "maild/oauth/url.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/net/ip.hpp"

#include <algorithm>

namespace maild::oauth {
namespace {

constexpr std::size_t kMaxUrl = 1'024;
constexpr std::size_t kMaxHost = 253;

std::uint16_t usual_port(bool is_https) { return is_https ? 443 : 80; }

std::unexpected<Error> wrong(const char* how) { return fail(Errc::invalid_argument, how); }

// host = IP-literal / IPv4address / reg-name, RFC 3986 §3.2.2; of names those that DNS can have.
Result<std::string> parse_host(Cursor& in) {
    if (in.take('[')) {
        const auto text = in.take_while([](char c) { return c != ']'; });
        const auto address = net::parse_ip(text);
        if (!address || !in.take(']')) return wrong("has no IPv6 address between its brackets");
        return net::format_ip(*address);
    }
    const auto name = in.take_while(
        [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_'; });
    if (name.empty() || name.size() > kMaxHost) return wrong("has no host");
    return ascii::to_lower(name);
}

Result<std::uint16_t> parse_port(Cursor& in, bool is_https) {
    if (!in.take(':')) return usual_port(is_https);
    const auto port = in.take_number(65'535);
    if (!port || *port == 0) return wrong("has no port from 1 to 65535 behind its colon");
    return static_cast<std::uint16_t>(*port);
}

// pchar, "/" and "?"; percent-encoded where it is anything else.
bool is_target_char(char c) {
    return ascii::is_alnum(c) || std::string_view("-._~!$&'()*+,;=:@/?%").contains(c);
}

} // namespace

Result<Url> parse_url(std::string_view text) {
    if (text.size() > kMaxUrl) return wrong("is longer than 1024 octets");
    Cursor in(text);
    Url url;
    if (in.take_icase("https://"))
        url.is_https = true;
    else if (in.take_icase("http://"))
        url.is_https = false;
    else
        return wrong("does not begin with https://");
    auto host = parse_host(in);
    if (!host) return std::unexpected(std::move(host.error()));
    url.host = std::move(*host);
    const auto port = parse_port(in, url.is_https);
    if (!port) return std::unexpected(port.error());
    url.port = *port;
    if (!in.at_end() && !in.next_is('/') && !in.next_is('?'))
        return wrong("has something behind its host that is neither port nor path");
    const auto target = in.take_while(is_target_char);
    if (!in.at_end()) return wrong("holds a character that no path or query may have");
    url.target = (target.starts_with('/') ? "" : "/") + std::string(target);
    return url;
}

std::string Url::authority() const {
    auto out = host.contains(':') ? "[" + host + "]" : host;
    if (port != usual_port(is_https)) out += ":" + std::to_string(port);
    return out;
}

std::string Url::text() const { return (is_https ? "https://" : "http://") + authority() + target; }

bool is_loopback(const Url& url) {
    const auto address = net::parse_ip(url.host);
    return address ? address->is_loopback() : url.host == "localhost";
}

} // namespace maild::oauth
