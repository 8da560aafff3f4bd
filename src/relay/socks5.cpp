#include "relay/socks5_messages.hpp"

#include "maild/net/resolver.hpp"

#include <algorithm>
#include <array>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr char kVersion = 5;
constexpr char kByName = 2;
constexpr char kIpv4 = 1;
constexpr char kName = 3;
constexpr char kIpv6 = 4;

std::unexpected<Error> no_socks() {
    return fail(Errc::protocol_error, "SOCKS: the proxy does not speak version 5");
}

std::chrono::milliseconds left(Deadline deadline) {
    return std::max(
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()),
        std::chrono::milliseconds(0));
}

// Exactly so many octets: what comes behind is the other end's.
net::Task<Result<void>> read_to(net::Stream& stream, std::string& in, std::size_t size,
                                Deadline deadline) {
    while (in.size() < size) {
        const auto count = co_await stream.read_append(in, size - in.size(), left(deadline));
        if (!count) co_return std::unexpected(count.error());
    }
    co_return Result<void>{};
}

net::Task<Result<std::string>> ask(net::Stream& stream, std::string request, std::size_t size,
                                   Deadline deadline) {
    const auto written = co_await stream.write(request, left(deadline));
    if (!written) co_return std::unexpected(written.error());
    std::string in;
    const auto done = co_await read_to(stream, in, size, deadline);
    if (!done) co_return std::unexpected(done.error());
    co_return in;
}

net::Task<Result<void>> introduce(net::Stream& stream, const SocksUser& user, Deadline deadline) {
    auto greeting = format_socks_greeting(!user.name.empty());
    const auto method = co_await ask(stream, std::move(greeting), 2, deadline);
    if (!method) co_return std::unexpected(method.error());
    if (method->front() != kVersion) co_return no_socks();
    if (method->back() == 0) co_return Result<void>{};
    if (method->back() != kByName || user.name.empty())
        co_return fail(Errc::authentication_failed, "SOCKS: the proxy wants another login");
    auto login = format_socks_user(user);
    if (!login) co_return std::unexpected(std::move(login.error()));
    const auto verdict = co_await ask(stream, std::move(*login), 2, deadline);
    if (!verdict) co_return std::unexpected(verdict.error());
    if (verdict->back() != 0) // RFC 1929 §2
        co_return fail(Errc::authentication_failed, "SOCKS: the proxy refuses the login");
    co_return Result<void>{};
}

} // namespace

std::string format_socks_greeting(bool has_user) {
    std::string out{kVersion, static_cast<char>(has_user ? 2 : 1), 0};
    if (has_user) out += kByName;
    return out;
}

Result<std::string> format_socks_user(const SocksUser& user) {
    if (user.name.empty() || user.name.size() > 255 || user.password.size() > 255)
        return fail(Errc::invalid_argument, "SOCKS: name or password is too long");
    std::string out{1, static_cast<char>(user.name.size())};
    out += user.name;
    out += static_cast<char>(user.password.size());
    out += user.password;
    return out;
}

Result<std::string> format_socks_connect(const SocksTarget& target, std::uint16_t port) {
    std::string out{kVersion, 1, 0};
    if (const auto* address = std::get_if<net::IpAddress>(&target)) {
        const std::string_view octets(reinterpret_cast<const char*>(address->bytes.data()), 16);
        out += address->is_v4() ? kIpv4 : kIpv6;
        out += octets.substr(address->is_v4() ? 12 : 0);
    } else {
        const auto& name = std::get<std::string>(target);
        if (!net::is_dns_name(name)) return fail(Errc::invalid_argument, "SOCKS: no host name");
        out += {kName, static_cast<char>(name.size())};
        out += name;
    }
    out += {static_cast<char>(port >> 8U), static_cast<char>(port & 0xffU)};
    return out;
}

// VER REP RSV ATYP BND.ADDR BND.PORT, RFC 1928 §6
Result<std::size_t> socks_reply_size(std::string_view octets) {
    if (!octets.empty() && octets.front() != kVersion) return no_socks();
    if (octets.size() < 5) return std::size_t{5};
    switch (octets[3]) {
    case kIpv4: return std::size_t{4 + 4 + 2};
    case kIpv6: return std::size_t{4 + 16 + 2};
    case kName: return std::size_t{4 + 1 + 2} + static_cast<unsigned char>(octets[4]);
    default: return no_socks();
    }
}

Result<void> check_socks_reply(std::string_view octets) {
    constexpr std::array<std::string_view, 9> kFaults = {"",
                                                         "general failure",
                                                         "connection not allowed by its rules",
                                                         "network unreachable",
                                                         "host unreachable",
                                                         "connection refused",
                                                         "TTL expired",
                                                         "command not supported",
                                                         "address type not supported"};
    const std::size_t code = static_cast<unsigned char>(octets[1]);
    if (code == 0) return {};
    return fail(Errc::unavailable,
                "SOCKS: " + (code < kFaults.size() ? std::string(kFaults[code])
                                                   : "failure " + std::to_string(code)));
}

net::Task<Result<void>> connect_socks5(net::Stream& stream, SocksTarget target, std::uint16_t port,
                                       SocksUser user, std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    const auto introduced = co_await introduce(stream, user, deadline);
    if (!introduced) co_return introduced;
    auto request = format_socks_connect(target, port);
    if (!request) co_return std::unexpected(std::move(request.error()));
    // A refusal may be as short as the shortest answer, which has more than these five.
    auto reply = co_await ask(stream, std::move(*request), 5, deadline);
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    const auto size = socks_reply_size(*reply);
    if (!size) co_return std::unexpected(size.error());
    const auto done = co_await read_to(stream, *reply, *size, deadline);
    if (!done) co_return done;
    co_return check_socks_reply(*reply);
}

} // namespace maild::relay
