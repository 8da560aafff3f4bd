#pragma once
// What only the two ends of this TLS connection know alike (RFC 5056), each empty where there is
// none.

#include <string>

namespace maild::net {

struct TlsBinding {
    std::string exporter;  // tls-exporter, RFC 9266; under TLS 1.2 with an extended master secret
    std::string end_point; // tls-server-end-point, RFC 5929 §4: our certificate's digest
    bool empty() const { return exporter.empty() && end_point.empty(); }
};

template <class Codec> void describe(Codec& codec, TlsBinding& binding) {
    codec(binding.exporter, binding.end_point);
}

} // namespace maild::net
