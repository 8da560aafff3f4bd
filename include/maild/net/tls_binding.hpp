#pragma once
// What a login may rest on of this TLS connection: what only its two ends know alike (RFC 5056),
// and the certificate that the client has shown. Each is empty where there is none.

#include <string>
#include <vector>

namespace maild::net {

struct TlsBinding {
    std::string exporter;  // tls-exporter, RFC 9266; under TLS 1.2 with an extended master secret
    std::string end_point; // tls-server-end-point, RFC 5929 §4: our certificate's digest
    // In DER, the client's own first; it has proven that it has the key. Only one that ClientTrust
    // vouches for. Not sent along with the bindings.
    std::vector<std::string> client_chain{};
    bool empty() const { return exporter.empty() && end_point.empty(); }
};

template <class Codec> void describe(Codec& codec, TlsBinding& binding) {
    codec(binding.exporter, binding.end_point);
}

} // namespace maild::net
