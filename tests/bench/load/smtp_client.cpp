#include "bench/load/smtp_client.hpp"

namespace maild::bench {
namespace {
constexpr std::string_view kMail = "MAIL FROM:<sender@bench.example>\r\n";
}

net::Task<Result<SmtpClient>> SmtpClient::open(boost::asio::io_context& io, const Options& options,
                                               std::uint16_t port, Protocol protocol, Tls tls) {
    auto connection = co_await Connection::open(io, options.host, port, tls);
    if (!connection) co_return std::unexpected(connection.error());
    SmtpClient client(std::move(*connection), protocol);
    auto done = co_await client.expect('2');
    if (!done) co_return std::unexpected(done.error());
    done = co_await client.hello();
    if (!done) co_return std::unexpected(done.error());
    if (tls != Tls::starttls) co_return client;
    done = co_await client.say("STARTTLS\r\n", '2');
    if (!done) co_return std::unexpected(done.error());
    done = co_await client.connection_->start_tls();
    if (!done) co_return std::unexpected(done.error());
    done = co_await client.hello();
    if (!done) co_return std::unexpected(done.error());
    co_return client;
}

net::Task<Result<void>> SmtpClient::hello() {
    const auto sent =
        co_await connection_->send(protocol_ == Protocol::lmtp ? "LHLO client.bench.example\r\n"
                                                               : "EHLO client.bench.example\r\n");
    if (!sent) co_return sent;
    for (bool is_last = false; !is_last;) {
        const auto line = co_await connection_->line();
        if (!line) co_return std::unexpected(line.error());
        if (!line->starts_with('2')) co_return fail(Errc::protocol_error, std::string(*line));
        offers_pipelining_ |= line->substr(std::min<std::size_t>(4, line->size())) == "PIPELINING";
        is_last = line->size() < 4 || (*line)[3] != '-';
    }
    co_return Result<void>();
}

// One reply, all its lines.
net::Task<Result<void>> SmtpClient::expect(char first_digit) {
    while (true) {
        const auto line = co_await connection_->line();
        if (!line) co_return std::unexpected(line.error());
        if (!line->starts_with(first_digit))
            co_return fail(Errc::protocol_error, std::string(*line));
        if (line->size() < 4 || (*line)[3] != '-') co_return Result<void>();
    }
}

net::Task<Result<void>> SmtpClient::say(std::string_view line, char first_digit) {
    const auto sent = co_await connection_->send(line);
    if (!sent) co_return sent;
    const auto answered = co_await expect(first_digit);
    co_return answered;
}

net::Task<Result<void>> SmtpClient::envelope(const Delivery& delivery) {
    auto done = co_await say(kMail, '2');
    for (const auto& recipient : delivery.recipients) {
        if (!done) co_return done;
        const auto line = "RCPT TO:<" + recipient + ">\r\n";
        done = co_await say(line, '2');
    }
    if (!done) co_return done;
    done = co_await say("DATA\r\n", '3');
    co_return done;
}

// RFC 2920 §3.1: DATA may be the last of a group.
net::Task<Result<void>> SmtpClient::pipelined_envelope(const Delivery& delivery) {
    std::string group(kMail);
    for (const auto& recipient : delivery.recipients) group += "RCPT TO:<" + recipient + ">\r\n";
    group += "DATA\r\n";
    auto done = co_await connection_->send(group);
    for (std::size_t i = 0; i <= delivery.recipients.size(); ++i) {
        if (!done) co_return done;
        done = co_await expect('2');
    }
    if (!done) co_return done;
    done = co_await expect('3');
    co_return done;
}

net::Task<Result<Instant>> SmtpClient::deliver(const Delivery& delivery, bool pipelines) {
    auto task = pipelines && offers_pipelining_ ? pipelined_envelope(delivery) : envelope(delivery);
    auto done = co_await std::move(task);
    if (!done) co_return std::unexpected(done.error());
    const std::string_view pieces[] = {delivery.content, ".\r\n"};
    done = co_await connection_->send_all(pieces);
    const auto sent_at = instant();
    // RFC 2033 §4.2: one reply for each recipient.
    const auto replies = protocol_ == Protocol::lmtp ? delivery.recipients.size() : 1;
    for (std::size_t i = 0; i < replies; ++i) {
        if (!done) co_return std::unexpected(done.error());
        done = co_await expect('2');
    }
    if (!done) co_return std::unexpected(done.error());
    co_return sent_at;
}

net::Task<void> SmtpClient::quit() {
    const auto said = co_await say("QUIT\r\n", '2');
    static_cast<void>(said);
    co_await connection_->close();
}

} // namespace maild::bench
