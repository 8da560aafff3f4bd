#include "store/digest.hpp"

#include "maild/base/ensure.hpp"

#include <openssl/evp.h>

namespace maild::store {

std::string sha256(std::string_view bytes) {
    std::string digest(32, '\0');
    unsigned length = 0;
    const auto ok =
        EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   &length, EVP_sha256(), nullptr);
    ensure(ok == 1 && length == digest.size(), "SHA-256");
    return digest;
}

} // namespace maild::store
