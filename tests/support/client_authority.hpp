#pragma once
// An authority that issues certificates to clients, and takes them back, for tests.

#include "maild/base/clock.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace maild::test {

template <auto Free> struct FreeBy {
    template <class T> void operator()(T* handle) const { Free(handle); }
};
using TestX509 = std::unique_ptr<X509, FreeBy<X509_free>>;
using TestKey = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;

struct ClientCertificate {
    std::string pem;
    std::string key; // PEM
    std::string der;
    long serial = 0;
};

struct ClientFacts {
    std::string names = "email:ada@example.org"; // subjectAltName as OpenSSL's configuration has it
    std::string usage = "clientAuth";
    std::string raw_email{}; // in place of `names`: octets of one rfc822Name
    long from = -3600;       // seconds from now
    long until = 3600;
    bool is_authority = false;
};

class ClientAuthority {
public:
    explicit ClientAuthority(std::string name = "Clients") : name_(std::move(name)) {
        key_.reset(EVP_EC_gen("P-256"));
        certificate_ = make({.names = "", .usage = "", .is_authority = true}, key_.get(), name_, 1);
    }

    std::string pem() const { return to_pem(certificate_.get()); }
    std::string der() const { return to_der(certificate_.get()); }

    ClientCertificate issue(const ClientFacts& facts = {}) {
        const TestKey key(EVP_EC_gen("P-256"));
        const auto made = make(facts, key.get(), "client", ++serial_);
        return {to_pem(made.get()), key_pem(key.get()), to_der(made.get()), serial_};
    }

    // In force from an hour ago until `until` seconds from now.
    std::string crl(const std::vector<long>& revoked, long until = 3600) const {
        const std::unique_ptr<X509_CRL, FreeBy<X509_CRL_free>> crl(X509_CRL_new());
        X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
        X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate_.get()));
        const std::unique_ptr<ASN1_TIME, FreeBy<ASN1_TIME_free>> last(
            X509_gmtime_adj(nullptr, -3600));
        const std::unique_ptr<ASN1_TIME, FreeBy<ASN1_TIME_free>> next(
            X509_gmtime_adj(nullptr, until));
        X509_CRL_set1_lastUpdate(crl.get(), last.get());
        X509_CRL_set1_nextUpdate(crl.get(), next.get());
        for (const auto serial : revoked) {
            auto* entry = X509_REVOKED_new();
            const std::unique_ptr<ASN1_INTEGER, FreeBy<ASN1_INTEGER_free>> number(
                ASN1_INTEGER_new());
            ASN1_INTEGER_set(number.get(), serial);
            X509_REVOKED_set_serialNumber(entry, number.get());
            X509_REVOKED_set_revocationDate(entry, last.get());
            X509_CRL_add0_revoked(crl.get(), entry);
        }
        X509_CRL_sign(crl.get(), key_.get(), EVP_sha256());
        return written([&](BIO* bio) { PEM_write_bio_X509_CRL(bio, crl.get()); });
    }

private:
    template <class Write> static std::string written(Write write) {
        const std::unique_ptr<BIO, FreeBy<BIO_free>> bio(BIO_new(BIO_s_mem()));
        write(bio.get());
        char* bytes = nullptr;
        const auto size = BIO_get_mem_data(bio.get(), &bytes);
        return {bytes, static_cast<std::size_t>(size)};
    }
    static std::string to_pem(X509* certificate) {
        return written([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
    }
    static std::string to_der(X509* certificate) {
        return written([&](BIO* bio) { i2d_X509_bio(bio, certificate); });
    }
    static std::string key_pem(EVP_PKEY* key) {
        return written([&](BIO* bio) {
            PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    static void extend(X509* certificate, int kind, const std::string& value) {
        if (value.empty()) return;
        auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
    static void name_raw(X509* certificate, const std::string& email) {
        auto* names = GENERAL_NAMES_new();
        auto* name = GENERAL_NAME_new();
        auto* text = ASN1_IA5STRING_new();
        ASN1_STRING_set(text, email.data(), static_cast<int>(email.size()));
        GENERAL_NAME_set0_value(name, GEN_EMAIL, text);
        sk_GENERAL_NAME_push(names, name);
        X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0);
        GENERAL_NAMES_free(names);
    }
    TestX509 make(const ClientFacts& facts, EVP_PKEY* key, const std::string& name, long serial) {
        TestX509 made(X509_new());
        X509_set_version(made.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), facts.from);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), facts.until);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509_set_issuer_name(made.get(), certificate_ ? X509_get_subject_name(certificate_.get())
                                                      : X509_get_subject_name(made.get()));
        X509_set_pubkey(made.get(), key);
        extend(made.get(), NID_basic_constraints,
               facts.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
        extend(made.get(), NID_ext_key_usage, facts.usage);
        if (facts.raw_email.empty())
            extend(made.get(), NID_subject_alt_name, facts.names);
        else
            name_raw(made.get(), facts.raw_email);
        X509_sign(made.get(), key_.get(), EVP_sha256());
        return made;
    }

    std::string name_;
    TestKey key_;
    TestX509 certificate_;
    long serial_ = 100;
};

} // namespace maild::test
