#pragma once
// A DNSSEC key and what it signs (RFC 4034, Ed25519 of RFC 8080), as record data of the wire. Each
// RRset has one record, so there is no order of records to care for.

#include "support/dns_server.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace maild::test {

class ZoneKey {
public:
    static constexpr std::uint16_t kDnskey = 48;
    static constexpr std::uint16_t kRrsig = 46;

    explicit ZoneKey(std::string zone)
        : zone_(std::move(zone)), key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")) {
        if (!key_) throw std::runtime_error("no key");
    }

    // DNSKEY: zone key and secure entry point, protocol 3, algorithm 15.
    std::string dnskey() const {
        std::string raw(32, '\0');
        std::size_t size = raw.size();
        EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()),
                                    &size);
        return std::string("\x01\x01\x03\x0f", 4) + raw;
    }

    // RRSIG of the one record of that name and type, names in lower case.
    std::string signature(std::string_view name, std::uint16_t type, std::uint32_t ttl,
                          const std::string& rdata) const {
        const auto now = static_cast<std::uint32_t>(std::time(nullptr));
        const auto labels = static_cast<unsigned>(1 + std::ranges::count(name, '.'));
        const auto head = bytes(type, 2) + bytes(15, 1) + bytes(labels, 1) + bytes(ttl, 4) +
                          bytes(now + 3600, 4) + bytes(now - 3600, 4) + bytes(tag(), 2) +
                          wire_name(zone_);
        return head +
               signed_by_key(head + wire_name(name) + bytes(type, 2) + bytes(1, 2) + bytes(ttl, 4) +
                             bytes(static_cast<std::uint32_t>(rdata.size()), 2) + rdata);
    }

private:
    struct Deleter {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };

    static std::string bytes(std::uint32_t value, int count) {
        std::string out;
        for (int i = count - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xffU);
        return out;
    }

    // RFC 4034 appendix B
    std::uint32_t tag() const {
        std::uint32_t sum = 0;
        const auto rdata = dnskey();
        for (std::size_t i = 0; i < rdata.size(); ++i) {
            const auto byte = static_cast<unsigned char>(rdata[i]);
            sum += i % 2 == 0 ? static_cast<std::uint32_t>(byte) << 8U : byte;
        }
        return (sum + (sum >> 16U)) & 0xffffU;
    }

    std::string signed_by_key(const std::string& text) const {
        const std::unique_ptr<EVP_MD_CTX, Deleter> context(EVP_MD_CTX_new());
        std::string out(64, '\0');
        std::size_t size = out.size();
        const auto* data = reinterpret_cast<const unsigned char*>(text.data());
        if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
            EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data,
                           text.size()) != 1)
            throw std::runtime_error("no signature");
        return out;
    }

    std::string zone_;
    std::unique_ptr<EVP_PKEY, Deleter> key_;
};

} // namespace maild::test
