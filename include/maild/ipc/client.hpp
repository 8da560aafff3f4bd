#pragma once
// The asking side: a worker's line to store or auth. Many calls at once on one socket, answered in
// any order. The supervisor makes the socket; when the other process has died it makes a new one,
// and attach() goes on with that. Belongs to the io_context's thread. A call is at-most-once: on
// unavailable or timed_out it may have been carried out.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"
#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"
#include "maild/net/task.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace maild::ipc {

struct ClientOptions {
    Limits limits;
    std::size_t max_calls = 4096; // at once, waiting ones included; beyond: Errc::busy
    // How long a new call waits for attach(), then Errc::unavailable.
    std::chrono::milliseconds reconnect_wait{1000};
};

class Client {
public:
    using OnEvent = std::function<void(MessageType type, Message message)>;

    // `name` ("store", "auth") is for the log and for errors.
    Client(boost::asio::io_context& io, std::string name, const ClientOptions& options = {});
    ~Client(); // calls in flight fail with Errc::unavailable
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // A connected AF_UNIX stream socket, also to replace the one before: calls in flight on that
    // fail with Errc::unavailable.
    void attach(UniqueFd socket);
    bool is_attached() const;
    // What the other side sends on its own accord. Called on the io_context's thread; must not
    // block.
    void on_event(OnEvent handler);
    // The line broke (called once for each socket). For subscriptions, which have to be made anew
    // after attach().
    void on_lost(std::function<void()> handler);
    void on_attached(std::function<void()> handler);

    // Errors of the other side come back as they are; of the line: unavailable, timed_out, busy,
    // protocol_error.
    net::Task<Result<Message>> exchange(MessageType type, Message request,
                                        std::chrono::milliseconds timeout);
    net::Task<Result<std::string>> call(MessageType type, std::string payload, Blob blob,
                                        std::chrono::milliseconds timeout);
    net::Task<Result<std::string>> call(MessageType type, std::string payload,
                                        std::chrono::milliseconds timeout);

    // One request value, one reply value, by codec.hpp.
    template <class Reply, class Request>
    net::Task<Result<Reply>> call(MessageType type, Request request,
                                  std::chrono::milliseconds timeout) {
        auto payload = encode(request);
        const auto reply = co_await call(type, std::move(payload), timeout);
        if (!reply) co_return std::unexpected(reply.error());
        co_return decode<Reply>(*reply);
    }

    // No answer is wanted. Dropped when nothing is attached, or too much is queued.
    void notify(MessageType type, std::string payload);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::ipc
