#pragma once
// One connection of the IMAP service: reads, lets the dialogue work, writes; keeps the time limits.
// It decides nothing about the protocol.

#include "imap/dialogue.hpp"
#include "imap/output.hpp"

#include "maild/imap/server.hpp"
#include "maild/net/deflate.hpp"
#include "maild/net/gate.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/timer.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace maild::imap {

class StreamOutput final : public Output {
public:
    StreamOutput(net::Stream& stream, std::chrono::milliseconds timeout)
        : stream_(stream), timeout_(timeout) {}
    net::Task<bool> flush() override;
    bool failed() const { return failed_; }

    // What is flushed from now on is compressed (RFC 4978 §3): each time to its end, so that a
    // group of responses never waits for the next one.
    void compress() { is_compressed_ = true; }
    net::Task<bool> end_compression(); // flushes
    // Gives the compressor's memory back while nothing is to be said; what comes then is packed a
    // little worse at first.
    void rest() { deflater_.reset(); }

private:
    net::Task<bool> write(std::string_view bytes);

    net::Stream& stream_;
    std::chrono::milliseconds timeout_;
    bool failed_ = false;
    bool is_compressed_ = false;
    std::optional<net::Deflater> deflater_; // made when it is needed
};

class Connection {
public:
    Connection(net::Stream stream, net::Gate::Pass pass, std::shared_ptr<const Server> server);
    net::Task<void> run();

private:
    net::Task<void> converse();
    net::Task<bool> wait_and_read();
    bool has_packed() const;
    void unpack();
    net::Task<void> change_layer();
    net::Task<bool> start_tls();
    std::chrono::milliseconds time_left();
    void tell_gate();

    std::shared_ptr<const Server> server_;
    net::Stream stream_;
    net::Gate::Pass pass_;
    net::Event wake_;
    StreamOutput out_;
    Dialogue dialogue_;
    std::optional<net::Inflater> inflater_; // while the peer compresses
    std::string packed_;                    // what came, and is not inflated yet
    SteadyTime started_;
    SteadyTime login_began_;   // at the greeting or with UNAUTHENTICATE
    SteadyTime active_;        // since when nothing has come
    SteadyTime command_began_; // the unfinished command, if any
    bool is_in_command_ = false;
    std::optional<net::StopReason> stopping_;
    bool is_waiting_ = false; // for the peer's next octets
    AccountId account_;       // as the gate knows it
};

} // namespace maild::imap
