#pragma once
// A call that blocks its thread, for the one place where OpenSSL leaves no choice: asking `auth`
// for a signature in the middle of a handshake. One call at a time on a socket of its own. The same
// frames as Client, so the other side is an ordinary Server.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"
#include "maild/ipc/message.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::ipc {

struct Frame;

class SyncClient {
public:
    explicit SyncClient(std::string name,
                        std::chrono::milliseconds timeout = std::chrono::seconds(1));

    void attach(UniqueFd socket); // replaces what was there; blocking mode does not matter
    bool is_attached() const { return static_cast<bool>(socket_); }
    // Errc::unavailable without a socket or when the other side has gone; timed_out. After either,
    // and after anything malformed, the socket is closed and waits for attach(): a late answer can
    // never be taken for the next one.
    Result<std::string> call(MessageType type, std::string_view payload);

private:
    using Deadline = std::chrono::steady_clock::time_point;
    Result<Frame> exchange(std::uint32_t id, MessageType type, std::string_view payload,
                           Deadline deadline);
    Result<void> send(std::string_view bytes, Deadline deadline);
    Result<Frame> receive(Deadline deadline);
    Result<void> wait(short events, Deadline deadline);

    std::string name_;
    std::chrono::milliseconds timeout_;
    UniqueFd socket_;
    std::uint32_t next_id_ = 1;
};

} // namespace maild::ipc
