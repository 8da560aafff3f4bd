#pragma once
// A client's connection: lines in, octets out. Every wait ends after a minute.

#include "bench/load/options.hpp"

#include "maild/net/client_tls.hpp"
#include "maild/net/line_reader.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/timer.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace maild::bench {

inline constexpr std::chrono::milliseconds kPatience = std::chrono::minutes(1);

class Connection {
public:
    // Under TLS at once if `tls` is implicit.
    static net::Task<Result<std::unique_ptr<Connection>>>
    open(boost::asio::io_context& io, net::IpAddress host, std::uint16_t port, Tls tls);

    net::Task<Result<void>> start_tls();
    net::Task<Result<void>> send(std::string_view bytes);
    net::Task<Result<void>> send_all(std::span<const std::string_view> pieces);
    // Without CRLF; valid until the next call. Waits as long as `patience`.
    net::Task<Result<std::string_view>> line(std::chrono::milliseconds patience = kPatience);
    net::Task<Result<void>> skip(std::uint64_t octets);
    net::Task<void> close();
    void cancel() { stream_.cancel(); }
    std::uint64_t octets_in() const { return stream_.bytes_in(); }

private:
    explicit Connection(net::Stream stream);

    net::Stream stream_;
    net::LineReader reader_;
};

} // namespace maild::bench
