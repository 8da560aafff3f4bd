#pragma once
// A SCRAM client of the tests' own, on OpenSSL alone: it shares no line with what it is to prove.

#include "maild/base/encoding.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace maild::test {

class ScramClient {
public:
    explicit ScramClient(std::string name, std::string password, const char* hash = "SHA256")
        : name_(std::move(name)),
          password_(std::move(password)),
          hash_(EVP_get_digestbyname(hash)) {}

    std::string nonce = "clientnonce";
    std::string gs2_header = "n,,";
    std::string binding;    // what follows the header in "c="
    std::string extensions; // ",x=…" behind the nonce of the last message

    std::string bare() const { return "n=" + name_ + ",r=" + nonce; }
    std::string first() const { return gs2_header + bare(); }
    std::string final(std::string_view challenge) {
        const auto whole_nonce = field(challenge, "r=");
        const auto without =
            "c=" + base64_encode(gs2_header + binding) + ",r=" + whole_nonce + extensions;
        return final(challenge, without);
    }
    // With these octets in place of all but the proof.
    std::string final(std::string_view challenge, const std::string& without_proof) {
        const auto salt = base64_decode(field(challenge, "s="));
        const auto salted = hi(salt.value(), std::stoi(field(challenge, "i=")));
        const auto text = bare() + "," + std::string(challenge) + "," + without_proof;
        const auto client_key = hmac(salted, "Client Key");
        auto proof = hmac(digest(client_key), text);
        for (std::size_t i = 0; i < proof.size(); ++i)
            proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
        last_word_ = "v=" + base64_encode(hmac(hmac(salted, "Server Key"), text));
        return without_proof + ",p=" + base64_encode(proof);
    }
    // What the server has to say then.
    const std::string& last_word() const { return last_word_; }

    static std::string field(std::string_view message, std::string_view name) {
        auto at = message.starts_with(name) ? 0 : message.find("," + std::string(name));
        if (at == message.npos) throw std::runtime_error("no " + std::string(name));
        at = message.find('=', at) + 1;
        return std::string(message.substr(at, message.find(',', at) - at));
    }

private:
    static const unsigned char* octets(std::string_view text) {
        return reinterpret_cast<const unsigned char*>(text.data());
    }
    std::string made(auto make) const {
        std::string out(static_cast<std::size_t>(EVP_MD_get_size(hash_)), '\0');
        make(reinterpret_cast<unsigned char*>(out.data()));
        return out;
    }
    std::string digest(const std::string& text) const {
        return made([&](unsigned char* out) {
            EVP_Digest(text.data(), text.size(), out, nullptr, hash_, nullptr);
        });
    }
    std::string hmac(const std::string& key, std::string_view text) const {
        return made([&](unsigned char* out) {
            HMAC(hash_, key.data(), static_cast<int>(key.size()), octets(text), text.size(), out,
                 nullptr);
        });
    }
    std::string hi(const std::string& salt, int iterations) const {
        return made([&](unsigned char* out) {
            PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), octets(salt),
                              static_cast<int>(salt.size()), iterations, hash_,
                              EVP_MD_get_size(hash_), out);
        });
    }

    std::string name_;
    std::string password_;
    const EVP_MD* hash_;
    std::string last_word_;
};

} // namespace maild::test
