// Session tickets (RFC 5077 §4, RFC 8446 §4.6.1): the session itself, enciphered for whoever of us
// has the keys; so a session that may be taken up takes no memory here.
#include "net/server_side.hpp"

#include "maild/net/tls.hpp"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>

namespace maild::net {
namespace {

// Fetched once: OpenSSL 3.0 looks for an algorithm for longer than these take for a ticket.
const EVP_CIPHER* ticket_cipher() {
    static const auto* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
    return cipher;
}

bool set_keys(EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, const TicketKey& key,
              const unsigned char* iv, int encrypts) {
    char digest[] = "SHA256";
    auto secret = key.mac;
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret.data(), secret.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    const bool is_set =
        EVP_CipherInit_ex(cipher, ticket_cipher(), nullptr, key.cipher.data(), iv, encrypts) == 1 &&
        EVP_MAC_CTX_set_params(mac, parameters) == 1;
    OPENSSL_cleanse(secret.data(), secret.size());
    return is_set;
}

// OpenSSL: 1 done, 2 done and a new ticket is due, 0 no such key (a full handshake follows), -1
// failed.
int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int encrypts) {
    const auto& tickets = *server_side_of(ssl)->tickets;
    const auto* current = tickets.current();
    const auto* key = current;
    if (encrypts == 0)
        key = tickets.find({reinterpret_cast<const char*>(name), TicketKey::kNameSize});
    if (key == nullptr) return 0;
    if (encrypts != 0) {
        std::ranges::copy(key->name, name);
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(ticket_cipher())) != 1) return -1;
    }
    if (!set_keys(cipher, mac, *key, iv, encrypts)) return -1;
    return key == current ? 1 : 2;
}

} // namespace

Result<void> use_tickets(TlsContext& context, std::string service,
                         std::shared_ptr<const TicketKeys> keys) {
    auto* native = static_cast<SSL_CTX*>(context.native());
    auto& side = *server_side_of(native);
    if (side.client_trust) return {};
    if (ticket_cipher() == nullptr) return fail_openssl(Errc::internal, "AES-256-CBC");
    side.service = std::move(service);
    side.tickets = std::move(keys);
    choose_by_name(native);
    SSL_CTX_clear_options(native, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(native, 1);
    SSL_CTX_set_timeout(native, std::chrono::seconds(kTicketHour).count());
    if (SSL_CTX_set_tlsext_ticket_key_evp_cb(native, on_ticket) != 1)
        return fail_openssl(Errc::internal, "session tickets");
    return {};
}

} // namespace maild::net
