// Whatever a worker that was taken over may send: a script of requests to a Service before a
// MemoryStore. Each is one octet of type (0: open a session with a good token; 254: likewise of
// another account; 255: the first session visits that one), two of payload length, the payload, two
// of blob length, the blob.
#include "store/wire.hpp"
#include "support/fake_clock.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"
#include "maild/ipc/client.hpp"
#include "maild/net/spawn.hpp"
#include "maild/store/memory_store.hpp"
#include "maild/store/service.hpp"

#include <sys/socket.h>

namespace maild::store {
namespace {

constexpr int kMaxRequests = 64;

struct Script {
    std::string_view rest;
    std::string_view bytes(std::size_t count) {
        const auto piece = rest.substr(0, count);
        rest.remove_prefix(piece.size());
        return piece;
    }
    std::string_view counted() {
        const auto length = bytes(2);
        if (length.size() < 2) return {};
        return bytes(static_cast<unsigned char>(length[0]) +
                     256U * static_cast<unsigned char>(length[1]));
    }
};

net::Task<void> send(ipc::Client& client, ipc::MessageType type, std::string payload,
                     std::string blob, int& answered) {
    ipc::Message message;
    message.payload = std::move(payload);
    auto bytes = ipc::Blob::create(std::move(blob));
    ensure(bytes.has_value());
    message.blob = std::move(*bytes);
    const auto reply = co_await client.exchange(type, std::move(message), std::chrono::seconds(5));
    ++answered;
}

void run(std::string_view input) {
    boost::asio::io_context io;
    test::FakeClock clock;
    MemoryStore memory(clock);
    Service service(io, memory, memory, memory);
    ipc::Client client(io, "store");
    int ends[2];
    ensure(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    const bool is_control = !input.empty() && input.front() == 'c';
    service.attach(UniqueFd(ends[0]), is_control ? ipc::PeerRole::control : ipc::PeerRole::worker,
                   0);
    client.attach(UniqueFd(ends[1]));
    Script script{input.substr(std::min<std::size_t>(input.size(), 1))};
    int sent = 0;
    int answered = 0;
    while (!script.rest.empty() && sent < kMaxRequests) {
        auto type = static_cast<ipc::MessageType>(static_cast<unsigned char>(script.bytes(1)[0]));
        std::string payload(script.counted());
        std::string blob(script.counted());
        if (type == 0) {
            type = wire::number(wire::Type::open_session);
            payload = ipc::encode(
                wire::OpenSession{memory.grant(AccountId(1), auth::Right::access, 100'000)});
        }
        if (type == 254) {
            type = wire::number(wire::Type::open_session);
            payload =
                ipc::encode(wire::OpenSession{memory.grant(AccountId(2), auth::Right::access)});
        }
        if (type == 255) {
            type = wire::number(wire::Type::open_shared);
            payload = ipc::encode(
                wire::OpenShared{SessionId(1), memory.grant(AccountId(2), auth::Right::visit)});
        }
        net::spawn(io, send(client, type, std::move(payload), std::move(blob), answered), "fuzz");
        ++sent;
        for (int turns = 0; answered < sent && turns < 200; ++turns) io.poll();
    }
    for (int turns = 0; answered < sent && turns < 10'000; ++turns) io.poll();
    ensure(answered == sent, "each request has an answer");
}

} // namespace
} // namespace maild::store

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    maild::log::to_nowhere();
    maild::store::run({reinterpret_cast<const char*>(data), size});
    return 0;
}
