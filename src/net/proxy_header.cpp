#include "maild/net/proxy_header.hpp"

#include "net/await.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/net/stream.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace maild::net {
namespace {

using Parsed = Result<std::optional<ProxyHeader>>;

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12); // §2.2: no protocol begins so
constexpr std::size_t kFixedSize = 16;
constexpr std::uint8_t kTlvCrc32c = 0x03;

std::unexpected<Error> bad(std::string_view what) {
    return fail(Errc::protocol_error, "PROXY header: " + std::string(what));
}

// One is the beginning of the other.
bool may_be(std::string_view in, std::string_view start) {
    const auto size = std::min(in.size(), start.size());
    return in.substr(0, size) == start.substr(0, size);
}

// §2.1: a decimal integer within [0..65535], without leading zeroes.
std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, port);
    const bool is_padded = text.size() > 1 && text.front() == '0';
    if (read.ec != std::errc{} || read.ptr != end || is_padded) return std::nullopt;
    return port;
}

std::optional<IpAddress> parse_address(std::string_view text, bool wants_v6) {
    if (text.contains(':') != wants_v6) return std::nullopt;
    return parse_ip(text);
}

// Up to the next space, or to the end.
std::string_view take_word(std::string_view& rest) {
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return word;
}

// "TCP4 192.0.2.1 192.0.2.2 56324 25": source and destination, addresses and ports.
Result<std::optional<ProxyHeader::Client>> parse_line(std::string_view line) {
    const auto family = take_word(line);
    if (family == "UNKNOWN") return std::nullopt; // whatever is behind it
    if (family != "TCP4" && family != "TCP6") return bad("family");
    if (std::ranges::count(line, ' ') != 3) return bad("number of fields");
    const bool is_v6 = family == "TCP6";
    const auto source = parse_address(take_word(line), is_v6);
    const auto destination = parse_address(take_word(line), is_v6);
    const auto source_port = parse_port(take_word(line));
    const auto destination_port = parse_port(line);
    if (!source || !destination) return bad("address");
    if (!source_port || !destination_port) return bad("port");
    return ProxyHeader::Client{*source, *source_port};
}

Parsed parse_version_1(std::string_view in) {
    const auto end = in.substr(0, kMaxProxyLine).find('\n');
    if (end == in.npos) {
        if (in.size() >= kMaxProxyLine) return bad("line without end");
        return std::nullopt;
    }
    if (in[end - 1] != '\r') return bad("line ends without CR");
    auto client = parse_line(in.substr(kLineStart.size(), end - 1 - kLineStart.size()));
    if (!client) return std::unexpected(std::move(client.error()));
    return ProxyHeader{.size = end + 1, .client = *client};
}

std::uint8_t octet_at(std::string_view in, std::size_t at) {
    return static_cast<std::uint8_t>(in[at]);
}
std::uint16_t number_at(std::string_view in, std::size_t at) {
    return static_cast<std::uint16_t>(octet_at(in, at) << 8 | octet_at(in, at + 1));
}

// §2.2.3: the checksum of the header with zeroes in the checksum's place.
bool is_checksum_right(std::string_view header, std::size_t at) {
    std::string zeroed(header);
    std::fill_n(zeroed.begin() + static_cast<std::ptrdiff_t>(at), 4, '\0');
    const auto claimed = std::uint32_t{number_at(header, at)} << 16 | number_at(header, at + 2);
    return crc32c(zeroed) == claimed;
}

// §2.2.1: type, length, value, to the header's end and not beyond.
Result<void> check_tlvs(std::string_view header, std::size_t at) {
    while (at < header.size()) {
        if (header.size() - at < 3) return bad("TLV is cut");
        const std::size_t size = number_at(header, at + 1);
        const auto value = at + 3;
        if (header.size() - value < size) return bad("TLV is longer than the header");
        if (octet_at(header, at) == kTlvCrc32c && (size != 4 || !is_checksum_right(header, value)))
            return bad("checksum");
        at = value + size;
    }
    return {};
}

// Source address, destination address, source port, destination port.
ProxyHeader::Client client_of(std::string_view addresses, bool is_v6) {
    ProxyHeader::Client client;
    const std::size_t size = is_v6 ? 16 : 4;
    if (!is_v6) client.address.bytes[10] = client.address.bytes[11] = 0xff;
    std::ranges::copy(addresses.substr(0, size), client.address.bytes.end() - std::ptrdiff_t(size));
    client.port = number_at(addresses, 2 * size);
    return client;
}

struct Family { // §2.2: octet 14
    std::uint8_t code;
    std::size_t size; // of its addresses
    bool is_tcp;
};
constexpr Family kFamilies[] = {
    {0x11, 12, true},  {0x12, 12, false},  {0x21, 36, true},
    {0x22, 36, false}, {0x31, 216, false}, {0x32, 216, false},
};

Parsed parse_addresses(std::string_view header) {
    const auto code = octet_at(header, 13);
    if (code == 0x00) return ProxyHeader{.size = header.size()}; // UNSPEC: nothing else counts
    const auto* family = std::ranges::find(kFamilies, code, &Family::code);
    if (family == std::end(kFamilies)) return bad("family");
    if (header.size() - kFixedSize < family->size) return bad("addresses are cut");
    if (auto good = check_tlvs(header, kFixedSize + family->size); !good)
        return std::unexpected(std::move(good.error()));
    ProxyHeader out{.size = header.size()};
    if (family->is_tcp) out.client = client_of(header.substr(kFixedSize), code == 0x21);
    return out;
}

Parsed parse_version_2(std::string_view in) {
    if (in.size() < kFixedSize) return std::nullopt;
    const auto version_and_command = octet_at(in, 12);
    if (version_and_command != 0x20 && version_and_command != 0x21)
        return bad("version or command");
    const std::size_t size = kFixedSize + number_at(in, 14);
    if (size > kMaxProxyHeader) return bad("too long");
    if (in.size() < size) return std::nullopt;
    if (version_and_command == 0x20) return ProxyHeader{.size = size}; // LOCAL: all else is skipped
    return parse_addresses(in.substr(0, size));
}

// What the proxy is itself, nobody behind it is. The peer belongs to the stream, which has no
// other way to change it, because nobody else may.
void set_client(Stream& stream, const ProxyHeader::Client& client) {
    auto& peer = const_cast<Peer&>(stream.peer());
    peer.is_loopback = peer.is_loopback && client.address.is_loopback();
    peer.address = format_ip(client.address);
    peer.port = client.port;
    peer.uid.reset();
}

} // namespace

Parsed parse_proxy_header(std::string_view in) {
    if (in.empty()) return std::nullopt;
    if (may_be(in, kLineStart))
        return in.size() < kLineStart.size() ? Parsed(std::nullopt) : parse_version_1(in);
    if (may_be(in, kSignature)) return parse_version_2(in);
    return bad("neither version");
}

std::size_t least_left_of_header(std::string_view in) {
    constexpr std::string_view kShortest = "PROXY UNKNOWN\r\n"; // version 2 has an octet more
    if (in.size() < kShortest.size()) return kShortest.size() - in.size();
    if (in.starts_with(kLineStart)) return in.ends_with('\r') ? 1 : 2;
    const auto size = in.size() < kFixedSize ? kFixedSize : kFixedSize + number_at(in, 14);
    return size - in.size();
}

Task<Result<void>> take_proxy_header(Stream& stream, std::chrono::milliseconds timeout) {
    const auto deadline = deadline_after(timeout);
    std::string so_far;
    for (;;) {
        const auto wanted = least_left_of_header(so_far);
        const auto read = co_await stream.read_append(so_far, wanted, time_left(deadline));
        if (!read) co_return std::unexpected(read.error());
        const auto header = parse_proxy_header(so_far);
        if (!header) co_return std::unexpected(header.error());
        if (!*header) continue;
        if ((*header)->client) set_client(stream, *(*header)->client);
        co_return Result<void>{};
    }
}

} // namespace maild::net
