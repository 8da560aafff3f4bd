#include "maild/net/client_trust.hpp"

#include "net/openssl.hpp"

#include <openssl/pem.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace maild::net {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

constexpr int kAuthLevel = 2; // 112 bits: no SHA-1, no RSA below 2048, as OpenSSL counts them
constexpr std::size_t kMaxNameOctets = 1'024;

// X509_INFO_free and X509_free are functions; sk_…_pop_free are macros.
struct FreeInfos {
    void operator()(STACK_OF(X509_INFO) * infos) const {
        sk_X509_INFO_pop_free(infos, X509_INFO_free);
    }
};
struct FreeCertificates {
    void operator()(STACK_OF(X509) * certificates) const {
        sk_X509_pop_free(certificates, X509_free);
    }
};
using InfosPtr = std::unique_ptr<STACK_OF(X509_INFO), FreeInfos>;
using CertificatesPtr = std::unique_ptr<STACK_OF(X509), FreeCertificates>;

std::unexpected<Error> refuse(std::string why) {
    ERR_clear_error();
    return fail(Errc::authentication_failed, "client certificate: " + std::move(why));
}

// All of it must be read: an authority or a CRL that was cut off would be missed too late.
Result<InfosPtr> read_infos(const std::string& pem) {
    const auto bio = bio_of(pem);
    InfosPtr infos(PEM_X509_INFO_read_bio(bio.get(), nullptr, nullptr, nullptr));
    if (!infos)
        return fail_openssl(Errc::invalid_argument, "client authorities: PEM cannot be read");
    ERR_clear_error();
    return infos;
}

Result<void> fill(X509_STORE* store, const InfosPtr& infos) {
    bool has_authority = false;
    bool has_crl = false;
    for (int i = 0; i < sk_X509_INFO_num(infos.get()); ++i) {
        const auto* info = sk_X509_INFO_value(infos.get(), i);
        if (info->x509 != nullptr) {
            if (X509_check_ca(info->x509) == 0)
                return fail(Errc::invalid_argument,
                            "client authorities: a certificate that is no authority's");
            if (X509_STORE_add_cert(store, info->x509) != 1)
                return fail_openssl(Errc::invalid_argument, "client authorities");
            has_authority = true;
        }
        if (info->crl != nullptr) {
            if (X509_STORE_add_crl(store, info->crl) != 1)
                return fail_openssl(Errc::invalid_argument, "client authorities: CRL");
            has_crl = true;
        }
    }
    if (!has_authority)
        return fail(Errc::invalid_argument, "client authorities: no certificate in the file");
    if (has_crl) X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return {};
}

X509Ptr read_der(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const auto* end = at + der.size();
    X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (at != end) certificate.reset();
    return certificate;
}

// The text of an IA5String may hold NUL; as an address it then is none (CVE-2019-3814).
std::vector<std::string> addresses_of(X509* certificate) {
    std::vector<std::string> out;
    const NamesPtr all(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const auto* name = sk_GENERAL_NAME_value(all.get(), i);
        if (name->type != GEN_EMAIL || out.size() == kMaxClientNames) continue;
        const std::string_view text(
            reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.rfc822Name)),
            static_cast<std::size_t>(ASN1_STRING_length(name->d.rfc822Name)));
        const auto is_odd = [](char c) { return c <= ' ' || c == 0x7f; };
        if (text.size() > kMaxNameOctets || std::ranges::any_of(text, is_odd)) continue;
        out.emplace_back(text);
    }
    return out;
}

} // namespace

struct ClientTrust::Store {
    StorePtr handle;
};

ClientTrust::ClientTrust(std::string pem, std::unique_ptr<Store> store)
    : pem_(std::move(pem)), store_(std::move(store)) {}
ClientTrust::~ClientTrust() = default;

void* ClientTrust::native() const { return store_->handle.get(); }

Result<std::shared_ptr<const ClientTrust>> ClientTrust::create(std::string pem) {
    ERR_clear_error();
    const auto infos = read_infos(pem);
    if (!infos) return std::unexpected(infos.error());
    auto store = std::make_unique<Store>();
    store->handle.reset(X509_STORE_new());
    if (!store->handle) return fail_openssl(Errc::internal, "X509_STORE_new");
    if (auto filled = fill(store->handle.get(), *infos); !filled)
        return std::unexpected(std::move(filled.error()));
    return std::shared_ptr<const ClientTrust>(new ClientTrust(std::move(pem), std::move(store)));
}

Result<std::vector<std::string>> ClientTrust::verify(std::span<const std::string> chain,
                                                     WallTime now) const {
    ERR_clear_error();
    std::size_t octets = 0;
    for (const auto& der : chain) octets += der.size();
    if (chain.empty() || chain.size() > kMaxClientChain || octets > kMaxClientChainOctets)
        return refuse("none, or too many");
    const auto leaf = read_der(chain.front());
    const CertificatesPtr others(sk_X509_new_null());
    const StoreContextPtr context(X509_STORE_CTX_new());
    if (!leaf || !others || !context) return refuse("cannot be read");
    for (const auto& der : chain.subspan(1)) {
        auto certificate = read_der(der);
        if (!certificate || sk_X509_push(others.get(), certificate.get()) == 0)
            return refuse("its chain cannot be read");
        static_cast<void>(certificate.release()); // the stack has it
    }
    if (X509_STORE_CTX_init(context.get(), store_->handle.get(), leaf.get(), others.get()) != 1 ||
        X509_STORE_CTX_set_default(context.get(), "ssl_client") != 1)
        return refuse("cannot be verified");
    auto* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(to_unix_seconds(now)));
    X509_VERIFY_PARAM_set_auth_level(parameters, kAuthLevel);
    if (X509_verify_cert(context.get()) != 1)
        return refuse(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
    ERR_clear_error();
    return addresses_of(leaf.get());
}

} // namespace maild::net
