#include "bench/load/imap_client.hpp"
#include "bench/load/many.hpp"
#include "bench/load/modes.hpp"
#include "bench/load/pop3_client.hpp"

namespace maild::bench {
namespace {

struct Shared {
    Load& load;
    Measurement& measurement;
};

net::Task<Result<void>> imap_session(Shared shared, std::string account) {
    const auto start = instant();
    auto client = co_await ImapClient::open(shared.load.io, shared.load.options, account);
    if (!client) co_return std::unexpected(client.error());
    shared.measurement.done(start);
    co_await client->logout();
    co_return Result<void>();
}

net::Task<Result<void>> pop3_session(Shared shared, std::string account) {
    const auto start = instant();
    auto client = co_await Pop3Client::open(shared.load.io, shared.load.options, account);
    if (!client) co_return std::unexpected(client.error());
    shared.measurement.done(start);
    co_await client->quit();
    co_return Result<void>();
}

// Until the server has greeted: what of a session is no login.
net::Task<Result<void>> handshake(Shared shared) {
    const auto& options = shared.load.options;
    const auto start = instant();
    auto connection =
        co_await Connection::open(shared.load.io, options.host, options.port, options.tls);
    if (!connection) co_return std::unexpected(connection.error());
    auto& opened = **connection;
    const auto greeting = co_await opened.line();
    if (!greeting) co_return std::unexpected(greeting.error());
    shared.measurement.done(start);
    co_await opened.close();
    co_return Result<void>();
}

net::Task<void> some_handshakes(Shared shared) {
    for (std::uint64_t number = 0; shared.measurement.take(number);) {
        const auto done = co_await handshake(shared);
        if (!done) shared.measurement.failed(done.error());
    }
}

net::Task<void> some_sessions(Shared shared) {
    const auto& options = shared.load.options;
    for (std::uint64_t number = 0; shared.measurement.take(number);) {
        auto account = options.account_name(number + 1);
        auto session = options.protocol == Protocol::pop3
                           ? pop3_session(shared, std::move(account))
                           : imap_session(shared, std::move(account));
        const auto done = co_await std::move(session);
        if (!done) shared.measurement.failed(done.error());
    }
}

} // namespace

net::Task<void> log_in(Load& load) {
    Measurement measurement(load.options, load.servers);
    const Shared shared{load, measurement};
    co_await at_once(load.io, load.options.connections,
                     [shared](std::size_t) { return some_sessions(shared); });
    measurement.finish();
    print(load, measurement);
}

net::Task<void> shake_hands(Load& load) {
    Measurement measurement(load.options, load.servers);
    const Shared shared{load, measurement};
    co_await at_once(load.io, load.options.connections,
                     [shared](std::size_t) { return some_handshakes(shared); });
    measurement.finish();
    print(load, measurement);
}

} // namespace maild::bench
