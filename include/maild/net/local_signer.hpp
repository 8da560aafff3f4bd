#pragma once
// A KeySigner that holds the private key itself: in the `auth` process, which signs for the
// workers, and in tests. It does the three operations of SignatureKind and nothing else; above all
// it never gives the key out. Not safe for use by several threads at once.

#include "maild/base/error.hpp"
#include "maild/net/tls.hpp"

#include <memory>
#include <string_view>

namespace maild::net {

class LocalSigner final : public KeySigner {
public:
    // EC P-256 or P-384, or RSA of 2048 to 8192 bits; an unencrypted PEM.
    static Result<std::unique_ptr<LocalSigner>> create(std::string_view key_pem);
    ~LocalSigner() override;
    LocalSigner(const LocalSigner&) = delete;
    LocalSigner& operator=(const LocalSigner&) = delete;

    // `certificate` is not looked at: one key, one signer. Errc::invalid_argument when kind or size
    // do not fit the key.
    Result<std::string> sign(std::uint32_t certificate, SignatureKind kind,
                             std::string_view input) override;

private:
    explicit LocalSigner(void* key) : key_(key) {}
    void* key_; // EVP_PKEY*
};

} // namespace maild::net
