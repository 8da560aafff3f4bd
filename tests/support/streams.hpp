#pragma once
// Runs coroutines to their end in a test, with a limit on how long that may take.

#include "maild/base/unique_fd.hpp"
#include "maild/net/sockets.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/task.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace maild::test {

template <class T>
net::Task<void> keep_result(net::Task<T> task, std::shared_ptr<std::optional<T>> out) {
    T value = co_await std::move(task);
    out->emplace(std::move(value));
}

inline net::Task<void> keep_result(net::Task<void> task, std::shared_ptr<bool> out) {
    co_await std::move(task);
    *out = true;
}

// Turns the loop until `is_done()`, or throws after `limit`: a test must not hang.
template <class Done>
void run_until(boost::asio::io_context& io, Done is_done,
               std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!is_done()) {
        if (std::chrono::steady_clock::now() >= end)
            throw std::runtime_error("run_until: nothing happens any more");
        if (io.stopped()) io.restart();
        io.run_one_for(std::chrono::milliseconds(20));
    }
}

template <class T>
T finish(boost::asio::io_context& io, net::Task<T> task,
         std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    auto out = std::make_shared<std::optional<T>>();
    net::spawn(io, keep_result(std::move(task), out), "test");
    run_until(io, [&] { return out->has_value(); }, limit);
    return std::move(**out);
}

inline void finish(boost::asio::io_context& io, net::Task<void> task,
                   std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    auto out = std::make_shared<bool>(false);
    net::spawn(io, keep_result(std::move(task), out), "test");
    run_until(io, [&] { return *out; }, limit);
}

// A Stream and the plain socket at its other end, which blocks.
struct StreamAndPeer {
    net::Stream stream;
    UniqueFd peer;
};

inline void set_blocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK); }

inline StreamAndPeer make_stream(boost::asio::io_context& io) {
    auto pair = net::socket_pair().value();
    set_blocking(pair.second.get());
    return {net::Stream(io, std::move(pair.first)), std::move(pair.second)};
}

inline void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) throw std::runtime_error("send_all");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

// What is there by now, without waiting; at most `limit` octets.
inline std::string receive_available(int fd, std::size_t limit = 1 << 20) {
    std::string out(limit, '\0');
    const auto count = ::recv(fd, out.data(), out.size(), MSG_DONTWAIT);
    out.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return out;
}

} // namespace maild::test
