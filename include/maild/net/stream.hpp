#pragma once
// One connection, TCP or Unix, in plain text or under TLS: the same class before and after
// STARTTLS. Errors arrive as values: a peer that leaves is Errc::closed, a passed deadline
// Errc::timed_out. TLS works on the socket itself (no copies through memory BIOs), with buffers
// released while the connection is idle. Belongs to one coroutine at a time; one read and one write
// may be pending together. Moves are cheap.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"
#include "maild/net/task.hpp"
#include "maild/net/tls_binding.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace maild::net {

class ClientTls;
class Event;
class TlsContext;

struct Peer {
    // "192.0.2.1", "2001:db8::1" (IPv4-mapped given as IPv4), "local" for a Unix socket.
    std::string address;
    std::uint16_t port = 0;
    bool is_loopback = false;    // 127.0.0.0/8, ::1, or a Unix socket
    std::optional<unsigned> uid; // SO_PEERCRED of a Unix socket
};

struct TlsState {
    std::string version;     // "TLSv1.3"
    std::string cipher;      // "TLS_AES_256_GCM_SHA384"
    std::string server_name; // SNI that the peer sent, lower case; empty without
    TlsBinding binding{};
};

enum class WaitResult : std::uint8_t { readable, event, timed_out, closed }; // closed: by cancel()

class Stream {
public:
    // Takes over a connected, non-blocking socket. `local_port` and peer are read from it.
    Stream(boost::asio::io_context& io, UniqueFd socket);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream(); // closes

    // At least one byte, or Errc::closed at the end. The deadline covers this one call. Appended to
    // `out`, which takes memory only once the bytes are there and gives it back while it waits
    // empty: an idle connection holds no buffer.
    Task<Result<std::size_t>> read_append(std::string& out, std::size_t at_most,
                                          std::chrono::milliseconds timeout);
    // Until there is something to read (bytes, or the end, which the next read tells), or `event`
    // was notified, or the time is over. Reads nothing off, cancels nothing: this is how IDLE waits
    // for its client and for changes at once. When both are there it says readable, and the event
    // stays for the next wait.
    Task<WaitResult> wait_readable(Event& event, std::chrono::milliseconds timeout);
    // Everything. Pieces are gathered into few system calls (and few TLS records).
    Task<Result<void>> write(std::string_view bytes, std::chrono::milliseconds timeout);
    Task<Result<void>> write_all(std::span<const std::string_view> pieces,
                                 std::chrono::milliseconds timeout);

    // Server side of the handshake. The caller has dropped what it had buffered (RFC 3207 §4.2).
    Task<Result<void>> start_tls(TlsContext& context, std::chrono::milliseconds timeout);
    // Client side, towards `host`: its name, or address in digits. An error says which check of the
    // certificate failed.
    Task<Result<void>> start_client_tls(const ClientTls& context, std::string host,
                                        std::chrono::milliseconds timeout);
    // Orderly end: close_notify and FIN, without waiting for the peer's beyond `timeout`.
    Task<void> shutdown(std::chrono::milliseconds timeout);
    // From elsewhere in the same thread (kick, drain): a pending call ends with Errc::closed, and
    // so does every later read. Later writes still work, so that 421 or * BYE can be said before
    // shutdown().
    void cancel();
    // The same after so long, unless the stream has ended by then. Once for a stream.
    void cancel_in(std::chrono::milliseconds delay);

    const Peer& peer() const;
    std::uint16_t local_port() const;
    const std::optional<TlsState>& tls() const;
    // Octets that the peer and we have sent, as they are inside of TLS.
    std::uint64_t bytes_in() const;
    std::uint64_t bytes_out() const;

private:
    class Impl;
    static Task<Result<void>> shake_hands(std::shared_ptr<Impl> impl,
                                          std::chrono::milliseconds timeout);
    // Never null but in a moved-from stream; shared with calls that are pending.
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::net
