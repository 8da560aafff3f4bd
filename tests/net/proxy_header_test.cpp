#include "support/streams.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/net/proxy_header.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace maild::net {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

// The fixed part of version 2, and what stands behind it.
std::string version_2(int command, int family, const std::string& rest) {
    return kSignature + static_cast<char>(command) + static_cast<char>(family) +
           static_cast<char>(rest.size() >> 8) + static_cast<char>(rest.size() & 0xff) + rest;
}

const std::string kV4 = "\xc6\x33\x64\x07\x7f\0\0\1\xdc\x04\0\x19"s; // 198.51.100.7:56324
const std::string kV6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07" +
                        std::string(15, '\0') + "\1\xdc\x04\0\x19"s; // [2001:db8::7]:56324

// A TLV with the header's checksum (§2.2.3) in it, behind `rest`.
std::string with_checksum(const std::string& rest) {
    auto header = version_2(0x21, 0x11, rest + "\3\0\4\0\0\0\0"s);
    const auto sum = crc32c(header);
    for (int i = 0; i < 4; ++i)
        header[header.size() - 4 + static_cast<std::size_t>(i)] =
            static_cast<char>(sum >> (24 - 8 * i));
    return header;
}

struct GoodCase {
    const char* name;
    std::string header;
    const char* client; // with its port; empty: none
};

class GoodProxyHeader : public testing::TestWithParam<GoodCase> {};

// Whatever comes behind it: the header ends where it ends, and not before.
TEST_P(GoodProxyHeader, IsFoundInWhateverPieceItComes) {
    const auto& header = GetParam().header;
    for (std::size_t size = 0; size < header.size(); ++size) {
        const auto part = parse_proxy_header(std::string_view(header).substr(0, size));
        ASSERT_TRUE(part && !*part) << size << " octets of it";
        ASSERT_LE(least_left_of_header(std::string_view(header).substr(0, size)),
                  header.size() - size);
    }
    for (const auto* tail : {"", "\r\n", "EHLO client.example\r\n", "\x16\x03\x01"}) {
        const auto whole = parse_proxy_header(header + tail);
        ASSERT_TRUE(whole && *whole);
        EXPECT_EQ((*whole)->size, header.size());
        const auto& client = (*whole)->client;
        const auto got =
            client ? format_ip(client->address) + " " + std::to_string(client->port) : "";
        EXPECT_EQ(got, GetParam().client);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodProxyHeader,
    testing::Values(
        GoodCase{"Tcp4", "PROXY TCP4 198.51.100.7 192.0.2.1 56324 25\r\n", "198.51.100.7 56324"},
        GoodCase{"Tcp6", "PROXY TCP6 2001:db8::7 2001:db8::1 0 65535\r\n", "2001:db8::7 0"},
        GoodCase{"Mapped", "PROXY TCP6 ::ffff:198.51.100.7 ::1 1 2\r\n", "198.51.100.7 1"},
        GoodCase{"LongestTcp6",
                 "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe "
                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535"},
        GoodCase{"Unknown", "PROXY UNKNOWN\r\n", ""},
        GoodCase{"UnknownWithAddresses", "PROXY UNKNOWN 1.2.3.4 x y\r\n", ""},
        GoodCase{"LongestLine", "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", ""},
        GoodCase{"Local", version_2(0x20, 0x11, kV4), ""},
        GoodCase{"LocalEmpty", version_2(0x20, 0x00, ""), ""},
        GoodCase{"V4", version_2(0x21, 0x11, kV4), "198.51.100.7 56324"},
        GoodCase{"V6", version_2(0x21, 0x21, kV6), "2001:db8::7 56324"},
        GoodCase{"Udp", version_2(0x21, 0x12, kV4), ""},
        GoodCase{"UnixSocket", version_2(0x21, 0x31, std::string(216, 'x')), ""},
        GoodCase{"Unspecified", version_2(0x21, 0x00, "whatever"), ""},
        GoodCase{"Tlvs", version_2(0x21, 0x11, kV4 + "\2\0\4host\4\0\0"s), "198.51.100.7 56324"},
        // PP2_TYPE_SSL: client, verify, and a version of TLS in it
        GoodCase{"TlsTlv", version_2(0x21, 0x11, kV4 + "\x20\0\5\1\0\0\0\0"s),
                 "198.51.100.7 56324"},
        GoodCase{"Checksum", with_checksum(kV4), "198.51.100.7 56324"},
        GoodCase{"Largest", version_2(0x21, 0x11, kV4 + "\4\x0f\xe1"s + std::string(0xfe1, '\0')),
                 "198.51.100.7 56324"}),
    [](const auto& tested) { return tested.param.name; });

struct BadCase {
    const char* name;
    std::string header;
    const char* reason;
};

class BadProxyHeader : public testing::TestWithParam<BadCase> {};

TEST_P(BadProxyHeader, IsRefused) {
    const auto got = parse_proxy_header(GetParam().header);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::protocol_error);
    EXPECT_EQ(got.error().internal, "PROXY header: "s + GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadProxyHeader, // HARDENING 82
    testing::Values(
        BadCase{"Smtp", "EHLO", "neither version"}, BadCase{"Tls", "\x16\x03", "neither version"},
        BadCase{"LowerCase", "proxy TCP4", "neither version"},
        BadCase{"AnEmptyLine", "\r\nPROXY", "neither version"},
        BadCase{"NoFields", "PROXY TCP4\r\n", "number of fields"},
        BadCase{"NoFamily", "PROXY \r\n", "family"},
        BadCase{"AtOnce", "PROXY \n", "line ends without CR"},
        BadCase{"OtherFamily", "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n", "family"},
        BadCase{"Udp4", "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", "family"},
        BadCase{"FewFields", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "number of fields"},
        BadCase{"ManyFields", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", "number of fields"},
        BadCase{"SpaceBehind", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", "number of fields"},
        BadCase{"TwoSpaces", "PROXY TCP4  1.2.3.4 1.2.3.4 1\r\n", "address"},
        BadCase{"V6InTcp4", "PROXY TCP4 ::1 1.2.3.4 1 2\r\n", "address"},
        BadCase{"V4InTcp6", "PROXY TCP6 1.2.3.4 ::1 1 2\r\n", "address"},
        BadCase{"AName", "PROXY TCP4 localhost 1.2.3.4 1 2\r\n", "address"},
        BadCase{"Octal", "PROXY TCP4 010.0.0.1 1.2.3.4 1 2\r\n", "address"},
        BadCase{"PortTooHigh", "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n", "port"},
        BadCase{"PortNegative", "PROXY TCP4 1.2.3.4 1.2.3.4 1 -2\r\n", "port"},
        BadCase{"PortPadded", "PROXY TCP4 1.2.3.4 1.2.3.4 025 2\r\n", "port"},
        BadCase{"BareLf", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", "line ends without CR"},
        BadCase{"LineWithoutEnd", "PROXY UNKNOWN " + std::string(93, 'x'), "line without end"},
        BadCase{"LineEndsLate", "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n",
                "line without end"},
        BadCase{"Version1InBinary", version_2(0x11, 0x11, kV4), "version or command"},
        BadCase{"OtherCommand", version_2(0x22, 0x11, kV4), "version or command"},
        BadCase{"OtherBinaryFamily", version_2(0x21, 0x41, kV4), "family"},
        BadCase{"OtherTransport", version_2(0x21, 0x13, kV4), "family"},
        BadCase{"FamilyWithoutTransport", version_2(0x21, 0x10, kV4), "family"},
        BadCase{"AddressesCut", version_2(0x21, 0x11, kV4.substr(1)), "addresses are cut"},
        BadCase{"V4SaysItIsV6", version_2(0x21, 0x21, kV4), "addresses are cut"},
        BadCase{"LengthOf65535", kSignature + "\x21\x11\xff\xff", "too long"},
        BadCase{"OneTooLong", kSignature + "\x21\x11\x0f\xf1", "too long"},
        BadCase{"TlvCut", version_2(0x21, 0x11, kV4 + "\4\0"s), "TLV is cut"},
        BadCase{"TlvOverflows", version_2(0x21, 0x11, kV4 + "\4\0\5four"s),
                "TLV is longer than the header"},
        BadCase{"WrongChecksum", version_2(0x21, 0x11, kV4 + "\3\0\4abcd"s), "checksum"},
        BadCase{"ShortChecksum", version_2(0x21, 0x11, kV4 + "\3\0\3abc"s), "checksum"}),
    [](const auto& tested) { return tested.param.name; });

struct ProxiedStream {
    boost::asio::io_context io;
    test::StreamAndPeer ends = test::make_stream(io);

    Result<void> take(std::chrono::milliseconds timeout = 5s) {
        return test::finish(io, take_proxy_header(ends.stream, timeout));
    }
    std::string rest() {
        std::string out;
        const auto read = test::finish(io, ends.stream.read_append(out, 4096, 1s));
        return read ? out : "";
    }
};

TEST(ProxyHeaderOfAStream, NamesThePeerAndLeavesTheRest) {
    ProxiedStream proxied;
    test::send_all(proxied.ends.peer.get(),
                   "PROXY TCP4 198.51.100.7 192.0.2.1 56324 25\r\nPROXY UNKNOWN\r\n");
    ASSERT_TRUE(proxied.take());
    EXPECT_EQ(proxied.ends.stream.peer().address, "198.51.100.7");
    EXPECT_EQ(proxied.ends.stream.peer().port, 56324);
    EXPECT_FALSE(proxied.ends.stream.peer().is_loopback) << "though the proxy is";
    EXPECT_EQ(proxied.rest(), "PROXY UNKNOWN\r\n") << "the client's, whatever it looks like";
}

TEST(ProxyHeaderOfAStream, KeepsThePeerThatSpeaksForItself) {
    for (const auto& header : {"PROXY UNKNOWN\r\n"s, version_2(0x20, 0x11, kV4)}) {
        ProxiedStream proxied;
        test::send_all(proxied.ends.peer.get(), header + "QUIT\r\n");
        ASSERT_TRUE(proxied.take());
        EXPECT_EQ(proxied.ends.stream.peer().address, "local");
        EXPECT_EQ(proxied.rest(), "QUIT\r\n");
    }
}

TEST(ProxyHeaderOfAStream, OfThisHostBehindAProxyOfThisHostIsOfThisHost) {
    ProxiedStream proxied;
    test::send_all(proxied.ends.peer.get(), "PROXY TCP6 ::1 ::1 1 25\r\n");
    ASSERT_TRUE(proxied.take());
    EXPECT_TRUE(proxied.ends.stream.peer().is_loopback);
}

TEST(ProxyHeaderOfAStream, ComesInSingleOctets) {
    ProxiedStream proxied;
    const auto header = version_2(0x21, 0x21, kV6) + "* OK";
    std::jthread sender([&] {
        for (const char octet : header) {
            test::send_all(proxied.ends.peer.get(), {&octet, 1});
            std::this_thread::yield();
        }
    });
    ASSERT_TRUE(proxied.take());
    EXPECT_EQ(proxied.ends.stream.peer().address, "2001:db8::7");
    sender.join();
    EXPECT_EQ(proxied.rest(), "* OK");
}

TEST(ProxyHeaderOfAStream, HasOneDeadline) {
    ProxiedStream proxied;
    test::send_all(proxied.ends.peer.get(), "PROXY TCP4 198.51");
    const auto taken = proxied.take(30ms);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Errc::timed_out);
    EXPECT_EQ(proxied.ends.stream.peer().address, "local");
}

TEST(ProxyHeaderOfAStream, EndsWithThePeer) {
    ProxiedStream proxied;
    test::send_all(proxied.ends.peer.get(), kSignature);
    proxied.ends.peer.reset();
    const auto taken = proxied.take();
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Errc::closed);
}

} // namespace
} // namespace maild::net
