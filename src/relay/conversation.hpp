#pragma once
// Commands and replies over one connection, and what is known of its end.

#include "maild/net/line_reader.hpp"
#include "maild/net/stream.hpp"
#include "maild/relay/outcome.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace maild::relay {

class Conversation {
public:
    Conversation(net::Stream stream, std::string host);
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    net::Task<Result<void>> write(std::string_view bytes, std::chrono::milliseconds timeout);
    // The deadline covers the whole reply. An error ends the conversation.
    net::Task<Result<Reply>> read(std::chrono::milliseconds timeout);
    // `command` without CRLF.
    net::Task<Result<Reply>> ask(std::string_view command, std::chrono::milliseconds timeout);

    // Has the server said more than it was asked?
    bool has_unread() const { return !reader_.empty(); }
    bool is_over() const { return is_over_; }
    void end() { is_over_ = true; }
    // What became of it when `error` came. A 421 that was said before is why (RFC 5321 §3.8).
    Outcome outcome(const Error& error, Stage stage) const;
    Outcome outcome(const Reply& reply, Stage stage, Scope scope) const;

    net::Stream& stream() { return stream_; }
    const net::Stream& stream() const { return stream_; }
    const std::string& host() const { return host_; }

private:
    net::Stream stream_;
    net::LineReader reader_;
    std::string host_;
    std::optional<Reply> farewell_; // 421
    bool is_over_ = false;
};

} // namespace maild::relay
