#include "bench/load/connection.hpp"

#include "maild/net/connect.hpp"

namespace maild::bench {
namespace {

constexpr std::size_t kMaxLine = 64 << 20; // SEARCH tells all numbers in one

// Bench servers have certificates that nobody vouches for.
std::shared_ptr<const net::ClientTls> any_certificate() {
    static const auto context = net::ClientTls::create_without_authorities().value()->expecting(
        {.check = net::CertificateCheck::none}, nullptr);
    return context;
}

} // namespace

Connection::Connection(net::Stream stream)
    : stream_(std::move(stream)), reader_(stream_, kMaxLine) {}

net::Task<Result<std::unique_ptr<Connection>>>
Connection::open(boost::asio::io_context& io, net::IpAddress host, std::uint16_t port, Tls tls) {
    auto stream = co_await net::connect_tcp(io, host, port, kPatience);
    if (!stream) co_return std::unexpected(stream.error());
    std::unique_ptr<Connection> connection(new Connection(std::move(*stream)));
    if (tls == Tls::implicit) {
        const auto started = co_await connection->start_tls();
        if (!started) co_return std::unexpected(started.error());
    }
    co_return connection;
}

net::Task<Result<void>> Connection::start_tls() {
    const auto context = any_certificate();
    std::string host = "mail.bench.example";
    const auto started = co_await stream_.start_client_tls(*context, std::move(host), kPatience);
    co_return started;
}

net::Task<Result<void>> Connection::send(std::string_view bytes) {
    const auto sent = co_await stream_.write(bytes, kPatience);
    co_return sent;
}

net::Task<Result<void>> Connection::send_all(std::span<const std::string_view> pieces) {
    const auto sent = co_await stream_.write_all(pieces, kPatience);
    co_return sent;
}

net::Task<Result<std::string_view>> Connection::line(std::chrono::milliseconds patience) {
    const auto line = co_await reader_.next(patience);
    if (!line) co_return std::unexpected(line.error());
    co_return line->text;
}

net::Task<Result<void>> Connection::skip(std::uint64_t octets) {
    while (octets > 0) {
        const auto at_most = static_cast<std::size_t>(std::min<std::uint64_t>(octets, 256 << 10));
        const auto bytes = co_await reader_.next_bytes(at_most, kPatience);
        if (!bytes) co_return std::unexpected(bytes.error());
        octets -= bytes->size();
    }
    co_return Result<void>();
}

net::Task<void> Connection::close() { co_await stream_.shutdown(std::chrono::milliseconds(0)); }

} // namespace maild::bench
