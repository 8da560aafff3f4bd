#pragma once
// The client's side of IMAP (RFC 9051), as much as a load needs: answers are counted, not read.

#include "bench/load/connection.hpp"

namespace maild::bench {

struct Answer {
    std::uint64_t untagged = 0;
    std::uint64_t octets = 0;
};

class ImapClient {
public:
    // Greeting, STARTTLS if the options say so, LOGIN.
    static net::Task<Result<ImapClient>> open(boost::asio::io_context& io, const Options& options,
                                              const std::string& account);
    // Fails unless it is answered with OK.
    net::Task<Result<Answer>> command(std::string_view text);
    // APPEND of the messages, in one command.
    net::Task<Result<void>> append(const std::vector<std::string>& messages, bool literal_plus);
    net::Task<Result<void>> begin_idle();
    // The next line of the server's; the time is over: Errc::timed_out.
    net::Task<Result<std::string_view>> line(std::chrono::milliseconds patience) {
        return connection_->line(patience);
    }
    net::Task<void> logout();
    net::Task<void> close() { return connection_->close(); }
    void cancel() { connection_->cancel(); }

private:
    explicit ImapClient(std::unique_ptr<Connection> connection)
        : connection_(std::move(connection)) {}
    net::Task<Result<Answer>> answer();
    net::Task<Result<void>> await_continuation();

    std::unique_ptr<Connection> connection_;
    std::uint64_t commands_ = 0;
    std::string tag_;
};

} // namespace maild::bench
