// The issuer over real connections to a small server of the test's own.
#include "support/streams.hpp"

#include "maild/oauth/issuer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <list>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

namespace maild::oauth {
namespace {

using namespace std::chrono_literals;

const std::string kGood = R"({"active":true,"email":"ada@example.org"})";

std::string ok(const std::string& body, const std::string& more = {}) {
    return "HTTP/1.1 200 OK\r\n" + more + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

// Listens on 127.0.0.1. Each request goes to `respond`, in one thread for each connection: what it
// returns is sent; "" ends the connection, and so does what has "Connection: close".
class Server {
public:
    using Respond = std::function<std::string(const std::string& request, int number)>;

    explicit Server(Respond respond) : respond_(std::move(respond)) {
        listener_ = net::bind_tcp("127.0.0.1", 0).value();
        test::set_blocking(listener_.get());
        accepting_ = std::jthread([this](std::stop_token stop) { accept_all(stop); });
    }
    ~Server() {
        accepting_.request_stop();
        accepting_.join();
        serving_.clear();
    }

    std::uint16_t port() const { return net::local_port(listener_.get()); }
    int connections() const { return connections_; }
    int requests() const { return requests_; }
    // What the first connection says of itself when its question has been answered, at its end and
    // when wait_until_said() wants it.
    void say_after_first(std::string said) { after_first_ = std::move(said); }
    void wait_until_said() {
        asked_to_say_ = 1;
        while (said_after_ == 0) std::this_thread::yield();
    }

private:
    void accept_all(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pollfd entry{listener_.get(), POLLIN, 0};
            if (::poll(&entry, 1, 10) <= 0) continue;
            UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
            ++connections_;
            serving_.emplace_back([this, fd = std::move(client)](std::stop_token end) {
                while (!end.stop_requested() && serve(fd.get(), end)) {
                }
            });
        }
    }
    // One request; false when the connection is over.
    bool serve(int fd, const std::stop_token& stop) {
        std::string in;
        while (!is_whole(in)) {
            pollfd entry{fd, POLLIN, 0};
            if (stop.stop_requested()) return false;
            if (::poll(&entry, 1, 10) <= 0) continue;
            char bytes[4096];
            const auto count = ::recv(fd, bytes, sizeof bytes, 0);
            if (count <= 0) return false;
            in.append(bytes, static_cast<std::size_t>(count));
        }
        const auto said = respond_(in, ++requests_);
        if (!said.empty()) ::send(fd, said.data(), said.size(), MSG_NOSIGNAL);
        if (!after_first_.empty() && requests_ == 1) {
            // Not in one segment with the answer.
            while (asked_to_say_ == 0 && !stop.stop_requested()) std::this_thread::yield();
            ::send(fd, after_first_.data(), after_first_.size(), MSG_NOSIGNAL);
            said_after_ = 1;
            return false;
        }
        return !said.empty() && !said.contains("Connection: close");
    }
    static bool is_whole(const std::string& in) {
        const auto header = in.find("\r\n\r\n");
        const auto length = in.find("Content-Length: ");
        if (header == in.npos || length == in.npos) return false;
        return in.size() >= header + 4 + std::stoul(in.substr(length + 16));
    }

    Respond respond_;
    std::string after_first_;
    UniqueFd listener_;
    std::atomic<int> connections_ = 0;
    std::atomic<int> requests_ = 0;
    std::atomic<int> asked_to_say_ = 0;
    std::atomic<int> said_after_ = 0;
    std::list<std::jthread> serving_;
    std::jthread accepting_;
};

class IssuerTest : public ::testing::Test {
protected:
    void serve(Server::Respond respond) { server_.emplace(std::move(respond)); }
    Issuer make(std::chrono::milliseconds timeout = 5s, const std::string& host = "127.0.0.1",
                std::uint16_t port = 0) {
        IssuerSettings settings;
        settings.endpoint = {.is_https = false, .host = host, .port = port, .target = "/i"};
        if (port == 0) settings.endpoint.port = server_->port();
        settings.client = {ClientAuthentication::basic, "maild", "secret"};
        settings.names = {"email"};
        settings.timeout = timeout;
        settings.tls = nullptr;
        return {io_, std::move(settings)};
    }
    // The name, "inactive", or the error's name.
    std::string ask(Issuer& issuer, const std::string& token = "token") {
        const auto claims = test::finish(io_, issuer.introspect(token));
        if (!claims) return std::string(name_of(claims.error().code));
        return claims->active ? claims->name : "inactive";
    }

    boost::asio::io_context io_{1};
    std::optional<Server> server_;
};

TEST_F(IssuerTest, AsksAndKeepsTheConnection) {
    serve([](const std::string& request, int) {
        return ok(request.contains("token=good&") ? kGood : R"({"active":false})");
    });
    auto issuer = make();
    EXPECT_FALSE(issuer.was_asked());
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(ask(issuer, "good"), "ada@example.org");
        EXPECT_EQ(ask(issuer, "bad"), "inactive");
    }
    EXPECT_EQ(server_->connections(), 1);
    EXPECT_EQ(server_->requests(), 10);
    EXPECT_TRUE(issuer.was_asked());
    EXPECT_EQ(issuer.fault(), "");
}

TEST_F(IssuerTest, AsksOnceMoreWhenAKeptConnectionWasClosed) {
    serve([](const std::string&, int number) {
        if (number == 2) return std::string();
        return ok(kGood, number == 3 ? "Connection: close\r\n" : "");
    });
    auto issuer = make();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(issuer), "ada@example.org") << i;
    EXPECT_EQ(server_->requests(), 4);
    EXPECT_EQ(server_->connections(), 3) << "the first, its successor, and one behind the close";
}

// RFC 9110 §15.5.9: it closes what was idle for too long for it, and says so.
TEST_F(IssuerTest, AsksOnceMoreWhenAKeptConnectionHadTimedOut) {
    const std::string timeout =
        "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    serve([&](const std::string&, int number) { // the second question crosses it
        return number == 2 ? timeout : ok(kGood);
    });
    auto crossed = make();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(crossed), "ada@example.org") << i;
    EXPECT_EQ(server_->requests(), 4);
    EXPECT_EQ(server_->connections(), 2);
    server_.reset();

    serve([&](const std::string&, int) { return timeout; });
    auto always = make();
    EXPECT_EQ(ask(always), "unavailable");
    EXPECT_EQ(always.fault(), "HTTP status 408");
    EXPECT_EQ(server_->requests(), 1) << "of a new connection it is an answer";
}

TEST_F(IssuerTest, WritesToNoConnectionThatHasSomethingToRead) {
    const std::string timeout =
        "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    serve([&](const std::string&, int) { return ok(kGood); });
    server_->say_after_first(timeout);
    auto issuer = make();
    EXPECT_EQ(ask(issuer), "ada@example.org");
    server_->wait_until_said();
    EXPECT_EQ(ask(issuer), "ada@example.org");
    EXPECT_EQ(server_->requests(), 2) << "each once";
    EXPECT_EQ(server_->connections(), 2);
}

TEST_F(IssuerTest, PassesOverInterimResponses) { // RFC 9110 §15.2
    serve([](const std::string&, int) { return "HTTP/1.1 100 Continue\r\n\r\n" + ok(kGood); });
    auto issuer = make();
    EXPECT_EQ(ask(issuer), "ada@example.org");
    EXPECT_EQ(ask(issuer), "ada@example.org");
    EXPECT_EQ(server_->connections(), 1);
}

TEST_F(IssuerTest, SaysNothingOfTheTokenWhenTheAnswerIsNone) {
    const struct {
        const char* name;
        std::string said;
        const char* fault; // begins so
    } cases[] = {
        {"our secret is wrong", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
         "HTTP status 401: oauth.client_id or its secret is not accepted"},
        {"our fault", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "HTTP status 400"},
        {"its fault", "HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nbad", "HTTP status 500"},
        {"elsewhere",
         "HTTP/1.1 302 Found\r\nLocation: https://a.example/\r\nContent-Length: 0\r\n\r\n",
         "HTTP status 302"},
        {"an inactive error", "HTTP/1.1 503 Busy\r\nContent-Length: 16\r\n\r\n{\"active\":false}",
         "HTTP status 503"},
        {"no HTTP", "* OK ready\r\n\r\n", "HTTP: "},
        {"no JSON", ok("<html>"), "the issuer's answer is no JSON"},
        {"another JSON", ok("[]"), "the issuer's answer is no JSON object"},
        {"huge", ok(std::string(70'000, ' ')), "HTTP: "},
        {"cut", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 99\r\n\r\n{", "HTTP: "},
        {"ends at once", "", "end of input"},
    };
    for (const auto& c : cases) {
        serve([&](const std::string&, int) { return c.said; });
        auto issuer = make();
        const auto told = ask(issuer);
        EXPECT_NE(told, "inactive") << c.name;
        EXPECT_NE(told, "ada@example.org") << c.name;
        EXPECT_TRUE(issuer.fault().starts_with(c.fault)) << c.name << ": " << issuer.fault();
        EXPECT_EQ(server_->requests(), 1) << c.name;
        server_.reset();
    }
}

TEST_F(IssuerTest, WaitsNoLongerThanItMay) {
    std::atomic<bool> ends = false;
    serve([&](const std::string&, int) {
        while (!ends) std::this_thread::sleep_for(5ms);
        return std::string();
    });
    auto issuer = make(300ms);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(ask(issuer), "timed_out");
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    ends = true;
    EXPECT_EQ(issuer.running(), 0U);
}

TEST_F(IssuerTest, SaysThatNobodyListens) {
    serve([](const std::string&, int) { return ok(kGood); });
    const auto port = server_->port();
    server_.reset();
    auto issuer = make(5s, "127.0.0.1", port);
    EXPECT_EQ(ask(issuer), "unavailable");
    EXPECT_TRUE(issuer.fault().contains("Connection refused")) << issuer.fault();
}

TEST_F(IssuerTest, TakesHttpToThisHostAlone) {
    serve([](const std::string&, int) { return ok(kGood); });
    auto local = make(5s, "localhost");
    EXPECT_EQ(ask(local), "ada@example.org");
    auto other = make(5s, "192.0.2.1", 80);
    EXPECT_EQ(ask(other), "unavailable");
    EXPECT_TRUE(other.fault().starts_with("http is for this host itself")) << other.fault();
}

TEST_F(IssuerTest, AsksManyAtOnceAndTurnsAwayTheRest) {
    std::atomic<int> at_once = 0;
    std::atomic<int> most = 0;
    std::atomic<bool> goes_on = false;
    serve([&](const std::string&, int) {
        most = std::max<int>(most, ++at_once);
        while (!goes_on) std::this_thread::sleep_for(1ms);
        --at_once;
        return ok(kGood);
    });
    auto issuer = make(20s);
    const auto count = Issuer::kLines + Issuer::kWaiting + 3;
    std::size_t good = 0;
    std::size_t busy = 0;
    const auto wait = [](Issuer& of, std::size_t& g, std::size_t& b) -> net::Task<void> {
        const auto claims = co_await of.introspect("token");
        if (claims)
            ++g;
        else
            b += claims.error().code == Errc::busy ? 1 : 0;
    };
    for (std::size_t i = 0; i < count; ++i) net::spawn(io_, wait(issuer, good, busy), "ask");
    test::run_until(io_, [&] { return busy == 3 && at_once == int(Issuer::kLines); });
    EXPECT_EQ(issuer.running(), count - 3);
    goes_on = true;
    test::run_until(io_, [&] { return good == count - 3; });
    EXPECT_EQ(most, int(Issuer::kLines));
    EXPECT_EQ(server_->connections(), int(Issuer::kLines)) << "and each was kept";
    EXPECT_EQ(issuer.running(), 0U);
}

} // namespace
} // namespace maild::oauth
