#include "maild/net/certificate.hpp"

#include "net/openssl.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"

#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace maild::net {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;

bool is_host_name(std::string_view name) {
    if (name.starts_with("*.")) name.remove_prefix(2);
    const auto is_ldh = [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.'; };
    return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, is_ldh) &&
           !name.contains("..") && name.front() != '.' && name.back() != '.';
}

std::string text_of(const BioPtr& bio) {
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const ExtensionPtr extension(X509V3_EXT_nconf_nid(nullptr, &context, kind, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
    SystemRandom random;
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), random.next() >> 1 | 1) == 1;
}

bool set_subject(X509* certificate, const std::string& name) {
    constexpr std::size_t kMaxCommonName = 64; // RFC 5280 appendix A.1, ub-common-name
    auto* subject = X509_get_subject_name(certificate);
    const auto shown = name.size() <= kMaxCommonName ? name : std::string("maild");
    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                      reinterpret_cast<const unsigned char*>(shown.data()),
                                      static_cast<int>(shown.size()), -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1;
}

std::string alternative_names(const std::vector<std::string>& hostnames) {
    std::string value;
    for (const auto& name : hostnames) value += (value.empty() ? "DNS:" : ",DNS:") + name;
    return value;
}

WallTime to_wall_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return from_unix_seconds(::timegm(&parts));
}

std::string_view view_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    const NamesPtr all(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const auto* name = sk_GENERAL_NAME_value(all.get(), i);
        if (name->type == GEN_DNS) names.emplace_back(view_of(name->d.dNSName));
    }
    if (!names.empty()) return names;
    const auto* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0)
        names.emplace_back(view_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
    return names;
}

std::string key_type_of(const EVP_PKEY* key) {
    const auto bits = std::to_string(EVP_PKEY_get_bits(key));
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC: return "EC P-" + bits;
    case EVP_PKEY_RSA: return "RSA " + bits;
    default: return "unsupported, " + bits + " bits";
    }
}

std::string fingerprint_of(const X509* certificate) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return {};
    return hex_encode({reinterpret_cast<const char*>(digest), size});
}

std::string issuer_of(const X509* certificate) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), X509_get_issuer_name(certificate), 0, XN_FLAG_RFC2253);
    return text_of(bio);
}

Result<X509Ptr> read_leaf(BIO* bio) {
    X509Ptr leaf(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
    if (!leaf)
        return fail_openssl(Errc::invalid_argument, "certificate: no PEM certificate can be read");
    return leaf;
}

Result<X509Ptr> make_certificate(EVP_PKEY* key, const std::vector<std::string>& hostnames, int days,
                                 WallTime now) {
    X509Ptr certificate(X509_new());
    const auto start = static_cast<std::time_t>(to_unix_seconds(now - std::chrono::hours(24)));
    const auto end = static_cast<std::time_t>(to_unix_seconds(now + std::chrono::hours(24) * days));
    const bool is_made =
        certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
        set_serial(certificate.get()) &&
        ASN1_TIME_set(X509_getm_notBefore(certificate.get()), start) != nullptr &&
        ASN1_TIME_set(X509_getm_notAfter(certificate.get()), end) != nullptr &&
        X509_set_pubkey(certificate.get(), key) == 1 &&
        set_subject(certificate.get(), hostnames.front()) &&
        add_extension(certificate.get(), NID_subject_alt_name, alternative_names(hostnames)) &&
        add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature") &&
        add_extension(certificate.get(), NID_ext_key_usage, "serverAuth") &&
        X509_sign(certificate.get(), key, EVP_sha256()) > 0;
    if (!is_made) return fail_openssl(Errc::internal, "self-signed certificate");
    return certificate;
}

std::string date_of(WallTime time) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text.data();
}

} // namespace

Result<CertificateAndKey> make_self_signed(const std::vector<std::string>& hostnames, int days,
                                           WallTime now) {
    ERR_clear_error();
    constexpr std::size_t kMaxNames = 100;
    if (hostnames.empty() || hostnames.size() > kMaxNames || days < 1 || days > 36500) {
        return fail(Errc::invalid_argument, "certificate: want 1 to 100 names and 1 to 36500 days");
    }
    for (const auto& name : hostnames) {
        if (!is_host_name(name))
            return fail(Errc::invalid_argument, "certificate: no host name: " + name);
    }
    const EvpKeyPtr key(EVP_EC_gen("P-256"));
    if (!key) return fail_openssl(Errc::internal, "EC key");
    const auto certificate = make_certificate(key.get(), hostnames, days, now);
    if (!certificate) return std::unexpected(certificate.error());
    const BioPtr certificate_text(BIO_new(BIO_s_mem()));
    const BioPtr key_text(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(certificate_text.get(), certificate->get()) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                      nullptr) != 1) {
        return fail_openssl(Errc::internal, "PEM");
    }
    return CertificateAndKey{text_of(certificate_text), text_of(key_text)};
}

Result<CertificateSummary> describe_certificate(std::string_view pem) {
    ERR_clear_error();
    const auto bio = bio_of(pem);
    const auto leaf = read_leaf(bio.get());
    if (!leaf) return std::unexpected(leaf.error());
    const auto* key = X509_get0_pubkey(leaf->get());
    if (key == nullptr)
        return fail_openssl(Errc::invalid_argument, "certificate: its key cannot be read");
    CertificateSummary summary;
    summary.names = names_of(leaf->get());
    summary.issuer = issuer_of(leaf->get());
    summary.not_before = to_wall_time(X509_get0_notBefore(leaf->get()));
    summary.not_after = to_wall_time(X509_get0_notAfter(leaf->get()));
    summary.is_self_signed = X509_self_signed(leaf->get(), 0) == 1;
    summary.key_type = key_type_of(key);
    summary.fingerprint = fingerprint_of(leaf->get());
    summary.chain_length = 1;
    while (X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))) ++summary.chain_length;
    ERR_clear_error();
    return summary;
}

bool is_valid_at(const CertificateSummary& summary, WallTime now) {
    return now >= summary.not_before && now < summary.not_after;
}

std::string expiry_warning(const CertificateSummary& summary, WallTime now) {
    constexpr std::chrono::days kSoon{14};
    if (now < summary.not_before) return "not valid before " + date_of(summary.not_before);
    const auto end = date_of(summary.not_after);
    if (now >= summary.not_after) return "expired on " + end;
    const auto left = std::chrono::floor<std::chrono::days>(summary.not_after - now);
    if (left >= kSoon) return {};
    return "expires in " + std::to_string(left.count()) + (left.count() == 1 ? " day" : " days") +
           ", on " + end;
}

Result<void> check_key(std::string_view certificate_pem, std::string_view key_pem) {
    ERR_clear_error();
    const auto bio = bio_of(certificate_pem);
    const auto leaf = read_leaf(bio.get());
    if (!leaf) return std::unexpected(leaf.error());
    const auto key_bio = bio_of(key_pem);
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    const EvpKeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr));
    if (!key)
        return fail_openssl(Errc::invalid_argument,
                            "private key: no unencrypted PEM key can be read");
    if (X509_check_private_key(leaf->get(), key.get()) != 1) {
        return fail_openssl(Errc::invalid_argument,
                            "private key does not belong to the certificate");
    }
    return {};
}

} // namespace maild::net
