// Our side as TLS client, and connections that we open: both ends in one loop.
#include "net/tls_meeting.hpp"

#include "maild/net/client_tls.hpp"
#include "maild/net/connect.hpp"
#include "maild/net/host_lookup.hpp"

#include <gtest/gtest.h>

namespace maild::net {
namespace {

struct Outcome {
    Result<void> result = fail(Errc::internal, "not yet");
    std::string read;
    bool is_done = false;
};

Task<void> answer(Stream& stream, TlsContext& context, bool& is_done) {
    const auto secured = co_await stream.start_tls(context, 5s);
    if (secured) {
        const auto written = co_await stream.write("hello", 5s);
        static_cast<void>(written);
    }
    is_done = true;
}

Task<void> ask(Stream& stream, const ClientTls& context, std::string host, Outcome& out) {
    out.result = co_await stream.start_client_tls(context, std::move(host), 5s);
    if (out.result) {
        const auto count = co_await stream.read_append(out.read, 100, 5s);
        static_cast<void>(count);
    }
    out.is_done = true;
}

// A client that trusts `authorities` meets the host of `pair` and calls it `host`.
Outcome meet(const CertificateAndKey& pair, const std::string& authorities,
             const std::string& host) {
    Meeting meeting(pair);
    auto ends = socket_pair().value();
    Stream server(meeting.io, std::move(ends.first));
    Stream client(meeting.io, std::move(ends.second));
    const auto context = ClientTls::create(authorities).value();
    Outcome out;
    bool is_answered = false;
    spawn(meeting.io, answer(server, *meeting.context, is_answered), "server");
    spawn(meeting.io, ask(client, *context, host, out), "client");
    test::run_until(meeting.io, [&] { return out.is_done && is_answered; });
    return out;
}

TEST(ClientTls, TrustsWhomAnAuthorityVouchesFor) {
    const auto good = meet(p256(), p256().certificate, "mail.example");
    ASSERT_TRUE(good.result.has_value()) << good.result.error().internal;
    EXPECT_EQ(good.read, "hello");
    EXPECT_TRUE(meet(p256(), p256().certificate, "MAIL.example").result.has_value());
    const auto other = make_self_signed({"other.example"}, 4, SystemClock().now()).value();
    const auto both = other.certificate + p256().certificate;
    EXPECT_TRUE(meet(p256(), both, "mail.example").result.has_value());
}

TEST(ClientTls, RefusesWhatNobodyVouchesFor) {
    const auto names = make_self_signed({"*.mail.example", "a.example"}, 2, SystemClock().now());
    const auto old =
        make_self_signed({"mail.example"}, 3, SystemClock().now() - std::chrono::days(4000));
    const struct {
        const char* name;
        const CertificateAndKey& pair;
        const std::string& trusted;
        std::string host;
        const char* fault; // nullptr: good
    } cases[] = {
        {"another authority", p256(), p384().certificate, "mail.example", "self-signed"},
        {"another name", p256(), p256().certificate, "imap.example", "hostname mismatch"},
        {"a name below", p256(), p256().certificate, "a.mail.example", "hostname mismatch"},
        {"an address", p256(), p256().certificate, "192.0.2.1", "IP address mismatch"},
        {"a label of the wildcard", *names, names->certificate, "x.mail.example", nullptr},
        {"two labels", *names, names->certificate, "x.y.mail.example", "hostname mismatch"},
        {"none", *names, names->certificate, "mail.example", "hostname mismatch"},
        {"expired", *old, old->certificate, "mail.example", "expired"},
    };
    for (const auto& c : cases) {
        const auto out = meet(c.pair, c.trusted, c.host);
        EXPECT_EQ(out.result.has_value(), c.fault == nullptr) << c.name;
        if (out.result || c.fault == nullptr) continue;
        EXPECT_TRUE(out.result.error().internal.contains(c.fault))
            << c.name << ": " << out.result.error().internal;
        EXPECT_EQ(out.read, "") << c.name;
    }
}

TEST(ClientTls, WantsAuthoritiesThatCanBeRead) {
    const auto& good = p256().certificate;
    EXPECT_TRUE(ClientTls::create("a remark\n" + good + "and another\n").has_value());
    EXPECT_FALSE(ClientTls::create("").has_value());
    EXPECT_FALSE(ClientTls::create("nonsense").has_value());
    EXPECT_FALSE(ClientTls::create(good + good.substr(0, good.size() / 2)).has_value());
}

Task<Result<void>> connect_to(boost::asio::io_context& io, std::string address,
                              std::uint16_t port) {
    const auto digits = parse_ip(address).value();
    auto stream = co_await connect_tcp(io, digits, port, 2s);
    if (!stream) co_return std::unexpected(std::move(stream.error()));
    auto written = co_await stream->write("x", 2s);
    co_return written;
}

TEST(ConnectTcp, ConnectsOrSaysWhyNot) {
    boost::asio::io_context io(1);
    auto listener = bind_tcp("127.0.0.1", 0).value();
    const auto port = local_port(listener.get());
    EXPECT_TRUE(test::finish(io, connect_to(io, "127.0.0.1", port)).has_value());
    listener.reset();
    const auto refused = test::finish(io, connect_to(io, "127.0.0.1", port));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_EQ(refused.error().internal, "connect to 127.0.0.1: Connection refused");
}

TEST(HostLookup, FindsNamesOfThisHost) {
    boost::asio::io_context io(1);
    HostLookup digits(io, "2001:db8::1");
    const auto itself = test::finish(io, digits.find(1s));
    ASSERT_TRUE(itself.has_value());
    EXPECT_EQ(format_ip(itself->front()), "2001:db8::1");
    HostLookup local(io, "localhost");
    for (int i = 0; i < 2; ++i) {
        const auto found = test::finish(io, local.find(5s));
        ASSERT_TRUE(found.has_value()) << found.error().internal;
        for (const auto& address : *found) EXPECT_TRUE(address.is_loopback());
    }
    HostLookup none(io, "no such name");
    const auto missing = test::finish(io, none.find(5s));
    ASSERT_FALSE(missing.has_value());
    EXPECT_TRUE(missing.error().internal.starts_with("no such name: ")) << missing.error().internal;
}

} // namespace
} // namespace maild::net
