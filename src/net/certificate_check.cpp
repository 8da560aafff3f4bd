#include "net/certificate_check.hpp"

#include "maild/net/ip.hpp"

namespace maild::net {
namespace {

// RFC 7435: who would be spoken to in plain text else may have a short key and old ciphers.
Result<void> expect_nothing(SSL* ssl) {
    SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
    SSL_set_security_level(ssl, 1);
    if (SSL_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20:HIGH:!aNULL:!PSK:!SRP:!DSS") != 1)
        return fail_openssl(Errc::internal, "TLS: ciphers");
    return {};
}

// RFC 6066 §3: SNI holds names, never addresses. A name of the certificate may have one "*" in
// place of its whole first label (RFC 9525 §6.3).
bool set_host(SSL* ssl, const std::string& host) {
    auto* parameters = SSL_get0_param(ssl);
    if (parse_ip(host)) return X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
    return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 &&
           X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) == 1;
}

Result<void> expect_dane(SSL* ssl, const std::vector<TlsaRecord>& records) {
    std::size_t usable = 0;
    for (const auto& record : records) {
        const int added = SSL_dane_tlsa_add(
            ssl, record.usage, record.selector, record.matching,
            reinterpret_cast<const unsigned char*>(record.data.data()), record.data.size());
        if (added < 0) return fail_openssl(Errc::internal, "SSL_dane_tlsa_add");
        usable += added > 0 ? 1 : 0;
    }
    ERR_clear_error(); // of those that could not be used
    if (usable == 0) return fail(Errc::invalid_argument, "DANE: no usable TLSA record");
    // RFC 7672 §3.1.1: with usage 3 the record itself binds the key to the host.
    SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    return {};
}

CertificateFault fault_of(long code) {
    switch (code) {
    case X509_V_OK: return CertificateFault::none;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED: return CertificateFault::expired;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return CertificateFault::other_name;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return CertificateFault::untrusted;
    default: return CertificateFault::other;
    }
}

} // namespace

Result<void> expect_certificate(SSL* ssl, const TlsExpectation& expectation,
                                const std::string& host) {
    const bool is_dane = expectation.check == CertificateCheck::dane;
    // DANE's first name has to be set by this, which sets SNI as well.
    const bool is_set = is_dane ? SSL_dane_enable(ssl, host.c_str()) == 1 : set_host(ssl, host);
    if (!is_set) return fail_openssl(Errc::invalid_argument, "TLS: host name");
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    for (const auto& name : expectation.further_names)
        if (SSL_add1_host(ssl, name.c_str()) != 1)
            return fail_openssl(Errc::invalid_argument, "TLS: host name");
    if (is_dane) return expect_dane(ssl, expectation.tlsa);
    if (expectation.check == CertificateCheck::none) return expect_nothing(ssl);
    return {};
}

// A handshake that broke off before the certificate came has nothing to say of it.
TlsVerdict verdict_of(const SSL* ssl, bool is_done) {
    const auto code = SSL_get_verify_result(ssl);
    TlsVerdict out{.is_verified = is_done && code == X509_V_OK, .fault = fault_of(code), .words{}};
    if (code != X509_V_OK) out.words = X509_verify_cert_error_string(code);
    return out;
}

} // namespace maild::net
