#pragma once
// A TLS client that blocks, for tests: run it in a thread of its own against a server's coroutine.
// Verifies nothing unless `trust` is given.

#include "maild/base/unique_fd.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <arpa/inet.h>
#include <csignal>
#include <memory>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <utility>
#include <vector>

namespace maild::test {

struct TlsClientOptions {
    int min_version = 0; // TLS1_2_VERSION …; 0: OpenSSL's own
    int max_version = 0;
    std::vector<std::string> alpn;
    std::string server_name;
    std::string ciphers; // TLS 1.2
    std::string signature_algorithms;
    std::string certificate; // PEM, with its chain; its key
    std::string key;
    std::string trust; // PEM that must be the server's certificate or its issuer
    std::shared_ptr<SSL_SESSION> session{}; // of a connection before, to be taken up again
};

// A blocking TCP connection to 127.0.0.1, with a limit on every read and write.
inline UniqueFd connect_loopback(std::uint16_t port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("connect");
    }
    return fd;
}

class TlsClient {
public:
    explicit TlsClient(UniqueFd socket, const TlsClientOptions& options = {})
        : socket_(std::move(socket)),
          context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
          ssl_(nullptr, SSL_free) {
        sigset_t pipe; // OpenSSL's own socket BIO raises it; only in the client's thread may that
                       // go unseen
        ::sigemptyset(&pipe);
        ::sigaddset(&pipe, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
        const timeval limit{20, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        SSL_CTX_set_security_level(context_.get(), 0); // so that old versions can be offered at all
        SSL_CTX_set_min_proto_version(context_.get(), options.min_version);
        SSL_CTX_set_max_proto_version(context_.get(), options.max_version);
        if (!options.ciphers.empty())
            SSL_CTX_set_cipher_list(context_.get(), options.ciphers.c_str());
        if (!options.signature_algorithms.empty()) {
            SSL_CTX_set1_sigalgs_list(context_.get(), options.signature_algorithms.c_str());
        }
        if (!options.trust.empty()) trust(options.trust);
        if (!options.certificate.empty()) show(options.certificate, options.key);
        ssl_.reset(SSL_new(context_.get()));
        std::string wire;
        for (const auto& name : options.alpn) wire += static_cast<char>(name.size()) + name;
        SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                            static_cast<unsigned int>(wire.size()));
        if (!options.server_name.empty())
            SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
        if (options.session) SSL_set_session(ssl_.get(), options.session.get());
        SSL_set_fd(ssl_.get(), socket_.get());
    }

    // Empty when it went well, else OpenSSL's reason.
    std::string handshake() {
        ERR_clear_error();
        if (SSL_connect(ssl_.get()) == 1) return {};
        return reason();
    }

    void write(std::string_view bytes) {
        if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
            throw std::runtime_error("TlsClient::write: " + reason());
        }
    }

    // At least one octet; empty at the end or on an error.
    std::string read_some() {
        std::string out(64 * 1024, '\0');
        const int count = SSL_read(ssl_.get(), out.data(), static_cast<int>(out.size()));
        out.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return out;
    }

    std::string read_until(std::string_view end) {
        std::string all;
        while (!all.ends_with(end)) {
            const auto piece = read_some();
            if (piece.empty())
                throw std::runtime_error("TlsClient::read_until: closed after " + all);
            all += piece;
        }
        return all;
    }

    void close_notify() { SSL_shutdown(ssl_.get()); }
    // The peer's close_notify has come, and not just the end of the connection.
    bool was_closed_properly() const {
        return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    }
    std::string version() const { return SSL_get_version(ssl_.get()); }
    std::string alpn() const {
        const unsigned char* name = nullptr;
        unsigned int size = 0;
        SSL_get0_alpn_selected(ssl_.get(), &name, &size);
        return {reinterpret_cast<const char*>(name), size};
    }
    // What can be taken up again; under TLS 1.3 once something was read.
    std::shared_ptr<SSL_SESSION> session() {
        return {SSL_get1_session(ssl_.get()), SSL_SESSION_free};
    }
    bool is_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
    // The first name of the server's certificate.
    std::string server_certificate() const {
        const auto* certificate = SSL_get0_peer_certificate(ssl_.get());
        if (certificate == nullptr) return {};
        char name[256] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                  sizeof name);
        return name;
    }
    SSL* native() { return ssl_.get(); }
    int fd() const { return socket_.get(); }

private:
    void show(const std::string& pem, const std::string& key_pem) {
        const auto bio_of = [](const std::string& text) {
            return std::unique_ptr<BIO, decltype(&BIO_free)>(
                BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
        };
        const auto bio = bio_of(pem);
        const auto key_bio = bio_of(key_pem);
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
            PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> own(
            PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
        SSL_CTX_use_certificate(context_.get(), own.get());
        SSL_CTX_use_PrivateKey(context_.get(), key.get());
        while (auto* issuer = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
            SSL_CTX_add0_chain_cert(context_.get(), issuer);
        ERR_clear_error();
    }
    void trust(const std::string& pem) {
        const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
            BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(
            PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), certificate.get());
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    }
    static std::string reason() {
        const auto code = ERR_peek_last_error();
        ERR_clear_error();
        const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
        return text == nullptr ? "connection closed" : text;
    }

    UniqueFd socket_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

} // namespace maild::test
