#include "maild/oauth/issuer.hpp"

#include "maild/base/counted.hpp"
#include "maild/net/connect.hpp"
#include "maild/net/http_response.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::oauth {
namespace {

using std::chrono::milliseconds;
using Deadline = std::chrono::steady_clock::time_point;

constexpr std::size_t kPiece = 16 * 1024;

milliseconds left(Deadline deadline) {
    return std::max(std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()),
                    milliseconds(0));
}

// RFC 7662 §2.3: whatever is not 200 is about us, not about the token.
Result<std::string> body_of(net::HttpResponseReader& response) {
    const auto status = response.status();
    if (status == 200) return response.take_body();
    // RFC 9110 §15.5.9: it has closed what was idle, perhaps before it saw the question.
    if (status == 408) return fail(Errc::closed, "HTTP status 408");
    const bool is_our_secret = status == 401 || status == 403;
    return fail(Errc::unavailable,
                "HTTP status " + std::to_string(status) +
                    (is_our_secret ? ": oauth.client_id or its secret is not accepted" : ""));
}

} // namespace

Issuer::Issuer(boost::asio::io_context& io, IssuerSettings settings)
    : io_(io), settings_(std::move(settings)), lookup_(io, settings_.endpoint.host) {}

net::Task<Result<auth::TokenClaims>> Issuer::introspect(std::string token) {
    if (running_ >= kLines + kWaiting) co_return fail(Errc::busy, "too many tokens to ask for");
    const Counted running(running_);
    const auto deadline = std::chrono::steady_clock::now() + settings_.timeout;
    const auto line = co_await take_line(deadline);
    if (!line) co_return std::unexpected(line.error());
    auto answer = co_await ask(std::move(token), deadline);
    line_free_.notify();
    note(answer);
    co_return answer;
}

// Whoever finds none when it is woken waits on.
net::Task<Result<void>> Issuer::take_line(Deadline deadline) {
    while (asking_ >= kLines) {
        const auto woken = co_await line_free_.wait(left(deadline));
        if (!woken && asking_ >= kLines)
            co_return fail(Errc::timed_out, "the issuer is slow, and others wait for it");
    }
    co_return Result<void>{};
}

net::Task<Result<auth::TokenClaims>> Issuer::ask(std::string token, Deadline deadline) {
    const Counted asking(asking_);
    auto request = format_request(settings_.endpoint, settings_.client, token);
    auto body = co_await exchange(std::move(request), deadline);
    if (!body) co_return std::unexpected(std::move(body.error()));
    co_return parse_answer(*body, settings_.names);
}

// A kept connection may have been closed at the other end just now, which says nothing: then once
// more on a new one. To ask twice changes nothing.
net::Task<Result<std::string>> Issuer::exchange(std::string request, Deadline deadline) {
    auto kept = co_await take_idle();
    if (kept) {
        auto answer = co_await exchange_on(std::move(kept), request, deadline);
        if (answer || answer.error().code != Errc::closed) co_return answer;
    }
    auto fresh = co_await connect(deadline);
    if (!fresh) co_return std::unexpected(std::move(fresh.error()));
    auto answer = co_await exchange_on(std::move(*fresh), std::move(request), deadline);
    if (!answer && answer.error().code == Errc::closed) answer.error().code = Errc::unavailable;
    co_return answer;
}

// closed: before the first octet of an answer, or that is what the answer says.
net::Task<Result<std::string>> Issuer::exchange_on(std::unique_ptr<net::Stream> stream,
                                                   std::string request, Deadline deadline) {
    const auto written = co_await stream->write(request, left(deadline));
    if (!written) co_return std::unexpected(written.error());
    net::HttpResponseReader response;
    std::string in;
    bool has_begun = false;
    while (!response.is_whole()) {
        const auto count = co_await stream->read_append(in, kPiece, left(deadline));
        if (!count && (count.error().code != Errc::closed || !has_begun))
            co_return std::unexpected(count.error());
        auto taken = count ? response.put(in) : response.put_end();
        if (!taken) co_return std::unexpected(std::move(taken.error()));
        has_begun = true;
    }
    if (response.keeps_connection() && in.empty())
        idle_.push_back({std::move(stream), std::chrono::steady_clock::now()});
    co_return body_of(response);
}

net::Task<Result<std::unique_ptr<net::Stream>>> Issuer::connect(Deadline deadline) {
    const auto& endpoint = settings_.endpoint;
    auto addresses = co_await lookup_.find(left(deadline));
    if (!addresses) co_return std::unexpected(std::move(addresses.error()));
    Error last{Errc::unavailable, "no address to connect to"};
    for (std::size_t i = 0; i < addresses->size() && left(deadline).count() > 0; ++i) {
        const auto& address = (*addresses)[i];
        if (!endpoint.is_https && !address.is_loopback()) {
            last.internal = "http is for this host itself, and " + endpoint.host + " is another";
            continue;
        }
        // One that does not answer leaves time for the next.
        const auto share = left(deadline) / static_cast<int>(addresses->size() - i);
        auto connected = co_await net::connect_tcp(io_, address, endpoint.port, share);
        if (!connected) {
            last = std::move(connected.error());
            continue;
        }
        auto stream = std::make_unique<net::Stream>(std::move(*connected));
        if (!endpoint.is_https) co_return std::move(stream);
        const auto secured =
            co_await stream->start_client_tls(*settings_.tls, endpoint.host, left(deadline));
        if (secured) co_return std::move(stream);
        last = secured.error();
    }
    last.code = Errc::unavailable;
    co_return std::unexpected(std::move(last));
}

// One that can be read from before anything was asked is at its end, or brings an answer to
// nothing.
net::Task<std::unique_ptr<net::Stream>> Issuer::take_idle() {
    while (true) {
        const auto now = std::chrono::steady_clock::now();
        std::erase_if(idle_, [now](const Idle& idle) { return now - idle.since >= kIdle; });
        if (idle_.empty()) co_return nullptr;
        auto stream = std::move(idle_.back().stream);
        idle_.pop_back();
        std::string unasked;
        const auto count = co_await stream->read_append(unasked, 1, milliseconds(0));
        if (!count && count.error().code == Errc::timed_out) co_return stream;
    }
}

void Issuer::note(const Result<auth::TokenClaims>& answer) {
    was_asked_ = true;
    fault_.clear();
    if (!answer) fault_ = answer.error().internal;
    if (!answer && fault_.empty()) fault_ = name_of(answer.error().code);
}

} // namespace maild::oauth
