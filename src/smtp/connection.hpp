#pragma once
// The edge of SMTP: one coroutine for each connection that moves octets between stream and session,
// keeps the time, and writes the log. What is answered is the session's business.

#include "smtp/session.hpp"

#include "maild/net/gate.hpp"
#include "maild/net/line_reader.hpp"
#include "maild/net/output.hpp"
#include "maild/net/stream.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace maild::smtp {

inline std::uint64_t microseconds(SteadyTime::duration span) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(span).count());
}

class Connection {
public:
    Connection(net::Stream stream, net::Gate::Pass pass, std::shared_ptr<const Server> server);
    ~Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    net::Task<void> run();

private:
    net::Task<Result<void>> talk();
    net::Task<Result<void>> greet();
    net::Task<Result<void>> wait_in_silence(std::chrono::milliseconds pause);
    std::chrono::milliseconds greeting_pause() const;
    net::Task<Result<void>> converse();
    net::Task<Result<void>> start_tls();
    net::Task<Result<void>> say(Replies replies);
    net::Task<Result<void>> flush();

    Client make_client() const;
    void stop(net::StopReason reason);
    bool must_leave() const { return stopping_ && !has_to_finish(); }
    bool has_to_finish() const;
    void tell_gate();
    std::string_view goodbye(Errc reason) const;
    void log_started() const;
    void log_finished(const Result<void>& result) const;
    const Limits& limits() const { return server_->limits; }

    // receiving.cpp: content
    net::Task<Result<void>> receive();
    net::Task<Result<void>> receive_chunk();
    net::Task<Result<void>> read_chunk(SteadyTime& begin);
    net::Task<Result<void>> read_content(ContentReader& content);
    net::Task<Result<void>> acknowledge(ContentResult result, SteadyTime begin);
    std::chrono::milliseconds time_left(SteadyTime begin) const;
    std::chrono::milliseconds content_timeout(SteadyTime begin) const;
    std::chrono::milliseconds command_timeout() const;
    void look_for_end_of_chunks();
    bool is_too_slow(std::uint64_t octets, SteadyTime begin) const;
    void log_message(const Report& report, SteadyTime begin) const;

    std::shared_ptr<const Server> server_;
    net::Stream stream_;
    net::LineReader reader_;
    net::Output output_;
    Session session_;
    net::Gate::Pass pass_;
    SteadyTime started_;
    std::optional<net::StopReason> stopping_;
    std::uint64_t accepted_ = 0;
    bool is_acknowledging_ = false;          // the reply to a message is being written
    ContentReader* content_ = nullptr;       // that is being read
    std::optional<SteadyTime> chunks_begin_; // of the message that comes in chunks
};

} // namespace maild::smtp
