#pragma once
// A server's side of TLS and a client's in a thread of its own, which meet over one connection.

#include "support/streams.hpp"
#include "support/tls_client.hpp"

#include "maild/net/certificate.hpp"
#include "maild/net/local_signer.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/tls.hpp"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace maild::net {

using test::TlsClient;
using test::TlsClientOptions;
using namespace std::chrono_literals;

inline std::string text_of(BIO* bio) {
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(bio, &bytes);
    std::string text(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

// Self-signed, of any kind of key; Maild itself makes only ECDSA P-256.
inline CertificateAndKey make_certificate(EVP_PKEY* key) {
    auto* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("mail.example"), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    auto* certificate_text = BIO_new(BIO_s_mem());
    auto* key_text = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(certificate_text, certificate);
    PEM_write_bio_PKCS8PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return {text_of(certificate_text), text_of(key_text)};
}

inline const CertificateAndKey& p256() {
    static const auto made = make_self_signed({"mail.example"}, 1, SystemClock().now()).value();
    return made;
}
inline const CertificateAndKey& p384() {
    static const auto made = make_certificate(EVP_EC_gen("P-384"));
    return made;
}
inline const CertificateAndKey& rsa() {
    static const auto made = make_certificate(EVP_RSA_gen(2048));
    return made;
}

class RefusingSigner final : public KeySigner {
public:
    Result<std::string> sign(std::uint32_t, SignatureKind, std::string_view) override {
        return fail(Errc::unavailable, "auth is away");
    }
};

class BadSigner final : public KeySigner {
public:
    Result<std::string> sign(std::uint32_t, SignatureKind, std::string_view) override {
        return std::string(70, 'x');
    }
};

// One connection: `serve` runs on the server's side, `talk` in a thread with the client.
struct Meeting {
    boost::asio::io_context io;
    std::shared_ptr<TlsContext> context;
    std::unique_ptr<KeySigner> signer;

    explicit Meeting(const CertificateAndKey& pair = p256(), std::vector<std::string> alpn = {})
        : signer(LocalSigner::create(pair.key).value()) {
        start(pair, *signer, std::move(alpn));
    }
    Meeting(const CertificateAndKey& pair, KeySigner& other) { start(pair, other, {}); }
    void start(const CertificateAndKey& pair, KeySigner& with, std::vector<std::string> alpn) {
        TlsSettings settings;
        settings.certificate_chain = pair.certificate;
        settings.alpn = std::move(alpn);
        context = TlsContext::create(settings, with).value();
    }

    // Asks clients for certificates of its authorities.
    void trust(std::shared_ptr<const ClientTrust> authorities) {
        TlsSettings settings;
        settings.certificate_chain = p256().certificate;
        settings.client_trust = std::move(authorities);
        context = TlsContext::create(settings, *signer).value();
    }

    template <class T>
    T meet(std::function<Task<T>(Stream&)> serve, std::function<void(UniqueFd)> talk) {
        auto ends = test::make_stream(io);
        std::jthread client([&talk, fd = std::move(ends.peer)]() mutable { talk(std::move(fd)); });
        auto stream = std::make_unique<Stream>(std::move(ends.stream));
        auto result = test::finish(io, serve(*stream));
        stream.reset(); // the client sees the end
        return result;
    }

    Task<Result<TlsState>> shake(Stream& stream) {
        const auto started = co_await stream.start_tls(*context, 5s);
        if (!started) co_return std::unexpected(started.error());
        co_return *stream.tls();
    }
    Result<TlsState> handshake(const TlsClientOptions& options,
                               std::string* client_error = nullptr) {
        return meet<Result<TlsState>>([this](Stream& stream) { return shake(stream); },
                                      [&](UniqueFd fd) {
                                          TlsClient client(std::move(fd), options);
                                          auto error = client.handshake();
                                          if (error.empty())
                                              client.read_some(); // TLS 1.3: alerts come behind
                                          if (client_error != nullptr) *client_error = error;
                                      });
    }
};

} // namespace maild::net
