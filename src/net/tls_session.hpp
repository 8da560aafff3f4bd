#pragma once
// The TLS state of one connection on its socket, without any waiting: each step says what it needs
// to go on.

#include "net/openssl.hpp"

#include "maild/base/error.hpp"
#include "maild/net/client_tls.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/tls.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace maild::net {

enum class Need : std::uint8_t { nothing, to_read, to_write };

struct Step {
    Need need = Need::nothing;
    std::size_t count = 0; // octets, with nothing needed
};

class TlsSession {
public:
    static Result<TlsSession> create(const TlsContext& context, int fd);
    // Our side asks: `host` is the name, or an address in digits, that the certificate must bear,
    // unless the context expects something else.
    static Result<TlsSession> create_client(const ClientTls& context, int fd,
                                            const std::string& host);

    Result<Step> handshake();
    Result<Step> read(std::span<char> out);
    Result<Step> peek(); // is there an octet to read
    // To be repeated with the same octets while it needs something.
    Result<Step> write(std::string_view bytes);
    void close_notify(); // as far as the socket takes it
    TlsState state() const;

private:
    explicit TlsSession(SslPtr ssl) : ssl_(std::move(ssl)) {}
    static Result<SslPtr> open(void* context, int fd);
    Result<Step> outcome(int code, std::size_t count, std::string_view what);

    SslPtr ssl_;
    std::shared_ptr<TlsVerdict> verdict_; // on our side as client, where somebody wants it
    // After a fatal error nothing more may be written, not even close_notify.
    bool is_broken_ = false;
};

} // namespace maild::net
