#include "bench/load/pop3_client.hpp"

#include <algorithm>
#include <cstdlib>

namespace maild::bench {

net::Task<Result<Pop3Client>> Pop3Client::open(boost::asio::io_context& io, const Options& options,
                                               const std::string& account) {
    auto connection = co_await Connection::open(io, options.host, options.port, options.tls);
    if (!connection) co_return std::unexpected(connection.error());
    Pop3Client client(std::move(*connection));
    auto status = co_await client.status();
    if (!status) co_return std::unexpected(status.error());
    if (options.tls == Tls::starttls) {
        std::string stls = "STLS\r\n"; // RFC 2595 §4
        status = co_await client.say(std::move(stls));
        if (!status) co_return std::unexpected(status.error());
        const auto started = co_await client.connection_->start_tls();
        if (!started) co_return std::unexpected(started.error());
    }
    auto user = "USER " + account + "\r\n";
    status = co_await client.say(std::move(user));
    if (!status) co_return std::unexpected(status.error());
    auto password = "PASS " + options.password + "\r\n";
    status = co_await client.say(std::move(password));
    if (!status) co_return std::unexpected(status.error());
    co_return client;
}

net::Task<Result<std::string>> Pop3Client::status() {
    const auto line = co_await connection_->line();
    if (!line) co_return std::unexpected(line.error());
    if (!line->starts_with("+OK")) co_return fail(Errc::protocol_error, std::string(*line));
    co_return std::string(*line);
}

net::Task<Result<std::string>> Pop3Client::say(std::string line) {
    const auto sent = co_await connection_->send(line);
    if (!sent) co_return std::unexpected(sent.error());
    auto answered = co_await status();
    co_return answered;
}

net::Task<Result<void>> Pop3Client::skip_lines() {
    while (true) {
        const auto line = co_await connection_->line();
        if (!line) co_return std::unexpected(line.error());
        if (*line == ".") co_return Result<void>();
    }
}

net::Task<Result<std::uint64_t>> Pop3Client::count() {
    std::string line = "STAT\r\n"; // "+OK count octets"
    const auto answered = co_await say(std::move(line));
    if (!answered) co_return std::unexpected(answered.error());
    co_return std::strtoull(answered->c_str() + 3, nullptr, 10);
}

net::Task<Result<void>> Pop3Client::retrieve(std::uint64_t count, std::size_t window) {
    std::uint64_t asked = 0;
    for (std::uint64_t received = 0; received < count; ++received) {
        std::string commands;
        while (asked < count && asked - received < window)
            commands += "RETR " + std::to_string(++asked) + "\r\n";
        if (!commands.empty()) {
            const auto sent = co_await connection_->send(commands);
            if (!sent) co_return sent;
        }
        const auto answered = co_await status();
        if (!answered) co_return std::unexpected(answered.error());
        const auto skipped = co_await skip_lines();
        if (!skipped) co_return skipped;
    }
    co_return Result<void>();
}

net::Task<void> Pop3Client::quit() {
    std::string line = "QUIT\r\n";
    const auto said = co_await say(std::move(line));
    static_cast<void>(said);
    co_await connection_->close();
}

} // namespace maild::bench
