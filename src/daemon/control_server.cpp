#include "daemon/control_server.hpp"

#include "maild/base/counted.hpp"
#include "maild/base/log.hpp"
#include "maild/ipc/message.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/timer.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

constexpr std::size_t kMaxConnections = 64;
constexpr std::chrono::minutes kIdle{10};
constexpr std::chrono::seconds kRequestTime{10}; // from a frame's first octet to its last

// Root, the daemon's own user, and members of its group: the same whom the socket's permissions let
// in, checked again by what the kernel says of the peer (HARDENING 75).
bool is_admin(int socket) {
    const auto peer = ipc::peer_credentials(socket);
    if (!peer) return false;
    if (peer->uid == 0 || peer->uid == ::geteuid()) return true;
    const gid_t ours = ::getegid();
    if (peer->gid == ours) return true;
    std::array<gid_t, 256> groups{};
    socklen_t size = sizeof groups;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
    const auto count = size / sizeof(gid_t);
    return std::ranges::find(groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(count),
                             ours) != groups.begin() + static_cast<std::ptrdiff_t>(count);
}

// Takes memory as octets come, not as a header announces them.
net::Task<Result<std::string>> read_exactly(net::Stream& stream, std::size_t count,
                                            std::chrono::steady_clock::time_point deadline) {
    std::string out;
    while (out.size() < count) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) co_return fail(Errc::timed_out, "the frame does not end");
        const auto got = co_await stream.read_append(out, count - out.size(), left);
        if (!got) co_return std::unexpected(got.error());
    }
    co_return out;
}

net::Task<Result<std::string>> read_frame(net::Stream& stream) {
    net::Event never;
    const auto waited = co_await stream.wait_readable(never, kIdle);
    if (waited != net::WaitResult::readable) co_return fail(Errc::timed_out, "no request");
    const auto deadline = std::chrono::steady_clock::now() + kRequestTime;
    auto header = co_await read_exactly(stream, control::kFrameHeader, deadline);
    if (!header) co_return std::unexpected(std::move(header.error()));
    const auto size = control::frame_size(*header);
    if (!size) co_return std::unexpected(size.error());
    auto body = co_await read_exactly(stream, *size, deadline);
    co_return body;
}

net::Task<control::Reply> run(ControlReach& reach, const control::Request& request, unsigned uid) {
    const auto* command = find_control_command(request.command);
    if (command == nullptr) {
        co_return control::failure(control::kUsage,
                                   "this daemon has no command '" + request.command + "'.");
    }
    auto reply = co_await command->run(reach, Arguments(request.arguments));
    if (command->is_change) {
        log::info("control_change",
                  {{"command", command->name}, {"uid", uid}, {"exit", reply.exit}});
    }
    co_return reply;
}

} // namespace

void ControlServer::listen(UniqueFd socket) {
    auto listener = std::make_shared<net::Listener>(reach_.context.io(), std::move(socket));
    listeners_.push_back(listener);
    net::spawn(reach_.context.io(), accept_loop(listener), "control_accept");
}

void ControlServer::stop() {
    for (const auto& listener : listeners_) listener->stop();
    listeners_.clear();
}

net::Task<void> ControlServer::accept_loop(std::shared_ptr<net::Listener> listener) {
    while (true) {
        auto socket = co_await listener->accept();
        if (!socket) co_return;
        if (open_ >= kMaxConnections || !is_admin(socket->get())) {
            log::warning("control_refused", {{"open", open_}});
            continue;
        }
        net::spawn(reach_.context.io(), serve(std::move(*socket)), "control_connection");
    }
}

net::Task<void> ControlServer::serve(UniqueFd socket) {
    net::Stream stream(reach_.context.io(), std::move(socket));
    const unsigned uid = stream.peer().uid.value_or(0);
    const Counted connection(open_);
    while (true) {
        const auto payload = co_await read_frame(stream);
        if (!payload) break;
        const auto request = control::parse_request(*payload);
        control::Reply reply;
        if (request) {
            const Counted in_progress(busy_);
            reply = control::failure(control::kSoftware, "the command failed; see the log.");
            try {
                auto answer = co_await run(reach_, *request, uid);
                reply = std::move(answer);
            } catch (const std::exception& error) {
                log::error("control_exception",
                           {{"command", request->command}, {"what", error.what()}});
            }
        } else {
            reply = control::failure(request.error());
        }
        const auto bytes = control::frame(control::format_reply(reply));
        const auto written = co_await stream.write(bytes, kRequestTime);
        if (!written || !request) break;
    }
}

} // namespace maild::daemon
