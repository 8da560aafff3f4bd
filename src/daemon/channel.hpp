#pragma once
// One end of the supervisor's channel to a child: whole messages with descriptors beside them, over
// a non-blocking SEQPACKET socket. What the socket does not take at once waits here, within a
// bound: a child that does not read is ended rather than remembered for ever.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace maild::daemon {

using Descriptors = std::vector<UniqueFd>;

struct Packet {
    std::string bytes;
    Descriptors descriptors;
};

class Channel {
public:
    explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}
    // The supervisor's end and the child's, which is blocking-agnostic too; both close-on-exec.
    static Result<std::pair<UniqueFd, UniqueFd>> create_pair();

    int fd() const { return socket_.get(); }
    // Errc::closed when the other end is gone, limit_exceeded when it does not read.
    Result<void> send(Packet packet);
    Result<void> flush();
    bool wants_write() const { return !waiting_.empty(); }
    // The next message; Errc::busy when there is none, closed at the end, too_large or
    // protocol_error for what no end of ours sends. With most_descriptors 0 the kernel drops what
    // comes along.
    Result<Packet> receive(std::size_t most_descriptors);

private:
    Result<void> send_now(const Packet& packet);

    UniqueFd socket_;
    std::deque<Packet> waiting_;
};

} // namespace maild::daemon
