#include "net/tls_meeting.hpp"
#include "support/client_authority.hpp"

#include "maild/net/line_reader.hpp"
#include "maild/net/timer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <poll.h>
#include <thread>

namespace maild::net {
namespace {

struct KeyCase {
    const char* name;
    const CertificateAndKey& (*pair)();
    int version;
    const char* want_version;
    const char* signature_algorithms;
};

TEST(Tls, ShakesHandsWithEveryKindOfKeyByASigner) {
    const KeyCase cases[] = {
        {"P-256, 1.3", p256, TLS1_3_VERSION, "TLSv1.3", ""},
        {"P-256, 1.2", p256, TLS1_2_VERSION, "TLSv1.2", ""},
        {"P-384, 1.3", p384, TLS1_3_VERSION, "TLSv1.3", ""},
        {"P-384, 1.2", p384, TLS1_2_VERSION, "TLSv1.2", ""},
        {"RSA-PSS, 1.3", rsa, TLS1_3_VERSION, "TLSv1.3", ""},
        {"RSA-PSS, 1.2", rsa, TLS1_2_VERSION, "TLSv1.2", "RSA-PSS+SHA256"},
        {"RSA PKCS #1, 1.2", rsa, TLS1_2_VERSION, "TLSv1.2", "RSA+SHA256"},
    };
    for (const auto& c : cases) {
        Meeting meeting(c.pair());
        TlsClientOptions options;
        options.min_version = options.max_version = c.version;
        options.signature_algorithms = c.signature_algorithms;
        options.trust = c.pair().certificate;
        std::string client_error;
        const auto state = meeting.handshake(options, &client_error);
        ASSERT_TRUE(state) << c.name << ": " << state.error().internal
                           << ", client: " << client_error;
        EXPECT_EQ(state->version, c.want_version) << c.name;
        EXPECT_EQ(client_error, "") << c.name;
    }
}

std::string exported(SSL* ssl) {
    std::string out(32, '\0');
    SSL_export_keying_material(ssl, reinterpret_cast<unsigned char*>(out.data()), out.size(),
                               "EXPORTER-Channel-Binding", 24, nullptr, 0, 1);
    return out;
}

std::string digest_of_peer(SSL* ssl) {
    std::string out(32, '\0');
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                                  X509_free);
    X509_digest(certificate.get(), EVP_sha256(), reinterpret_cast<unsigned char*>(out.data()),
                nullptr);
    return out;
}

TEST(Tls, BothEndsKnowTheSameBindings) { // RFC 9266, RFC 5929 §4
    std::string before;
    for (const auto* pair : {&p256(), &p384(), &rsa()}) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            Meeting meeting(*pair);
            TlsClientOptions options;
            options.min_version = options.max_version = version;
            TlsBinding client;
            const auto state = meeting.meet<Result<TlsState>>(
                [&](Stream& stream) { return meeting.shake(stream); },
                [&](UniqueFd fd) {
                    TlsClient peer(std::move(fd), options);
                    if (!peer.handshake().empty()) return;
                    client = {exported(peer.native()), digest_of_peer(peer.native())};
                });
            ASSERT_TRUE(state.has_value());
            EXPECT_EQ(state->binding.exporter, client.exporter) << version;
            EXPECT_EQ(state->binding.end_point, client.end_point) << version;
            EXPECT_NE(client.exporter, before) << "of this connection alone";
            before = client.exporter;
        }
    }
}

// RFC 7627 §5: without it, connections that a man in the middle has made can export the same.
TEST(Tls, Tls12WithoutExtendedMasterSecretHasNoExporter) {
    Meeting meeting;
    const auto state = meeting.meet<Result<TlsState>>(
        [&](Stream& stream) { return meeting.shake(stream); },
        [&](UniqueFd fd) {
            TlsClientOptions options;
            options.max_version = TLS1_2_VERSION;
            TlsClient peer(std::move(fd), options);
            SSL_set_options(peer.native(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
            peer.handshake();
        });
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->binding.exporter, "");
    EXPECT_FALSE(state->binding.empty()) << "the certificate's digest";
}

struct ShownCase {
    const char* name;
    std::string certificate;
    std::string key;
    bool want; // a chain that a login may rest on
};

// RFC 8446 §4.4.2.4: whatever a client shows, the handshake goes on; it counts only if it is good.
TEST(Tls, KeepsAClientsCertificateOnlyIfItIsTrusted) {
    test::ClientAuthority authority;
    test::ClientAuthority other("Others");
    const auto good = authority.issue();
    const auto strange = other.issue();
    const auto old = authority.issue({.until = -60});
    const ShownCase cases[] = {
        {"none", "", "", false},
        {"issued", good.pem, good.key, true},
        {"with its issuer", good.pem + authority.pem(), good.key, true},
        {"of another authority", strange.pem + other.pem(), strange.key, false},
        {"expired", old.pem, old.key, false},
    };
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
        for (const auto& c : cases)
            for (const bool asks : {true, false}) {
                Meeting meeting;
                if (asks) meeting.trust(ClientTrust::create(authority.pem()).value());
                TlsClientOptions options;
                options.min_version = options.max_version = version;
                options.certificate = c.certificate;
                options.key = c.key;
                const auto state = meeting.handshake(options);
                ASSERT_TRUE(state.has_value()) << c.name << state.error().internal;
                const auto& chain = state->binding.client_chain;
                ASSERT_EQ(!chain.empty(), asks && c.want) << c.name << version;
                EXPECT_TRUE(chain.empty() || chain.front() == good.der) << c.name;
            }
}

TEST(Tls, RefusesAClientsChainOfManyOctets) {
    test::ClientAuthority authority;
    const auto good = authority.issue();
    Meeting meeting;
    meeting.trust(ClientTrust::create(authority.pem()).value());
    TlsClientOptions options;
    options.certificate = good.pem;
    for (std::size_t size = 0; size < 2 * kMaxClientChainOctets; size += good.der.size())
        options.certificate += authority.pem();
    for (int i = 0; i < 40; ++i) options.certificate += authority.pem();
    options.key = good.key;
    const auto state = meeting.handshake(options);
    EXPECT_FALSE(state.has_value());
}

struct RefusedCase {
    const char* name;
    int min_version;
    int max_version;
    const char* ciphers;
};

TEST(Tls, RefusesOldVersionsAndWeakSuites) {
    const RefusedCase cases[] = {
        {"TLS 1.0", TLS1_VERSION, TLS1_VERSION, "ALL:@SECLEVEL=0"},
        {"TLS 1.1", TLS1_1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0"},
        {"static RSA", TLS1_2_VERSION, TLS1_2_VERSION, "AES128-GCM-SHA256"},
        {"CBC", TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA256"},
        {"anonymous", TLS1_2_VERSION, TLS1_2_VERSION, "aNULL:@SECLEVEL=0"},
    };
    for (const auto& c : cases) {
        Meeting meeting(rsa());
        TlsClientOptions options;
        options.min_version = c.min_version;
        options.max_version = c.max_version;
        options.ciphers = c.ciphers;
        const auto state = meeting.handshake(options);
        ASSERT_FALSE(state) << c.name;
        EXPECT_EQ(state.error().code, Errc::protocol_error) << c.name << state.error().internal;
    }
}

struct AlpnCase {
    std::vector<std::string> server;
    std::vector<std::string> client;
    bool ok;
};

// RFC 7301 §3.2.
TEST(Tls, AlpnMismatchIsFatalAndAbsenceIsFine) {
    const AlpnCase cases[] = {
        {{"imap"}, {}, true},
        {{"imap"}, {"imap"}, true},
        {{"imap"}, {"h2", "imap"}, true},
        {{"imap"}, {"smtp"}, false},
        {{"imap"}, {"h2", "smtp"}, false},
        {{}, {"h2"}, true},
    };
    for (const auto& c : cases) {
        Meeting meeting(p256(), c.server);
        TlsClientOptions options;
        options.alpn = c.client;
        std::string client_error;
        const auto state = meeting.handshake(options, &client_error);
        EXPECT_EQ(state.has_value(), c.ok);
        const auto* want = c.ok ? "" : "tlsv1 alert no application protocol";
        EXPECT_EQ(client_error, want);
    }
}

struct NameCase {
    std::string sent;
    const char* want;
};

TEST(Tls, RecordsTheServerNameAndSurvivesGarbage) {
    const NameCase cases[] = {
        {"", ""},
        {"Mail.EXAMPLE.org", "mail.example.org"},
        {"a_b-c.example", "a_b-c.example"},
        {"../../etc/passwd", ""},
        {"with space", ""},
        {"\xff\xfe\x01", ""},
        {std::string(255, 'a'), ""},
        {"\r\nX: y", ""},
    };
    for (const auto& c : cases) {
        Meeting meeting;
        TlsClientOptions options;
        options.server_name = c.sent;
        const auto state = meeting.handshake(options);
        ASSERT_TRUE(state) << c.sent;
        EXPECT_EQ(state->server_name, c.want) << c.sent;
    }
}

TEST(Tls, ASignerThatFailsEndsTheHandshakeOnly) {
    RefusingSigner refusing;
    BadSigner bad;
    for (auto* signer : {static_cast<KeySigner*>(&refusing), static_cast<KeySigner*>(&bad)}) {
        for (const auto* pair : {&p256(), &rsa()}) {
            Meeting meeting(*pair, *signer);
            TlsClientOptions options;
            options.trust = pair->certificate;
            std::string client_error;
            const auto state = meeting.handshake(options, &client_error);
            EXPECT_TRUE(!state || !client_error.empty());
        }
    }
}

TEST(Tls, HandshakeHasADeadline) {
    Meeting meeting;
    auto ends = test::make_stream(meeting.io);
    test::send_all(ends.peer.get(),
                   std::string("\x16\x03\x01", 3)); // the beginning of a record, and no more
    const auto started = test::finish(meeting.io, ends.stream.start_tls(*meeting.context, 30ms));
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::timed_out);
}

TEST(Tls, GarbageInsteadOfAHandshakeIsAProtocolError) {
    const std::string inputs[] = {"EHLO client.example\r\n", std::string(1000, '\0'),
                                  std::string(20000, '\x16'), "GET / HTTP/1.1\r\n\r\n"};
    for (const auto& input : inputs) {
        Meeting meeting;
        auto ends = test::make_stream(meeting.io);
        test::send_all(ends.peer.get(), input);
        ::shutdown(ends.peer.get(), SHUT_WR);
        const auto started = test::finish(meeting.io, ends.stream.start_tls(*meeting.context, 5s));
        EXPECT_FALSE(started);
    }
}

// Lines go back as they come, until the client leaves.
Task<std::string> echo_tls(Stream& stream, TlsContext& context) {
    const auto started = co_await stream.start_tls(context, 5s);
    if (!started) co_return started.error().internal;
    LineReader in(stream, 70'000);
    for (;;) {
        const auto line = co_await in.next(5s);
        if (!line) co_return std::string(name_of(line.error().code));
        const auto text = std::string(line->text) + "\r\n";
        const std::array<std::string_view, 2> pieces = {std::string_view(text).substr(0, 3),
                                                        std::string_view(text).substr(3)};
        const auto written = co_await stream.write_all(pieces, 5s);
        if (!written) co_return std::string(name_of(written.error().code));
    }
}

TEST(Tls, CarriesLinesOfManySizes) {
    Meeting meeting;
    const auto end = meeting.meet<std::string>(
        [&](Stream& stream) { return echo_tls(stream, *meeting.context); },
        [&](UniqueFd fd) {
            TlsClient client(std::move(fd));
            ASSERT_EQ(client.handshake(), "");
            for (const std::size_t size : {2, 5, 100, 16383, 16384, 16385, 40'000, 65'000}) {
                const auto line = std::string(size, 'a') + "\r\n";
                client.write(line);
                EXPECT_EQ(client.read_until("\r\n"), line);
            }
            client.close_notify();
        });
    EXPECT_EQ(end, "closed");
}

TEST(Tls, ASlowReaderGetsEverythingInOrder) {
    Meeting meeting;
    std::string much;
    for (int i = 0; much.size() < (4 << 20); ++i) much += std::to_string(i) + "\r\n";
    much += "END\r\n";
    const auto write = [](Stream& stream, TlsContext& context,
                          std::string_view text) -> Task<bool> {
        const auto started = co_await stream.start_tls(context, 5s);
        if (!started) co_return false;
        std::vector<std::string_view> pieces; // of sizes that fit no record
        for (std::size_t at = 0, size = 1; at < text.size();
             at += size, size = size % 40'000 + 1237) {
            pieces.push_back(text.substr(at, size));
        }
        const auto written = co_await stream.write_all(pieces, 10s);
        if (!written) co_return false;
        co_await stream.shutdown(5s);
        co_return true;
    };
    const bool ok = meeting.meet<bool>(
        [&](Stream& stream) { return write(stream, *meeting.context, much); },
        [&](UniqueFd fd) {
            TlsClient client(std::move(fd));
            ASSERT_EQ(client.handshake(), "");
            std::this_thread::sleep_for(50ms); // the server runs into a full socket
            EXPECT_EQ(client.read_until("END\r\n"), much);
            EXPECT_EQ(client.read_some(), "");
            EXPECT_TRUE(client.was_closed_properly());
        });
    EXPECT_TRUE(ok);
}

// A connection that goes through a pipe which passes single octets.
TEST(Tls, WorksOctetByOctet) {
    Meeting meeting;
    auto outer = socket_pair().value();
    test::set_blocking(outer.first.get());
    test::set_blocking(outer.second.get());
    std::jthread talk([fd = std::move(outer.second)]() mutable {
        TlsClient client(std::move(fd));
        ASSERT_EQ(client.handshake(), "");
        client.write("segmented\r\n");
        EXPECT_EQ(client.read_until("\r\n"), "segmented\r\n");
        client.close_notify();
    });
    auto ends = test::make_stream(meeting.io);
    std::jthread pipe([client = std::move(outer.first), server = std::move(ends.peer)] {
        pollfd both[2] = {{client.get(), POLLIN, 0}, {server.get(), POLLIN, 0}};
        for (;;) {
            ::poll(both, 2, 10'000);
            for (int i = 0; i < 2; ++i) {
                char octet = 0;
                const auto count = ::recv(both[i].fd, &octet, 1, MSG_DONTWAIT);
                if (count == 0) return;
                if (count == 1 && ::send(both[1 - i].fd, &octet, 1, MSG_NOSIGNAL) != 1) return;
            }
        }
    });
    auto stream = std::make_unique<Stream>(std::move(ends.stream));
    EXPECT_EQ(test::finish(meeting.io, echo_tls(*stream, *meeting.context)), "closed");
    stream.reset();
}

TEST(Tls, WaitReadableSeesOnlyWholeRecordsAndEvents) {
    Meeting meeting;
    Event event;
    std::atomic<bool> has_seen_events = false; // only then does the client speak
    const auto idle = [](Stream& stream, TlsContext& context, Event& changes,
                         std::atomic<bool>& go) -> Task<std::string> {
        const auto started = co_await stream.start_tls(context, 5s);
        if (!started) co_return started.error().internal;
        std::string seen;
        for (int i = 0; i < 2; ++i) {
            changes.notify();
            const auto what = co_await stream.wait_readable(changes, 5s);
            seen += what == WaitResult::event ? "event " : "other ";
        }
        go = true;
        go.notify_all();
        const auto what = co_await stream.wait_readable(changes, 5s);
        seen += what == WaitResult::readable ? "readable " : "other ";
        std::string text;
        const auto first = co_await stream.read_append(
            text, 2, 1s); // a part of the record: the rest stays readable
        const auto again = co_await stream.wait_readable(changes, 5s);
        seen += first && again == WaitResult::readable ? "readable " : "other ";
        const auto rest = co_await stream.read_append(text, 100, 1s);
        static_cast<void>(rest);
        const auto later = co_await stream.wait_readable(changes, 20ms);
        seen += later == WaitResult::timed_out ? "timed_out " : "other ";
        co_return seen + text;
    };
    const auto got = meeting.meet<std::string>(
        [&](Stream& stream) { return idle(stream, *meeting.context, event, has_seen_events); },
        [&](UniqueFd fd) {
            TlsClient client(std::move(fd));
            ASSERT_EQ(client.handshake(), "");
            has_seen_events.wait(false);
            client.write("DONE\r\n");
            EXPECT_EQ(client.read_some(), "");
        });
    EXPECT_EQ(got, "event event readable readable timed_out DONE\r\n");
}

TEST(Tls, NeitherTicketsNorRenegotiation) {
    Meeting meeting;
    const auto end = meeting.meet<std::string>(
        [&](Stream& stream) { return echo_tls(stream, *meeting.context); },
        [&](UniqueFd fd) {
            TlsClientOptions options;
            options.max_version = TLS1_2_VERSION;
            TlsClient client(std::move(fd), options);
            ASSERT_EQ(client.handshake(), "");
            client.write("hello\r\n");
            client.read_until("\r\n");
            EXPECT_EQ(SSL_SESSION_has_ticket(SSL_get_session(client.native())), 0);
            unsigned int id_size = 0;
            SSL_SESSION_get_id(SSL_get_session(client.native()), &id_size);
            EXPECT_EQ(id_size, 0U);
            SSL_renegotiate(client.native());
            EXPECT_NE(SSL_do_handshake(client.native()), 1);
        });
    EXPECT_NE(end, "");
}

// RFC 3207 §4.2: whoever reads lines can see that something came behind STARTTLS in the clear.
TEST(Tls, PlaintextBehindStarttlsIsSeenByTheLineReader) {
    Meeting meeting;
    auto ends = test::make_stream(meeting.io);
    LineReader in(ends.stream, 512);
    test::send_all(ends.peer.get(), "STARTTLS\r\nMAIL FROM:<>\r\n");
    const auto line = test::finish(meeting.io, in.next(1s));
    ASSERT_TRUE(line);
    EXPECT_EQ(line->text, "STARTTLS");
    EXPECT_FALSE(in.empty());
    in.clear();
    EXPECT_TRUE(in.empty());
}

TEST(TlsContext, SaysWhatIsWrongWithACertificate) {
    RefusingSigner signer;
    const auto with = [&](std::string pem) {
        TlsSettings settings;
        settings.certificate_chain = std::move(pem);
        return TlsContext::create(settings, signer);
    };
    EXPECT_FALSE(with(""));
    EXPECT_FALSE(with("garbage"));
    EXPECT_FALSE(with(p256().key));
    EXPECT_FALSE(with(make_certificate(EVP_RSA_gen(1024)).certificate));
    EXPECT_FALSE(with(make_certificate(EVP_EC_gen("secp256k1")).certificate));
    EXPECT_TRUE(with(p256().certificate + rsa().certificate));
    TlsSettings settings;
    settings.certificate_chain = p256().certificate;
    settings.alpn = {std::string(256, 'a')};
    EXPECT_FALSE(TlsContext::create(settings, signer));
}

TEST(LocalSigner, DoesTheThreeOperationsAndNothingElse) {
    const auto ec = LocalSigner::create(p256().key).value();
    const auto big = LocalSigner::create(rsa().key).value();
    const std::string hash(32, 'h');
    EXPECT_TRUE(ec->sign(0, SignatureKind::ecdsa, hash));
    EXPECT_EQ(big->sign(0, SignatureKind::rsa_pkcs1, hash).value().size(), 256U);
    EXPECT_EQ(big->sign(0, SignatureKind::rsa_raw, std::string(256, '\0')).value().size(), 256U);
    EXPECT_FALSE(ec->sign(0, SignatureKind::rsa_pkcs1, hash));
    EXPECT_FALSE(ec->sign(0, SignatureKind::rsa_raw, hash));
    EXPECT_FALSE(big->sign(0, SignatureKind::ecdsa, hash));
    EXPECT_FALSE(big->sign(0, SignatureKind::rsa_raw, hash));
    EXPECT_FALSE(big->sign(0, SignatureKind::rsa_pkcs1, std::string(250, 'h')));
    EXPECT_FALSE(ec->sign(0, SignatureKind::ecdsa, ""));
    EXPECT_FALSE(ec->sign(0, static_cast<SignatureKind>(9), hash));
    EXPECT_FALSE(LocalSigner::create("nothing"));
    EXPECT_FALSE(LocalSigner::create(make_certificate(EVP_RSA_gen(1024)).key));
}

} // namespace
} // namespace maild::net
