#pragma once
// A connection over a socket pair, served as the daemon does it, and what its peer says and hears.

#include "smtp/conversation.hpp"
#include "support/streams.hpp"

#include "maild/smtp/server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace maild::smtp::test {

inline constexpr std::string_view kGreeting = "220 mx.example.org ESMTP Maild\r\n";

// One served connection and the plain socket at its other end.
class Wire {
public:
    explicit Wire(Service service = Service::relay_in,
                  const std::function<void(Server&)>& change = {})
        : gate_("smtp", {}, host_.clock) {
        auto server = std::make_shared<Server>(host_.server(service));
        server->tls = nullptr;
        server->limits.close_timeout =
            std::chrono::milliseconds(20); // the peer of most tests does not close
        if (change) change(*server);
        auto pair = maild::test::make_stream(io_);
        peer_ = std::move(pair.peer);
        auto pass = gate_.admit("local");
        net::spawn(io_, serve(std::move(pair.stream), std::move(*pass), std::move(server)), "test");
    }

    Wire& send(std::string_view bytes) {
        maild::test::send_all(peer_.get(), bytes);
        return *this;
    }
    // Everything up to and with `end`, which must come.
    std::string read_until(std::string_view end) {
        std::string got;
        maild::test::run_until(io_, [&] {
            got += maild::test::receive_available(peer_.get());
            return got.contains(end);
        });
        return got;
    }
    // Everything until the server has gone.
    std::string read_rest() {
        maild::test::run_until(io_, [&] { return gate_.count() == 0; });
        return maild::test::receive_available(peer_.get());
    }
    std::string transact(std::string_view bytes, std::string_view end) {
        return send(bytes).read_until(end);
    }
    // To the first RCPT's answer.
    void until_recipient() {
        read_until(kGreeting);
        transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
        transact("MAIL FROM:<eve@remote.example>\r\nRCPT TO:<ada@example.org>\r\n",
                 "250 2.1.5 Ok\r\n");
    }
    void until_content() {
        read_until(kGreeting);
        transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
        transact("MAIL FROM:<eve@remote.example>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n", "354 ");
    }
    // In a thread of its own beside the loop, since the client blocks.
    void with_client(const std::function<void(UniqueFd)>& client) {
        std::atomic<bool> is_done = false;
        std::thread thread([&] {
            client(std::move(peer_));
            is_done = true;
        });
        try {
            maild::test::run_until(io_, [&] { return is_done.load() && gate_.count() == 0; });
        } catch (const std::exception& e) {
            ADD_FAILURE() << e.what();
        }
        thread.join();
    }
    void close() { peer_.reset(); }
    // The daemon's end: tells the session, and waits for it.
    void stop() {
        net::spawn(io_,
                   maild::test::keep_result(gate_.stop(std::chrono::seconds(20)),
                                            std::make_shared<std::optional<std::size_t>>()),
                   "test");
    }
    void turn(std::chrono::milliseconds span) { io_.run_for(span); }
    void wait_for(const std::function<bool()>& condition) {
        maild::test::run_until(io_, condition);
    }

    maild::test::FakeClock& clock() { return host_.clock; }
    FakeBackend& backend() { return host_.backend; }
    net::MemoryBudget& budget() { return host_.budget; }
    net::Gate& gate() { return gate_; }

private:
    Host host_;
    net::Gate gate_;
    UniqueFd peer_;
    boost::asio::io_context io_{1}; // ends first: what still runs on it holds a pass of the gate
};

} // namespace maild::smtp::test
