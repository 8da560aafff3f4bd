#include "dnscare/certificate.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/net/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>

namespace maild::dnscare {
namespace {

template <auto Free> struct FreeWith {
    template <class T> void operator()(T* handle) const { Free(handle); }
};
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;

std::string digest(const EVP_MD* kind, std::string_view bytes) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out, &size, kind, nullptr) != 1) return {};
    return {reinterpret_cast<const char*>(out), size};
}

// What one of OpenSSL's i2d functions writes.
template <class Write> std::string written(Write write) {
    unsigned char* bytes = nullptr;
    const int size = write(&bytes);
    if (size <= 0) return {};
    std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return out;
}

Certificate::Link link_of(const X509* certificate) {
    return {written([&](unsigned char** out) { return i2d_X509(certificate, out); }),
            written([&](unsigned char** out) {
                return i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), out);
            })};
}

std::vector<Certificate::Link> links_of(const std::string& pem) {
    std::vector<Certificate::Link> out;
    if (pem.size() > std::numeric_limits<int>::max()) return out;
    const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    while (out.size() < Certificate::kMaxLinks) {
        const X509Ptr next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        if (!next) break;
        out.push_back(link_of(next.get()));
    }
    return out;
}

struct Issuer {
    std::string_view organization; // in its certificates' names
    std::string_view domain;       // in its certification practice statement
};
constexpr Issuer kIssuers[] = {
    {"O=Let's Encrypt", "letsencrypt.org"},
    {"O=Internet Security Research Group", "letsencrypt.org"},
    {"O=ZeroSSL", "sectigo.com"},
    {"O=Sectigo Limited", "sectigo.com"},
    {"O=Google Trust Services", "pki.goog"},
    {"O=DigiCert Inc", "digicert.com"},
    {"O=Buypass AS", "buypass.com"},
    {"O=Actalis S.p.A.", "actalis.it"},
};

} // namespace

std::string sha256(std::string_view bytes) { return digest(EVP_sha256(), bytes); }

bool Certificate::has_name(std::string_view host) const {
    return std::ranges::any_of(names, [&](std::string_view name) { return covers(name, host); });
}

bool covers(std::string_view pattern, std::string_view host) {
    if (ascii::equals_icase(pattern, host)) return true;
    const auto dot = host.find('.');
    return pattern.starts_with("*.") && dot != host.npos &&
           ascii::equals_icase(pattern.substr(1), host.substr(dot));
}

std::string Certificate::date_of(WallTime time) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
    char text[48];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text;
}

std::optional<Certificate> read_certificate(const std::string& pem) {
    const auto summary = net::describe_certificate(pem);
    if (!summary) return std::nullopt;
    Certificate out;
    out.chain = links_of(pem);
    if (out.chain.empty()) return std::nullopt;
    out.names = summary->names;
    out.issuer = summary->issuer;
    out.not_before = summary->not_before;
    out.not_after = summary->not_after;
    out.is_self_signed = summary->is_self_signed;
    return out;
}

bool fits(const net::TlsaRecord& record, const Certificate& certificate) {
    if (!net::is_usable_for_mail(record)) return false;
    const auto is_that = [&](const Certificate::Link& link) {
        const auto& bytes = record.selector == 0 ? link.der : link.public_key;
        const auto here = record.matching == 0   ? bytes
                          : record.matching == 1 ? sha256(bytes)
                                                 : digest(EVP_sha512(), bytes);
        return here == record.data;
    };
    // §3.1.1: the host's own; §3.1.2: an authority, which has to be in what is shown.
    if (record.usage == 3) return is_that(certificate.chain.front());
    return std::any_of(certificate.chain.begin() + 1, certificate.chain.end(), is_that);
}

net::TlsaRecord wanted_tlsa(const Certificate& certificate) {
    return {3, 1, 1, sha256(certificate.chain.front().public_key)};
}

std::string_view caa_domain_of(std::string_view issuer) {
    const auto found = std::ranges::find_if(
        kIssuers, [&](const Issuer& each) { return issuer.contains(each.organization); });
    return found == std::end(kIssuers) ? std::string_view() : found->domain;
}

} // namespace maild::dnscare
