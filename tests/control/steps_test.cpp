// Commands in steps, against a daemon that answers from a script.
#include "control/session.hpp"
#include "support/temp_dir.hpp"

#include "maild/base/ensure.hpp"

#include <boost/json/array.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace maild::control {
namespace {

namespace json = boost::json;

// Takes one connection, answers each request with the next reply, and then closes it.
class ScriptedDaemon {
public:
    ScriptedDaemon(const std::string& path, std::vector<Reply> replies)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        ensure(path.size() < sizeof address.sun_path, "a short path");
        std::memcpy(address.sun_path, path.data(), path.size());
        ensure(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof address) == 0 &&
                   ::listen(listener_.get(), 1) == 0,
               "listen");
        thread_ = std::thread([this, replies = std::move(replies)] { serve(replies); });
    }
    ScriptedDaemon(const ScriptedDaemon&) = delete;
    ScriptedDaemon& operator=(const ScriptedDaemon&) = delete;
    ~ScriptedDaemon() { end(); }

    // After ask_in_steps(), which has closed its end.
    std::vector<Request> requests() {
        end();
        return requests_;
    }

private:
    static std::string receive(int fd, std::size_t count) {
        std::string out(count, '\0');
        return ::recv(fd, out.data(), count, MSG_WAITALL) == static_cast<ssize_t>(count) ? out : "";
    }
    void serve(const std::vector<Reply>& replies) {
        const UniqueFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        for (const auto& reply : replies) {
            const auto header = receive(peer.get(), kFrameHeader);
            if (header.empty()) return;
            auto request = parse_request(receive(peer.get(), frame_size(header).value()));
            requests_.push_back(std::move(request.value()));
            const auto bytes = frame(format_reply(reply));
            ensure(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                       static_cast<ssize_t>(bytes.size()),
                   "answer");
        }
        // It leaves with a question heard and not answered; what is unread would be a reset.
        const auto header = receive(peer.get(), kFrameHeader);
        if (!header.empty()) receive(peer.get(), frame_size(header).value());
    }

    void end() {
        ::shutdown(listener_.get(), SHUT_RDWR); // nobody may have come
        if (thread_.joinable()) thread_.join();
    }

    UniqueFd listener_;
    std::vector<Request> requests_;
    std::thread thread_;
};

class ControlSteps : public testing::Test {
protected:
    ControlSteps() {
        session.socket_path = dir / "control.sock";
        session.invocation.command = find_command("fsck run");
        session.invocation.globals.quiet = true;
    }
    Result<Reply> ask(std::vector<Reply> replies) {
        std::filesystem::remove(session.socket_path);
        ScriptedDaemon daemon(session.socket_path, std::move(replies));
        auto reply = ask_in_steps(session);
        requests = daemon.requests();
        return reply;
    }
    static std::string text(const Reply& reply) {
        return std::string(reply.result.at("text").as_string());
    }

    test::TempDir dir;
    Session session;
    std::vector<Request> requests;
};

// A reply's part of the whole.
Reply part(json::array rows, json::object counts, std::string_view next = {}) {
    json::object result{{"rows", std::move(rows)}, {"counts", std::move(counts)}};
    if (!next.empty()) result["next"] = next;
    return success(std::move(result));
}

json::object row(std::string_view what, bool is_repaired) {
    return {{"account", "ada@example.org"}, {"what", what}, {"repaired", is_repaired}};
}

TEST_F(ControlSteps, AsksUntilNoStepIsNamedAndAddsUp) {
    auto of_message = row("the message has no body", false);
    of_message["mailbox"] = "INBOX";
    of_message["uid"] = 7;
    const json::object of_shard{{"shard", 1}, {"what", "is\x1b[2J offline"}};
    const auto reply =
        ask({part({}, {{"messages", 2}}, "one"),
             part({of_message}, {{"messages", 3}, {"packs", 1}, {"body_bytes", 9}}, "two"),
             part({of_shard}, {})});
    ASSERT_TRUE(reply) << reply.error().internal;
    ASSERT_EQ(requests.size(), 3U);
    EXPECT_EQ(requests[0].command, "fsck run");
    EXPECT_FALSE(requests[0].arguments.contains(kStep));
    EXPECT_EQ(requests[1].arguments.at(kStep).as_string(), "one");
    EXPECT_EQ(requests[2].arguments.at(kStep).as_string(), "two");
    EXPECT_EQ(reply->exit, kFound);
    EXPECT_EQ(reply->result.at("problems").as_int64(), 2);
    EXPECT_EQ(reply->result.at("rows").as_array().size(), 2U);
    EXPECT_EQ(reply->result.at("counts").at("messages").as_int64(), 5);
    const auto said = text(*reply);
    EXPECT_TRUE(said.starts_with("ada@example.org, INBOX, UID 7: the message has no body\nshard 1: "
                                 "is"))
        << said;
    EXPECT_EQ(said.find('\x1b'), std::string::npos)
        << "what comes from mail cannot steer a terminal";
    EXPECT_TRUE(said.ends_with("2 problems; what can be mended without loss, mailctl fsck run "
                               "--repair mends; checked 5 messages, 1 packs\n"))
        << said;
}

TEST_F(ControlSteps, SaysWhatWasRepaired) {
    session.invocation.arguments["repair"] = true;
    const auto all = ask({part({row("x", true)}, {{"accounts", 1}})});
    EXPECT_EQ(text(all.value()),
              "ada@example.org: x: repaired\n1 problem, all repaired; checked 1 accounts\n");
    const auto some = ask({part({row("x", true), row("y", false)}, {})});
    EXPECT_EQ(text(some.value()),
              "ada@example.org: x: repaired\nada@example.org: y\n2 problems, 1 repaired; checked "
              "nothing: there is nothing yet\n");
}

TEST_F(ControlSteps, NothingFoundIsSuccess) {
    const auto reply = ask({part({}, {{"queued", 4}})});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->exit, kOk);
    EXPECT_EQ(text(*reply), "no problems; checked 4 queued\n");
}

TEST_F(ControlSteps, AnErrorInTheMiddleIsTheAnswer) {
    const auto reply = ask({part({}, {}, "one"), failure(kTemporary, "the store restarts")});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->exit, kTemporary);
    EXPECT_EQ(reply->error, "the store restarts");
    EXPECT_EQ(requests.size(), 2U);
}

TEST_F(ControlSteps, ADaemonThatLeavesIsAnError) {
    EXPECT_EQ(ask({part({}, {}, "one")}).error().code, Errc::closed);
    EXPECT_EQ(ask_in_steps(session).error().code, Errc::unavailable) << "nobody listens any more";
}

TEST_F(ControlSteps, FollowsUntilThereIsNothingMore) {
    const auto rows = [](std::string_view id, std::string_view next) {
        return part({json::object{{"id", id}, {"fate", "refused"}}}, {}, next);
    };
    session.invocation.command = find_command("message trace");
    session.invocation.arguments["follow"] = true;
    for (const bool as_json : {false, true}) {
        session.invocation.globals.json = as_json;
        std::filesystem::remove(session.socket_path);
        ScriptedDaemon daemon(session.socket_path, {rows("A.1", "7"), rows("A.2", "8"),
                                                    part({}, {}, "8"), rows("A.3", "")});
        testing::internal::CaptureStdout();
        const auto reply = follow(session);
        const auto shown = testing::internal::GetCapturedStdout();
        ASSERT_TRUE(reply) << reply.error().internal;
        EXPECT_TRUE(reply->result.is_null()) << "all is shown";
        const auto asked = daemon.requests();
        ASSERT_EQ(asked.size(), 4U);
        EXPECT_EQ(asked[3].arguments.at(kStep).as_string(), "8");
        if (as_json)
            EXPECT_TRUE(shown.starts_with(R"({"schema":"mailctl/1","id":"A.1","fate":"refused"})"
                                          "\n"))
                << shown;
        else
            EXPECT_TRUE(shown.starts_with("TIME ") && shown.ends_with("\n")) << shown;
        EXPECT_EQ(std::ranges::count(shown, '\n'), as_json ? 3 : 4) << shown;
    }
}

} // namespace
} // namespace maild::control
