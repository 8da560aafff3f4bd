#include "ipc/channel.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace maild::ipc {
namespace {

using Descriptor = boost::asio::posix::descriptor_base;

constexpr std::size_t kReadSize = 64 * 1024;
// Of one sendmsg, and of unread frames on the receiving side.
constexpr std::size_t kMaxFdsInFlight = 16;
constexpr std::size_t kMaxVectors = 192; // up to three for each frame

std::span<char> scratch() {
    thread_local std::array<char, kReadSize> bytes;
    return bytes;
}

// One control message with descriptors, in room for the most that we take.
struct Control {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFdsInFlight)> bytes;
    std::array<int, kMaxFdsInFlight> fds;
    std::size_t count = 0;

    void add(int fd) { fds[count++] = fd; }
    void attach(msghdr& message) {
        if (count == 0) return;
        bytes.fill(0);
        message.msg_control = bytes.data();
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        auto* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * count);
    }
};

struct Vectors {
    std::array<iovec, kMaxVectors> items;
    std::size_t count = 0;

    bool has_room() const { return count + 3 <= items.size(); }
    // `skip` octets, which may reach over this piece, are out already.
    void add(std::string_view piece, std::size_t& skip) {
        const auto gone = std::min(skip, piece.size());
        skip -= gone;
        piece.remove_prefix(gone);
        if (!piece.empty()) items[count++] = {const_cast<char*>(piece.data()), piece.size()};
    }
};

std::string_view inline_part(const Blob& blob) {
    return blob.descriptor() < 0 ? blob.view() : std::string_view();
}

} // namespace

std::size_t Channel::Outgoing::size() const {
    return kHeaderSize + message.payload.size() + inline_part(message.blob).size();
}

Channel::Channel(boost::asio::io_context& io, UniqueFd socket, const Limits& limits)
    : io_(io),
      descriptor_(io, socket.get()),
      limits_(limits),
      decoder_(limits),
      fd_(socket.release()) {
    descriptor_.non_blocking(true);
}

void Channel::start(Handlers handlers) {
    handlers_ = std::move(handlers);
    wait_readable();
}

void Channel::close() {
    if (!std::exchange(is_open_, false)) return;
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    queue_.clear();
    queued_ = 0;
    descriptors_.clear();
    stash_.clear();
    // A handler may be running, and the handlers may own us.
    boost::asio::post(io_.get_executor(), [self = shared_from_this()] { self->handlers_ = {}; });
}

void Channel::fail_with(Error error) {
    if (!is_open_) return;
    boost::asio::post(io_.get_executor(),
                      [handler = handlers_.on_closed, error = std::move(error)] {
                          if (handler) handler(error);
                      });
    close();
}

// Input.

void Channel::wait_readable() {
    if (!is_open_ || is_paused_ || std::exchange(is_reading_, true)) return;
    descriptor_.async_wait(Descriptor::wait_read, [self = shared_from_this()](const auto& error) {
        self->is_reading_ = false;
        if (!error) self->on_readable();
    });
}

void Channel::resume() {
    if (!std::exchange(is_paused_, false)) return;
    boost::asio::post(io_.get_executor(), [self = shared_from_this()] {
        const auto bytes = std::exchange(self->stash_, {});
        self->consume(bytes);
        self->wait_readable();
    });
}

void Channel::on_readable() {
    constexpr int kTurns = 8; // then others have their turn
    for (int turn = 0; turn < kTurns && is_open_ && !is_paused_; ++turn) {
        if (!receive()) break;
    }
    wait_readable();
}

bool Channel::receive() {
    Control control;
    const auto room = scratch();
    iovec vector{room.data(), room.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    const auto count = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count < 0) {
        if (errno == EINTR) return true;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            fail_with({Errc::closed, std::strerror(errno)});
        return false;
    }
    if (!take_descriptors(message)) {
        fail_with({Errc::protocol_error, "too many descriptors"});
        return false;
    }
    if (count == 0) {
        fail_with({Errc::closed, "the other side has gone"});
        return false;
    }
    const auto size = static_cast<std::size_t>(count);
    consume({room.data(), size});
    return size == room.size() || message.msg_controllen > 0; // descriptors end a recvmsg early
}

// What came is ours to close, whatever we think of it.
bool Channel::take_descriptors(const msghdr& message) {
    auto* mutable_message = const_cast<msghdr*>(&message); // CMSG_NXTHDR does not take a const one
    for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(mutable_message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            descriptors_.emplace_back(fd);
        }
    }
    return (message.msg_flags & MSG_CTRUNC) == 0 && descriptors_.size() <= kMaxFdsInFlight;
}

void Channel::consume(std::string_view bytes) {
    while (is_open_) {
        if (is_paused_) {
            stash_ += bytes;
            return;
        }
        auto frame = decoder_.next(bytes);
        if (!frame) return fail_with(frame.error());
        if (!*frame) return;
        if (!deliver(std::move(**frame))) return;
    }
}

bool Channel::deliver(Frame frame) {
    auto message = assemble(frame);
    if (!message) {
        fail_with(message.error());
        return false;
    }
    handlers_.on_message(frame.header, std::move(*message));
    return true;
}

Result<Message> Channel::assemble(Frame& frame) {
    Message message;
    message.payload = std::move(frame.payload);
    const auto take = [this] {
        UniqueFd fd;
        if (!descriptors_.empty()) {
            fd = std::move(descriptors_.front());
            descriptors_.pop_front();
        }
        return fd;
    };
    if ((frame.header.fds & kBlobFd) != 0) {
        auto blob = Blob::adopt(take(), limits_.max_blob);
        if (!blob) return std::unexpected(blob.error());
        message.blob = std::move(*blob);
    } else if (!frame.blob.empty()) {
        auto blob = Blob::create(std::move(frame.blob));
        if (!blob) return std::unexpected(blob.error());
        message.blob = std::move(*blob);
    }
    if ((frame.header.fds & kOtherFd) != 0) {
        message.descriptor = take();
        if (!message.descriptor)
            return fail(Errc::protocol_error, "frame: its descriptor is missing");
    }
    return message;
}

// Output.

bool Channel::send(Kind kind, std::uint32_t id, MessageType type, Message message) {
    if (!is_open_) return false;
    const auto header = header_for(kind, id, type, message);
    queue_.push_back({format_header(header), std::move(message)});
    queued_ += queue_.back().size();
    if (queued_ > limits_.max_queued && queue_.size() > 1) {
        fail_with({Errc::limit_exceeded, "the other side does not read what it is sent"});
        return false;
    }
    schedule_flush();
    return true;
}

void Channel::schedule_flush() {
    if (std::exchange(is_flushing_, true)) return;
    boost::asio::post(io_.get_executor(), [self = shared_from_this()] { self->flush(); });
}

void Channel::flush() {
    while (is_open_ && !queue_.empty() && send_batch()) {
    }
    if (!is_open_ || queue_.empty()) {
        is_flushing_ = false;
        return;
    }
    descriptor_.async_wait(Descriptor::wait_write, [self = shared_from_this()](const auto& error) {
        if (!error) self->flush();
    });
}

bool Channel::send_batch() {
    Control control;
    Vectors vectors;
    auto skip = offset_;
    std::size_t frames = 0;
    for (auto& out : queue_) {
        if (!vectors.has_room() || control.count + 2 > kMaxFdsInFlight) break;
        vectors.add({out.header.data(), out.header.size()}, skip);
        vectors.add(out.message.payload, skip);
        vectors.add(inline_part(out.message.blob), skip);
        if (!out.fds_are_sent && out.message.blob.descriptor() >= 0)
            control.add(out.message.blob.descriptor());
        if (!out.fds_are_sent && out.message.descriptor) control.add(out.message.descriptor.get());
        ++frames;
    }
    msghdr message{};
    message.msg_iov = vectors.items.data();
    message.msg_iovlen = vectors.count;
    control.attach(message);
    const auto count = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
        if (errno == EINTR) return true;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            fail_with({Errc::closed, std::strerror(errno)});
        return false;
    }
    // The kernel passes all descriptors with the first octet, however many octets it takes.
    for (std::size_t i = 0; i < frames; ++i) queue_[i].fds_are_sent = true;
    sent(static_cast<std::size_t>(count));
    return true;
}

void Channel::sent(std::size_t count) {
    offset_ += count;
    while (!queue_.empty() && offset_ >= queue_.front().size()) {
        const auto size = queue_.front().size();
        offset_ -= size;
        queued_ -= size;
        queue_.pop_front();
    }
}

} // namespace maild::ipc
