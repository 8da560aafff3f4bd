#include "daemon/channel.hpp"

#include "daemon/messages.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace maild::daemon {
namespace {

constexpr std::size_t kMaxWaiting = 512;
constexpr int kSocketBuffer = 1 << 20;

using ControlBuffer = char[CMSG_SPACE(sizeof(int) * kMaxDescriptors)];

void put_descriptors(msghdr& header, ControlBuffer& control, const Descriptors& descriptors) {
    if (descriptors.empty()) return;
    const auto length = sizeof(int) * descriptors.size();
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(length);
    auto* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(length);
    auto* out = CMSG_DATA(part);
    for (const auto& descriptor : descriptors) {
        const int fd = descriptor.get();
        std::memcpy(out, &fd, sizeof fd);
        out += sizeof fd;
    }
}

Descriptors take_descriptors(msghdr& header) {
    Descriptors out;
    for (auto* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            out.emplace_back(fd);
        }
    }
    return out;
}

} // namespace

Result<std::pair<UniqueFd, UniqueFd>> Channel::create_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return fail_errno("socketpair");
    }
    std::pair<UniqueFd, UniqueFd> pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
    for (const int end : ends) {
        // Room for a burst at start; less is no fault, what does not fit waits in waiting_.
        ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer);
    }
    return pair;
}

Result<void> Channel::send_now(const Packet& packet) {
    iovec piece{const_cast<char*>(packet.bytes.data()), packet.bytes.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    alignas(cmsghdr) ControlBuffer control{};
    put_descriptors(header, control, packet.descriptors);
    for (;;) {
        if (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL) >= 0) return {};
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == ETOOMANYREFS) return fail(Errc::busy);
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN) return fail(Errc::closed);
        return fail_errno("sendmsg");
    }
}

Result<void> Channel::send(Packet packet) {
    if (packet.bytes.size() > kMaxMessageBytes || packet.descriptors.size() > kMaxDescriptors) {
        return fail(Errc::too_large, "channel message");
    }
    if (waiting_.empty()) {
        const auto sent = send_now(packet);
        if (sent || sent.error().code != Errc::busy) return sent;
    }
    if (waiting_.size() >= kMaxWaiting) return fail(Errc::limit_exceeded, "it does not read");
    waiting_.push_back(std::move(packet));
    return {};
}

Result<void> Channel::flush() {
    while (!waiting_.empty()) {
        const auto sent = send_now(waiting_.front());
        if (!sent && sent.error().code == Errc::busy) return {};
        if (!sent) return sent;
        waiting_.pop_front();
    }
    return {};
}

Result<Packet> Channel::receive(std::size_t most_descriptors) {
    Packet packet;
    packet.bytes.resize(kMaxMessageBytes);
    iovec piece{packet.bytes.data(), packet.bytes.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    alignas(cmsghdr) ControlBuffer control{};
    if (most_descriptors > 0) {
        header.msg_control = control;
        header.msg_controllen = sizeof control;
    }
    ssize_t size = -1;
    do {
        size = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN) return fail(Errc::busy);
    if (size < 0 && errno == ECONNRESET) return fail(Errc::closed);
    if (size < 0) return fail_errno("recvmsg");
    packet.descriptors = take_descriptors(header);
    if (size == 0) return fail(Errc::closed); // no message of ours is empty
    if ((header.msg_flags & MSG_TRUNC) != 0) return fail(Errc::too_large, "channel message");
    if ((header.msg_flags & MSG_CTRUNC) != 0 && most_descriptors > 0) {
        return fail(Errc::protocol_error, "too many descriptors");
    }
    if (packet.descriptors.size() > most_descriptors) {
        return fail(Errc::protocol_error, "too many descriptors");
    }
    packet.bytes.resize(static_cast<std::size_t>(size));
    return packet;
}

} // namespace maild::daemon
