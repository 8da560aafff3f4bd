// Logins that wait leave the line to `auth` to others, and one network's leave it to another's.
#include "directory/login_lane.hpp"
#include "directory/messages.hpp"
#include "directory/world.hpp"

#include "maild/directory/remote_directory.hpp"
#include "maild/directory/service.hpp"
#include "maild/net/spawn.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace maild::directory {
namespace {

using Place = LoginLane::Place;

class Lane : public ::testing::Test {
protected:
    struct Guest {
        std::optional<Place> place;
        bool is_refused = false;
    };
    Guest& come(const std::string& address) {
        guests_.push_back(std::make_unique<Guest>());
        net::spawn(io_, enter(lane_, address, *guests_.back()), "login");
        settle();
        return *guests_.back();
    }
    void settle() {
        io_.restart();
        io_.poll();
    }
    static net::Task<void> enter(LoginLane& lane, std::string address, Guest& guest) {
        auto place = co_await lane.enter(std::move(address));
        if (place)
            guest.place.emplace(std::move(*place));
        else
            guest.is_refused = true;
    }
    std::size_t inside() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            guests_, [](const auto& guest) { return guest->place.has_value(); }));
    }

    boost::asio::io_context io_;
    LoginLane lane_;
    std::vector<std::unique_ptr<Guest>> guests_;
};

std::string address(std::size_t network) { return "192.0.2." + std::to_string(network); }

TEST_F(Lane, OneNetworkTakesAPartOnly) {
    for (std::size_t i = 0; i < 2 * LoginLane::kPlacesOfOne; ++i) come(address(1));
    EXPECT_EQ(inside(), LoginLane::kPlacesOfOne);
    EXPECT_TRUE(come(address(2)).place);
    EXPECT_TRUE(come("local").place);
    guests_.front()->place.reset();
    settle();
    EXPECT_EQ(inside(), LoginLane::kPlacesOfOne + 2) << "the next one of them";
}

TEST_F(Lane, WhoHasFewestComesNext) {
    constexpr auto kFull = LoginLane::kPlaces / LoginLane::kPlacesOfOne;
    for (std::size_t network = 1; network <= kFull; ++network)
        for (std::size_t i = 0; i < LoginLane::kPlacesOfOne + 3; ++i) come(address(network));
    EXPECT_EQ(inside(), LoginLane::kPlaces);
    auto& other = come(address(99));
    auto& again = come(address(99));
    EXPECT_FALSE(other.place);
    guests_[0]->place.reset();
    settle();
    EXPECT_TRUE(other.place) << "though twelve came before";
    EXPECT_FALSE(again.place);
    guests_[1]->place.reset();
    settle();
    EXPECT_TRUE(again.place);
    EXPECT_EQ(inside(), LoginLane::kPlaces);
}

TEST_F(Lane, AsManyWaitAsMayAndNoMore) {
    for (std::size_t i = 0; i < LoginLane::kPlacesOfOne + LoginLane::kMostWaitingOfOne; ++i)
        EXPECT_FALSE(come(address(1)).is_refused);
    EXPECT_TRUE(come(address(1)).is_refused);
    EXPECT_TRUE(come(address(2)).place);
    guests_.clear();
}

net::Task<void> nothing() { co_return; }

net::Task<void> log_in(RemoteDirectory& to, std::string from, std::size_t& ended) {
    LoginAttempt attempt{.credentials = {{}, "ada@example.org", "x"},
                         .service = Service::imap,
                         .remote_address = std::move(from)};
    const auto result = co_await to.login(std::move(attempt));
    EXPECT_FALSE(result);
    ++ended;
}

net::Task<void> show_token(RemoteDirectory& to, std::string from, std::size_t& ended) {
    BearerAttempt attempt{{{}, "token"}, Service::imap, std::move(from)};
    const auto result = co_await to.bearer(std::move(attempt));
    EXPECT_FALSE(result);
    ++ended;
}

// HARDENING 40 and the line's limit: what arrives for RCPT is answered whatever logins wait.
TEST(LoginLane, ResolvesPassWaitingLogins) {
    test::World world(test::Kind::memory);
    DirectoryService service(world.directory(), world.admin());
    std::vector<std::pair<std::shared_ptr<ipc::Connection>, std::uint32_t>> held;
    ipc::Server server(
        world.io(), "auth",
        [&](std::shared_ptr<ipc::Connection> connection, ipc::Request request) -> net::Task<void> {
            if (request.type != messages::Login::kType && request.type != messages::Bearer::kType)
                return service.handle(std::move(connection), std::move(request));
            held.emplace_back(std::move(connection), request.id);
            return nothing();
        });
    ipc::Client client(world.io(), "auth");
    auto pair = net::socket_pair();
    server.attach(std::move(pair->first), ipc::PeerRole::worker, 0);
    client.attach(std::move(pair->second));
    RemoteDirectory remote(client);
    std::size_t ended = 0;
    for (std::size_t i = 0; i < 400; ++i)
        net::spawn(world.io(), log_in(remote, address(i % 8), ended), "login");
    for (std::size_t i = 0; i < 200; ++i)
        net::spawn(world.io(), show_token(remote, address(i % 8), ended), "login");
    const auto resolved = world.run(remote.resolve("postmaster"));
    ASSERT_TRUE(resolved) << name_of(resolved.error().code);
    EXPECT_EQ(held.size(), LoginLane::kPlaces + LoginLane::kTokens);
    EXPECT_EQ(ended, 200 - LoginLane::kTokens) << "tokens do not wait for a place";
    while (ended < 600) { // and all of them are answered in the end
        for (const auto& [connection, id] : std::exchange(held, {}))
            connection->reply_error(id, {Errc::busy, {}});
        ASSERT_TRUE(world.run(remote.resolve("postmaster")));
    }
}

} // namespace
} // namespace maild::directory
