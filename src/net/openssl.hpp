#pragma once
// OpenSSL's handles, owned, and its error queue as text.

#include "maild/base/error.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace maild::net {

template <auto Free> struct FreeWith {
    template <class T> void operator()(T* handle) const { Free(handle); }
};

using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using EvpKeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using EvpKeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;

// `what`: the newest reason in the queue, which is emptied.
inline std::string openssl_error(std::string_view what) {
    const auto code = ERR_peek_last_error();
    char text[256] = "no reason given";
    if (code != 0) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return std::string(what) + ": " + text;
}
inline std::unexpected<Error> fail_openssl(Errc code, std::string_view what) {
    return fail(code, openssl_error(what));
}

// Reads from `text`, which outlives it.
inline BioPtr bio_of(std::string_view text) {
    return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

} // namespace maild::net
