// Our side as TLS client, and connections that we open: both ends in one loop.
#include "net/tls_meeting.hpp"
#include "support/client_authority.hpp"

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
    co_await stream.shutdown(std::chrono::milliseconds(0)); // the server need not wait
    out.is_done = true;
}

// A client with this context meets the host of `pair` and calls it `host`.
Outcome meet(const CertificateAndKey& pair, const ClientTls& context, const std::string& host) {
    Meeting meeting(pair);
    auto ends = socket_pair().value();
    Stream server(meeting.io, std::move(ends.first));
    Stream client(meeting.io, std::move(ends.second));
    Outcome out;
    bool is_answered = false;
    spawn(meeting.io, answer(server, *meeting.context, is_answered), "server");
    spawn(meeting.io, ask(client, context, host, out), "client");
    test::run_until(meeting.io, [&] { return out.is_done && is_answered; });
    return out;
}

Outcome meet(const CertificateAndKey& pair, const std::string& authorities,
             const std::string& host) {
    return meet(pair, *ClientTls::create(authorities).value(), host);
}

// What it comes to when a client that trusts nobody of them expects this: "good", or "bad"; then
// the verdict.
std::string expecting(const CertificateAndKey& pair, TlsExpectation expectation,
                      const std::string& host = "mail.example") {
    const auto verdict = std::make_shared<TlsVerdict>();
    const auto context = ClientTls::create(p384().certificate).value();
    const auto out = meet(pair, *context->expecting(std::move(expectation), verdict), host);
    std::string text = out.result ? "good" : "bad";
    if (verdict->is_verified) text += " verified";
    if (verdict->fault == CertificateFault::untrusted) text += " untrusted";
    if (verdict->fault == CertificateFault::expired) text += " expired";
    if (verdict->fault == CertificateFault::other_name) text += " other_name";
    if (verdict->fault == CertificateFault::other) text += " other";
    EXPECT_EQ(verdict->words.empty(), verdict->fault == CertificateFault::none);
    EXPECT_EQ(out.read, out.result ? "hello" : "");
    return text;
}

// SHA-256 over the certificate (selector 0) or its key (1).
TlsaRecord tlsa(const CertificateAndKey& pair, std::uint8_t usage, std::uint8_t selector) {
    auto* bio = BIO_new_mem_buf(pair.certificate.data(), static_cast<int>(pair.certificate.size()));
    auto* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    unsigned char* der = nullptr;
    const int size = selector == 0 ? i2d_X509(certificate, &der)
                                   : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    std::string digest(32, '\0');
    EVP_Digest(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(digest.data()),
               nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    X509_free(certificate);
    BIO_free(bio);
    return {usage, selector, 1, digest};
}

TEST(ClientTls, MayExpectNothingAndSaysWhatItHasSeen) {
    const TlsExpectation nothing{.check = CertificateCheck::none};
    EXPECT_EQ(expecting(p256(), nothing), "good untrusted");
    EXPECT_EQ(expecting(p384(), nothing), "good verified");
    EXPECT_EQ(expecting(p384(), nothing, "other.example"), "good other_name");
    EXPECT_EQ(expecting(p384(), {}), "good verified");
    EXPECT_EQ(expecting(p384(), {}, "other.example"), "bad other_name");
    EXPECT_EQ(expecting(p384(), {.further_names = {"mail.example"}}, "other.example"),
              "good verified");
    EXPECT_EQ(expecting(p256(), {}), "bad untrusted");
}

// RFC 7672 §3.1: with usage 3 neither names nor dates nor authorities count.
TEST(ClientTls, ExpectsDaneRecords) {
    const auto dane = [](std::vector<TlsaRecord> records) {
        return TlsExpectation{.check = CertificateCheck::dane, .tlsa = std::move(records)};
    };
    const auto key = tlsa(p256(), 3, 1);
    const auto whole = tlsa(p256(), 3, 0);
    const auto other = tlsa(p384(), 3, 1);
    EXPECT_EQ(expecting(p256(), dane({key})), "good verified");
    EXPECT_EQ(expecting(p256(), dane({whole})), "good verified");
    EXPECT_EQ(expecting(p256(), dane({other, key}), "other.example"), "good verified");
    EXPECT_EQ(expecting(p256(), dane({other})), "bad other");
    // An authority's word does not help.
    EXPECT_EQ(expecting(p384(), dane({key})), "bad other");
    const TlsaRecord unusable{3, 1, 9, "x"};
    EXPECT_EQ(expecting(p256(), dane({unusable})), "bad");
    EXPECT_EQ(expecting(p256(), dane({unusable, key})), "good verified");
    const auto old =
        make_self_signed({"mail.example"}, 3, SystemClock().now() - std::chrono::days(4000));
    EXPECT_EQ(expecting(*old, dane({tlsa(*old, 3, 1)})), "good verified");
}

TEST(ClientTls, ExpectsNamesOfDaneAuthorities) {
    test::ClientAuthority authority("TA");
    const auto issued = authority.issue({.names = "DNS:mail.example", .usage = "serverAuth"});
    const CertificateAndKey pair{issued.pem + authority.pem(), issued.key};
    const TlsExpectation dane{.check = CertificateCheck::dane,
                              .tlsa = {tlsa({authority.pem(), {}}, 2, 0)}};
    EXPECT_EQ(expecting(pair, dane), "good verified");
    EXPECT_EQ(expecting(pair, dane, "other.example"), "bad other_name");
    auto further = dane;
    further.further_names = {"mail.example"};
    EXPECT_EQ(expecting(pair, further, "other.example"), "good verified");
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

Task<Result<void>> connect_to(boost::asio::io_context& io, std::string address, std::uint16_t port,
                              std::optional<IpAddress> source = std::nullopt) {
    const auto digits = parse_ip(address).value();
    auto stream = co_await connect_tcp(io, digits, port, 2s, source);
    if (!stream) co_return std::unexpected(std::move(stream.error()));
    auto written = co_await stream->write("x", 2s);
    co_return written;
}

TEST(ConnectTcp, ConnectsOrSaysWhyNot) {
    boost::asio::io_context io(1);
    auto listener = bind_tcp("127.0.0.1", 0).value();
    const auto port = local_port(listener.get());
    EXPECT_TRUE(test::finish(io, connect_to(io, "127.0.0.1", port)).has_value());
    // From another address of this host, and from one that is not its own.
    test::set_blocking(listener.get());
    UniqueFd first(::accept(listener.get(), nullptr, nullptr));
    EXPECT_TRUE(test::finish(io, connect_to(io, "127.0.0.1", port, parse_ip("127.0.0.9"))));
    const Stream second(io, UniqueFd(::accept(listener.get(), nullptr, nullptr)));
    EXPECT_EQ(second.peer().address, "127.0.0.9");
    EXPECT_FALSE(test::finish(io, connect_to(io, "127.0.0.1", port, parse_ip("192.0.2.1"))));
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
