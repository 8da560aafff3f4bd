#pragma once
// A session with a scripted server.

#include "relay/scripted_peer.hpp"
#include "support/fake_clock.hpp"
#include "support/streams.hpp"

#include "maild/relay/session.hpp"

#include <gtest/gtest.h>

namespace maild::relay {

using namespace std::chrono_literals;

// A server that takes commands in groups, up to its offers.
inline constexpr const char* kPipelined = R"(
    S: 220 mx.example.net ESMTP
    C: EHLO client.example
    S: 250-mx.example.net
    S: 250-PIPELINING
    S: 250-8BITMIME
    S: 250-SIZE 1000000
    S: 250 ENHANCEDSTATUSCODES
)";

inline constexpr const char* kText = "Subject: x\r\n\r\nbody\r\n";

inline Envelope envelope_to(std::vector<std::string> addresses) {
    Envelope out{.reverse_path = "ann@example.org", .recipients = {}};
    for (auto& address : addresses) out.recipients.push_back({.address = std::move(address)});
    return out;
}

// "delivered", or fate, code, status and stage: "failed 550 5.1.1 RCPT TO".
inline std::string told(const Outcome& o) {
    if (o.is_delivered()) return "delivered";
    std::string out = o.fate == Fate::failed ? "failed " : "deferred ";
    out += std::to_string(o.code) + " " + o.status + " " + std::string(name_of(o.stage));
    return o.may_be_duplicate ? out + " (twice)" : out;
}
inline std::string told(const Result<void, Outcome>& result) {
    return result ? "good" : told(result.error());
}

class SessionTest : public ::testing::Test {
protected:
    void start(std::string_view script, SessionOptions options = {},
               const net::CertificateAndKey* identity = nullptr) {
        start_lines(test::lines_of(script), std::move(options), identity);
    }
    void start_lines(std::vector<std::string> script, SessionOptions options = {},
                     const net::CertificateAndKey* identity = nullptr) {
        session_.reset();
        auto ends = test::make_stream(io_);
        options.hello_name = "client.example";
        options.host = "mx.example.net";
        session_.emplace(std::move(ends.stream), std::move(options), random_);
        peer_.emplace(std::move(ends.peer), std::move(script), identity);
    }
    std::string open() { return told(test::finish(io_, session_->open())); }
    std::vector<std::string> send(const Envelope& envelope, std::string text = kText) {
        content_.emplace(std::move(text));
        outcomes_ = test::finish(io_, session_->send(envelope, *content_));
        return told_all();
    }
    std::vector<std::string> ask_about(const Envelope& envelope) {
        outcomes_ = test::finish(io_, session_->ask_about(envelope));
        return told_all();
    }
    std::vector<std::string> told_all() const {
        std::vector<std::string> out;
        for (const auto& outcome : outcomes_) out.push_back(told(outcome));
        return out;
    }
    // Ends both; what the peer found wrong.
    std::string finish() {
        test::finish(io_, session_->quit());
        session_.reset();
        return peer_->fault();
    }

    boost::asio::io_context io_{1};
    test::SeededRandom random_{7};
    std::optional<Session> session_;
    std::optional<test::ScriptedPeer> peer_;
    std::optional<MemoryContent> content_;
    std::vector<Outcome> outcomes_;
};

using Told = std::vector<std::string>;

} // namespace maild::relay
