#pragma once
// The certificates of a host that are for certain names alone: which of them a client gets is
// decided by the name that it asks for (SNI, RFC 6066 §3), and who asks for none, or for one that
// none of them has, gets the host's own (TlsSettings). Made once for all services of a worker,
// immutable and shared; takes no memory for names that clients make up.

#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace maild::net {

class KeySigner;
class TlsContext;

inline constexpr std::size_t kMaxServerName = 253; // octets; RFC 1035 §2.3.4 without its dots' end

struct NamedCertificate {
    std::string chain;              // PEM, leaf first; no private key in it
    std::uint32_t certificate = 0;  // what the signer calls its key
    std::vector<std::string> names; // as is_certificate_name() has it
};

template <class Codec> void describe(Codec& codec, NamedCertificate& c) {
    codec(c.chain, c.certificate, c.names);
}

class ServerNames {
public:
    struct Identity; // what OpenSSL wants of a certificate and its key

    // The signer outlives it. Of several that have a name, the first is for it. Errors name the
    // certificate and what is wrong with it.
    static Result<std::shared_ptr<const ServerNames>>
    create(const std::vector<NamedCertificate>& certificates, KeySigner& signer);
    ~ServerNames();
    ServerNames(const ServerNames&) = delete;
    ServerNames& operator=(const ServerNames&) = delete;

    // Whose name this is, in lower case: first as it stands, then with "*" for its first label (RFC
    // 9525 §6.3). Null: nobody's.
    const Identity* find(std::string_view name) const;

private:
    struct Table;
    explicit ServerNames(std::unique_ptr<const Table> table);
    std::unique_ptr<const Table> table_;
};

// Before its first connection: who asks for one of the names gets its certificate in place of the
// context's own, and is told so.
void use_names(TlsContext& context, std::shared_ptr<const ServerNames> names);

// A host name in lower case: letters, digits, hyphens, underscores and dots; in front it may have
// "*." (RFC 9525 §6.3).
bool is_certificate_name(std::string_view name);
// Whether a certificate with the name `certified` may stand for `name`, which may begin with "*."
// too. Both in lower case.
bool covers_name(std::string_view certified, std::string_view name);
// What a client asks for, in lower case: of the extension server_name of its hello (RFC 6066 §3).
// Empty where that is malformed, or names no host.
std::string parse_server_name(std::string_view extension);
// In lower case; empty if it is none that a certificate could have.
std::string normalised_server_name(std::string_view name);

} // namespace maild::net
