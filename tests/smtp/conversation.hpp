#pragma once
// A session without a socket, spoken to line by line:
//     Conversation with;
//     with.send("EHLO client.example").expect("250");

#include "smtp/host.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace maild::smtp::test {

class Conversation {
public:
    explicit Conversation(Service service = Service::relay_in,
                          const std::function<void(Server&)>& change = {})
        : host_(std::make_unique<Host>()),
          server_(std::make_unique<Server>(host_->server(service))) {
        if (change) change(*server_);
        auto client = client_of(service);
        client.local = server_->local;
        session_ = std::make_unique<Session>(*server_, std::move(client));
        reply_ = session_->greeting().text;
    }

    Conversation& send(std::string_view text, bool is_followed = false) {
        return send(line_of(text), is_followed);
    }
    Conversation& send(net::Line line, bool is_followed = false) {
        said_ = line.text;
        auto replies = maild::test::run_task(session_->on_line(line, is_followed));
        reply_ = std::move(replies.text);
        delay_ = replies.delay;
        return *this;
    }
    // Content with its end, in one piece.
    Conversation& content(std::string_view bytes) {
        said_ = "content";
        auto reader = session_->begin_content();
        EXPECT_EQ(reader.push(bytes), bytes.size());
        EXPECT_TRUE(reader.is_finished());
        auto result = maild::test::run_task(session_->on_content(reader));
        reply_ = std::move(result.replies.text);
        report_ = std::move(result.report);
        return *this;
    }
    // BDAT with its chunk.
    Conversation& chunk(std::string_view bytes, std::string_view last = "") {
        send("BDAT " + std::to_string(bytes.size()) + std::string(last), true);
        return octets(bytes);
    }
    // Of a chunk that was announced: to its end.
    Conversation& octets(std::string_view bytes) {
        if (session_->expects() != Expects::chunk) return *this;
        EXPECT_EQ(reply_, "") << "nothing is said before the chunk";
        session_->on_chunk_octets(bytes);
        if (session_->chunk_left() > 0) return *this;
        auto result = maild::test::run_task(session_->on_chunk());
        reply_ = std::move(result.replies.text);
        delay_ = result.replies.delay;
        report_ = std::move(result.report);
        return *this;
    }
    Conversation& expect(std::string_view prefix) {
        EXPECT_TRUE(reply_.starts_with(prefix))
            << "after: " << said_ << "\ngot:   " << reply_ << "want:  " << prefix;
        return *this;
    }
    Conversation& start_tls() {
        session_->on_tls({"TLSv1.3", "TLS_AES_256_GCM_SHA384", ""});
        return *this;
    }
    Conversation& hello() { return send("EHLO client.example").expect("250"); }
    // To the 354.
    Conversation& until_data() {
        send("MAIL FROM:<eve@remote.example>").expect("250 2.1.0");
        send("RCPT TO:<ada@example.org>").expect("250 2.1.5");
        return send("DATA").expect("354");
    }
    bool is_over() const { return session_->expects() == Expects::nothing; }

    FakeBackend& backend() { return host_->backend; }
    Host& host() { return *host_; }
    Session& session() { return *session_; }
    const std::string& reply() const { return reply_; }
    std::chrono::milliseconds delay() const { return delay_; }
    const Report& report() const { return report_; }

private:
    std::unique_ptr<Host> host_; // what the session borrows stays where it is
    std::unique_ptr<Server> server_;
    std::unique_ptr<Session> session_;
    std::string said_ = "greeting";
    std::string reply_;
    std::chrono::milliseconds delay_{0};
    Report report_;
};

} // namespace maild::smtp::test
