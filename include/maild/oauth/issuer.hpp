#pragma once
// The issuer of tokens, asked over HTTP: at most so many questions at once, each with a time-out
// that counts from the call, on connections that are kept. Its certificate is verified; what is not
// https goes to this host itself alone. Belongs to one io_context's thread; outlives its calls. An
// error never says anything about a token.

#include "maild/auth/bearer_token.hpp"
#include "maild/net/client_tls.hpp"
#include "maild/net/host_lookup.hpp"
#include "maild/net/stream.hpp"
#include "maild/net/timer.hpp"
#include "maild/oauth/introspection.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace maild::oauth {

struct IssuerSettings {
    Url endpoint;
    ClientCredentials client;
    std::vector<std::string> names;            // of claims, see parse_answer()
    std::chrono::milliseconds timeout{5'000};  // of one question
    std::shared_ptr<const net::ClientTls> tls; // for https
};

class Issuer final : public auth::Introspector {
public:
    static constexpr std::size_t kLines =
        16; // connections, and so questions that are asked at once
    static constexpr std::size_t kWaiting = 256; // further ones that wait for a line; then busy
    static constexpr std::chrono::seconds kIdle{
        30}; // a connection unused for so long is not used again

    Issuer(boost::asio::io_context& io, IssuerSettings settings);

    // unavailable, busy, timed_out.
    net::Task<Result<auth::TokenClaims>> introspect(std::string token) override;

    std::size_t running() const { return running_; } // questions, waiting ones included
    // How the last question ended: empty when the issuer has given a good answer.
    const std::string& fault() const { return fault_; }
    bool was_asked() const { return was_asked_; }

private:
    using Deadline = std::chrono::steady_clock::time_point;
    struct Idle {
        std::unique_ptr<net::Stream> stream;
        SteadyTime since;
    };
    net::Task<Result<void>> take_line(Deadline deadline);
    net::Task<Result<auth::TokenClaims>> ask(std::string token, Deadline deadline);
    net::Task<Result<std::string>> exchange(std::string request, Deadline deadline);
    net::Task<Result<std::string>> exchange_on(std::unique_ptr<net::Stream> stream,
                                               std::string request, Deadline deadline);
    net::Task<Result<std::unique_ptr<net::Stream>>> connect(Deadline deadline);
    net::Task<std::unique_ptr<net::Stream>> take_idle();
    void note(const Result<auth::TokenClaims>& answer);

    boost::asio::io_context& io_;
    IssuerSettings settings_;
    net::HostLookup lookup_;
    std::vector<Idle> idle_; // the last one is the one used last
    std::size_t asking_ = 0;
    std::size_t running_ = 0;
    net::Event line_free_;
    std::string fault_;
    bool was_asked_ = false;
};

} // namespace maild::oauth
