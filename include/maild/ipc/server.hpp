#pragma once
// The answering side: store, auth or control with its sockets from workers. Each request runs as a
// coroutine of its own; answers may come in any order, also from later (keep the Request, call
// Connection::reply on the io_context's thread). Every byte may come from a worker that has been
// taken over: whatever is malformed ends that connection, is logged, and touches nothing else
// (HARDENING 75, 76). At a connection's limit of open requests its input is not read. Belongs to
// the io_context's thread.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"
#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"
#include "maild/net/task.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace maild::ipc {

// What the supervisor says of who is at the other end; nothing that is sent can change it.
enum class PeerRole : std::uint8_t { supervisor, worker, auth, store, sender, control, admin };

struct Request {
    std::uint32_t id = 0; // 0: a notification, which has no answer
    MessageType type = 0;
    std::string payload; // hostile until decoded and checked
    Blob blob;
    UniqueFd descriptor;
};

class Connection {
public:
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    PeerRole role() const;
    unsigned index() const;   // which worker
    std::uint64_t id() const; // of this socket; never used again in this server
    bool is_open() const;
    void close(); // answers that come later are dropped

    // One answer for each request; a second one, or one for a closed connection, is dropped.
    void reply(std::uint32_t request_id, std::string payload, Blob blob = {});
    void reply_error(std::uint32_t request_id, const Error& error);
    template <class T> void answer(std::uint32_t request_id, const Result<T>& result) {
        if (!result)
            reply_error(request_id, result.error());
        else if constexpr (std::is_void_v<T>)
            reply(request_id, {});
        else
            reply(request_id, encode(*result));
    }
    // Unasked. False, and the connection is closed and logged, when the peer does not read what it
    // is sent.
    bool send_event(MessageType type, std::string payload, UniqueFd descriptor = {});

private:
    friend class Server;
    class Impl;
    explicit Connection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

struct ServerOptions {
    Limits limits;
    std::size_t max_requests = 256; // of one connection at once
};

class Server {
public:
    // The connection lives at least until the coroutine ends. A request that was not answered by
    // then stays open: whoever keeps it answers later. An exception is logged and answered with
    // Errc::internal.
    using Handler =
        std::function<net::Task<void>(std::shared_ptr<Connection> connection, Request request)>;
    using OnClosed = std::function<void(Connection& connection)>;

    Server(boost::asio::io_context& io, std::string name, Handler handler,
           const ServerOptions& options = {});
    ~Server(); // closes all
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::shared_ptr<Connection> attach(UniqueFd socket, PeerRole role, unsigned index);
    void on_closed(OnClosed handler); // the peer left, or was put out
    std::vector<std::shared_ptr<Connection>> connections() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::ipc
