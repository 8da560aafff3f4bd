#include "maild/ipc/sync_client.hpp"

#include "ipc/frame.hpp"

#include "maild/ipc/codec.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace maild::ipc {

SyncClient::SyncClient(std::string name, std::chrono::milliseconds timeout)
    : name_(std::move(name)), timeout_(timeout) {}

void SyncClient::attach(UniqueFd socket) { socket_ = std::move(socket); }

Result<std::string> SyncClient::call(MessageType type, std::string_view payload) {
    if (!socket_) return fail(Errc::unavailable, name_ + ": not attached");
    const auto deadline = std::chrono::steady_clock::now() + timeout_;
    const auto id = next_id_++;
    if (next_id_ == 0) next_id_ = 1;
    auto frame = exchange(id, type, payload, deadline);
    if (frame && (frame->header.id != id || frame->header.fds != 0 ||
                  (frame->header.kind != Kind::reply && frame->header.kind != Kind::error))) {
        frame = fail(Errc::protocol_error, name_ + ": not an answer to this");
    }
    if (!frame) {
        socket_.reset();
        return std::unexpected(frame.error());
    }
    if (frame->header.kind == Kind::reply) return std::move(frame->payload);
    auto error = decode<Error>(frame->payload);
    return std::unexpected(error ? std::move(*error) : std::move(error.error()));
}

Result<Frame> SyncClient::exchange(std::uint32_t id, MessageType type, std::string_view payload,
                                   Deadline deadline) {
    Header header;
    header.id = id;
    header.type = type;
    header.length = static_cast<std::uint32_t>(payload.size());
    const auto bytes = format_header(header);
    std::string frame(bytes.data(), bytes.size());
    frame += payload;
    const auto sent = send(frame, deadline);
    if (!sent) return std::unexpected(sent.error());
    return receive(deadline);
}

Result<void> SyncClient::send(std::string_view bytes, Deadline deadline) {
    while (!bytes.empty()) {
        const auto count =
            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            const auto ready = wait(POLLOUT, deadline);
            if (!ready) return ready;
        } else if (errno != EINTR) {
            return fail(Errc::unavailable, name_ + ": gone");
        }
    }
    return {};
}

Result<Frame> SyncClient::receive(Deadline deadline) {
    FrameDecoder decoder{Limits{}};
    std::array<char, 4096> buffer;
    for (;;) {
        const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count > 0) {
            std::string_view in(buffer.data(), static_cast<std::size_t>(count));
            auto frame = decoder.next(in);
            if (!frame) return std::unexpected(frame.error());
            if (*frame && !in.empty())
                return fail(Errc::protocol_error, name_ + ": more than one answer");
            if (*frame) return std::move(**frame);
        } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            const auto ready = wait(POLLIN, deadline);
            if (!ready) return std::unexpected(ready.error());
        } else if (count == 0 || errno != EINTR) {
            return fail(Errc::unavailable, name_ + ": gone");
        }
    }
}

Result<void> SyncClient::wait(short events, Deadline deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return fail(Errc::timed_out, name_ + ": no answer in time");
        pollfd entry{socket_.get(), events, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(left.count()));
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return fail_errno("poll");
    }
}

} // namespace maild::ipc
