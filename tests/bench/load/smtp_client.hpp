#pragma once
// The client's side of SMTP (RFC 5321) and LMTP (RFC 2033), as much as a load needs.

#include "bench/load/connection.hpp"
#include "bench/load/measurement.hpp"

namespace maild::bench {

struct Delivery {
    std::vector<std::string> recipients;
    std::string content;
};

class SmtpClient {
public:
    // Greeting, EHLO or LHLO, STARTTLS if `tls` says so.
    static net::Task<Result<SmtpClient>> open(boost::asio::io_context& io, const Options& options,
                                              std::uint16_t port, Protocol protocol, Tls tls);
    // When the last octet of the content was on its way. One refusal fails it all.
    net::Task<Result<Instant>> deliver(const Delivery& delivery, bool pipelines);
    net::Task<void> quit();

private:
    SmtpClient(std::unique_ptr<Connection> connection, Protocol protocol)
        : connection_(std::move(connection)), protocol_(protocol) {}
    net::Task<Result<void>> hello();
    net::Task<Result<void>> expect(char first_digit);
    net::Task<Result<void>> say(std::string_view line, char first_digit);
    net::Task<Result<void>> envelope(const Delivery& delivery);
    net::Task<Result<void>> pipelined_envelope(const Delivery& delivery);

    std::unique_ptr<Connection> connection_;
    Protocol protocol_;
    bool offers_pipelining_ = false;
};

} // namespace maild::bench
