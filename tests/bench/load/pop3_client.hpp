#pragma once
// The client's side of POP3 (RFC 1939), as much as a load needs.

#include "bench/load/connection.hpp"

namespace maild::bench {

class Pop3Client {
public:
    // Greeting, STLS if the options say so, USER and PASS.
    static net::Task<Result<Pop3Client>> open(boost::asio::io_context& io, const Options& options,
                                              const std::string& account);
    // How many messages there are.
    net::Task<Result<std::uint64_t>> count();
    // Messages 1 to `count`, `window` of them under way at once (RFC 2449 §6.6).
    net::Task<Result<void>> retrieve(std::uint64_t count, std::size_t window);
    net::Task<void> quit();

private:
    explicit Pop3Client(std::unique_ptr<Connection> connection)
        : connection_(std::move(connection)) {}
    net::Task<Result<std::string>> say(std::string line);
    net::Task<Result<std::string>> status();
    net::Task<Result<void>> skip_lines(); // of a multi-line response

    std::unique_ptr<Connection> connection_;
};

} // namespace maild::bench
