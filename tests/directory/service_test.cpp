// Who may ask what, and that bytes which are no request end the connection and nothing else.
#include "directory/messages.hpp"
#include "directory/world.hpp"

#include "maild/directory/service.hpp"
#include "maild/policy/dkim.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using ipc::PeerRole;

TEST(DirectoryService, OnlyControlChangesThings) {
    const auto may = [](PeerRole role, ipc::MessageType type) {
        return DirectoryService::may_call(role, type);
    };
    for (const auto type :
         {messages::Login::kType, messages::Scram::kType, messages::External::kType,
          messages::Resolve::kType, messages::MaySendAs::kType, messages::Refer::kType,
          messages::ReferAll::kType, messages::Bearer::kType, messages::Sign::kType}) {
        EXPECT_TRUE(may(PeerRole::worker, type));
        EXPECT_EQ(may(PeerRole::sender, type),
                  type == messages::Resolve::kType || type == messages::Sign::kType);
        EXPECT_TRUE(may(PeerRole::control, type));
        EXPECT_FALSE(may(PeerRole::store, type));
    }
    for (ipc::MessageType type = messages::AddDomain::kType; type <= messages::MoveDkimKeys::kType;
         ++type) {
        EXPECT_TRUE(DirectoryService::knows(type)) << type;
        EXPECT_TRUE(may(PeerRole::control, type)) << type;
        for (const auto role :
             {PeerRole::worker, PeerRole::sender, PeerRole::store, PeerRole::admin})
            EXPECT_FALSE(may(role, type)) << type;
    }
    EXPECT_FALSE(DirectoryService::knows(0));
    EXPECT_FALSE(may(PeerRole::control, 0x0300));
}

class DirectoryServiceTest : public ::testing::Test {
protected:
    DirectoryServiceTest() {
        auto pair = net::socket_pair();
        server_.attach(std::move(pair->first), PeerRole::worker, 3);
        client_.attach(std::move(pair->second));
    }
    Result<std::string> call(ipc::MessageType type, std::string payload) {
        return world_.run(client_.call(type, std::move(payload), std::chrono::seconds(10)));
    }

    test::World world_{test::Kind::memory};
    DirectoryService service_{world_.directory(), world_.admin()};
    ipc::Server server_{world_.io(), "auth",
                        [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                            return service_.handle(std::move(connection), std::move(request));
                        }};
    ipc::Client client_{world_.io(), "auth"};
};

// The sender has its own reports signed, and nobody else's mail, nor anything with a login's token.
TEST_F(DirectoryServiceTest, SignsForTheSenderWhatComesFromTheMailer) {
    auto pair = net::socket_pair();
    server_.attach(std::move(pair->first), PeerRole::sender, 0);
    ipc::Client sender(world_.io(), "auth");
    service_.set_hostname("mail.example.org");
    sender.attach(std::move(pair->second));
    const struct {
        const char* from;
        bool has_login;
        bool want;
    } cases[] = {
        {"Mail delivery <mailer-daemon@mail.example.org>", false, true},
        {"MAILER-DAEMON@Mail.Example.ORG", false, true},
        {"mailer-daemon@mail.example.org, ada@mail.example.org", false, false},
        {"postmaster@mail.example.org", false, false},
        {"ada@mail.example.org", false, false},
        {"mailer-daemon@mail.example.org", true, false},
        {"mailer-daemon@example.org", false, false},
        {"mailer-daemon@other.example", false, false},
    };
    for (const auto& c : cases) {
        messages::Sign sign;
        if (c.has_login) sign.request.login.emplace();
        auto prepared =
            policy::dkim::prepare(std::string("From: ") + c.from + "\r\n\r\n", "x\r\n", {});
        ASSERT_TRUE(prepared.has_value()) << c.from;
        sign.request.message = std::move(*prepared);
        const auto answer = world_.run(
            sender.call(messages::Sign::kType, ipc::encode(sign), std::chrono::seconds(10)));
        EXPECT_EQ(answer.has_value(), c.want) << c.from;
        if (answer) continue;
        EXPECT_EQ(answer.error().code, Errc::not_permitted) << c.from;
    }
}

TEST_F(DirectoryServiceTest, RefusesAWorkerThatActsAsAdmin) {
    const auto refused =
        call(messages::AddDomain::kType, ipc::encode(messages::AddDomain{"evil.example"}));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::not_permitted);
    EXPECT_TRUE(world_.run(world_.admin().list_domains())->empty());
    EXPECT_TRUE(
        call(messages::Resolve::kType, ipc::encode(messages::Resolve{"postmaster"})).has_value())
        << "the line stays";
}

TEST_F(DirectoryServiceTest, PutsOutWhoSendsNoRequest) {
    EXPECT_EQ(call(messages::Resolve::kType, "\xff\xff\xff\xff").error().code, Errc::unavailable);
    EXPECT_FALSE(client_.is_attached());
    EXPECT_TRUE(world_.run(world_.admin().list_domains()).has_value()) << "the directory goes on";
}

} // namespace
} // namespace maild::directory
