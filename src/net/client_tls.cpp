#include "maild/net/client_tls.hpp"

#include "net/harden.hpp"

#include <openssl/pem.h>

#include <utility>

namespace maild::net {
namespace {

// A chain of a public authority has some five certificates; more than this ends the handshake.
constexpr long kMaxServerChain = 100L * 1024;

Result<void> trust(SSL_CTX* context, const std::string& pem) {
    const auto bio = bio_of(pem);
    auto* store = SSL_CTX_get_cert_store(context);
    std::size_t count = 0;
    while (const X509Ptr certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
        if (X509_STORE_add_cert(store, certificate.get()) != 1)
            return fail_openssl(Errc::invalid_argument, "authorities");
        ++count;
    }
    // Behind the last one the reader finds no further beginning; anything else is a broken one.
    if (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return fail_openssl(Errc::invalid_argument, "authorities: PEM cannot be read");
    ERR_clear_error();
    return {};
}

} // namespace

Result<std::shared_ptr<const ClientTls>> ClientTls::create_without_authorities() {
    ERR_clear_error();
    SslContextPtr context(SSL_CTX_new(TLS_client_method()));
    if (!context) return fail_openssl(Errc::internal, "SSL_CTX_new");
    if (auto hardened = harden(context.get()); !hardened)
        return std::unexpected(std::move(hardened.error()));
    SSL_CTX_set_max_cert_list(context.get(), kMaxServerChain);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_dane_enable(context.get()) != 1)
        return fail_openssl(Errc::internal, "SSL_CTX_dane_enable");
    return std::shared_ptr<const ClientTls>(new ClientTls(context.release()));
}

Result<std::shared_ptr<const ClientTls>> ClientTls::create(const std::string& authorities) {
    auto made = create_without_authorities();
    if (!made) return made;
    auto* context = static_cast<SSL_CTX*>((*made)->native());
    if (auto trusted = trust(context, authorities); !trusted)
        return std::unexpected(std::move(trusted.error()));
    return made;
}

std::shared_ptr<const ClientTls> ClientTls::expecting(TlsExpectation expectation,
                                                      std::shared_ptr<TlsVerdict> verdict) const {
    SSL_CTX_up_ref(static_cast<SSL_CTX*>(context_));
    const std::shared_ptr<ClientTls> out(new ClientTls(context_));
    out->expectation_ = std::move(expectation);
    out->verdict_ = std::move(verdict);
    return out;
}

ClientTls::~ClientTls() { SSL_CTX_free(static_cast<SSL_CTX*>(context_)); }

} // namespace maild::net
