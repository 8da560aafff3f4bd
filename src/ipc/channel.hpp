#pragma once
// One socket between two of our processes, with frames in both directions, driven by callbacks
// (thousands of small frames a second are no place for a coroutine each). Frames that are sent in
// one turn of the io_context go out in one sendmsg; one recvmsg brings as many as there are. Owned
// by a shared_ptr; callbacks come on the io_context's thread and never from inside send().

#include "ipc/frame.hpp"

#include "maild/base/unique_fd.hpp"
#include "maild/net/task.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct msghdr;

namespace maild::ipc {

class Channel : public std::enable_shared_from_this<Channel> {
public:
    struct Handlers {
        std::function<void(const Header&, Message)> on_message;
        std::function<void(const Error&)> on_closed; // once, unless close() was called first
    };

    // Throws when epoll refuses the descriptor.
    Channel(boost::asio::io_context& io, UniqueFd socket, const Limits& limits);
    void start(Handlers handlers);

    // False, and the channel is closed, when too much is queued already. Nothing happens on a
    // closed channel.
    bool send(Kind kind, std::uint32_t id, MessageType type, Message message);
    void close(); // quietly
    bool is_open() const { return is_open_; }

    // No more on_message until resume(): this is how a busy receiver slows its peer down.
    void pause() { is_paused_ = true; }
    void resume();

private:
    struct Outgoing {
        HeaderBytes header;
        Message message;
        bool fds_are_sent = false;
        std::size_t size() const;
    };

    void wait_readable();
    void on_readable();
    bool receive(); // true when there may be more at once
    void consume(std::string_view bytes);
    bool deliver(Frame frame);
    bool take_descriptors(const msghdr& header);
    Result<Message> assemble(Frame& frame);

    void schedule_flush();
    void flush();
    bool send_batch(); // false when the socket is full, or closed
    void sent(std::size_t count);
    void fail_with(Error error);

    boost::asio::io_context& io_;
    boost::asio::posix::basic_stream_descriptor<net::Executor> descriptor_;
    Limits limits_;
    Handlers handlers_;
    FrameDecoder decoder_;
    std::string stash_;                // came while paused
    std::deque<UniqueFd> descriptors_; // came, and belong to the next frames
    std::deque<Outgoing> queue_;
    std::size_t queued_ = 0; // octets in queue_
    std::size_t offset_ = 0; // octets of its first frame that are out
    int fd_;
    bool is_open_ = true;
    bool is_paused_ = false;
    bool is_reading_ = false;  // a wait for input is pending
    bool is_flushing_ = false; // a flush is posted, or a wait for room is pending
};

} // namespace maild::ipc
