#include "maild/relay/sts_fetch.hpp"

#include "maild/base/ascii.hpp"
#include "maild/net/connect.hpp"
#include "maild/net/http_response.hpp"
#include "maild/relay/destination.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

using Deadline = std::chrono::steady_clock::time_point;
constexpr std::size_t kPiece = 16 * 1024;
static_assert(net::kMaxHttpBody <= kMaxStsPolicy);

std::chrono::milliseconds left(Deadline deadline) {
    return std::max(
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()),
        std::chrono::milliseconds(0));
}

std::unexpected<StsFault> fault(std::string words,
                                TlsResult result = TlsResult::sts_policy_fetch_error) {
    return std::unexpected(StsFault{result, cleaned(words)});
}

// §3.3: any answer but 200 is none, and redirects are not followed. text/plain is asked for, so
// that what users may put on a web server is no policy.
std::expected<std::string, StsFault> policy_of(net::HttpResponseReader& response) {
    if (response.status() != 200) return fault("HTTP status " + std::to_string(response.status()));
    const auto type = response.content_type();
    const auto media = ascii::trim(std::string_view(type).substr(0, type.find(';')));
    if (!ascii::equals_icase(media, "text/plain"))
        return fault("the policy's media type is not text/plain");
    return response.take_body();
}

} // namespace

net::Task<std::expected<std::string, StsFault>> HttpsStsFetcher::fetch(std::string domain) {
    const auto deadline = std::chrono::steady_clock::now() + options_.timeout;
    const auto host = "mta-sts." + domain;
    auto name = host;
    auto stream = co_await connect(std::move(name), deadline);
    if (!stream) co_return std::unexpected(std::move(stream.error()));
    auto text = co_await ask(std::move(*stream), host, deadline);
    co_return text;
}

net::Task<std::expected<net::Stream, StsFault>> HttpsStsFetcher::connect(std::string host,
                                                                         Deadline deadline) {
    const LookupOptions lookup{.allows_loopback = options_.allows_loopback,
                               .timeout = left(deadline) / 2};
    const auto found = co_await find_host(resolver_, host, lookup);
    if (!found) co_return fault(host + ": " + found.error().words);
    const auto& addresses = found->hosts.front().addresses;
    auto last = fault("no address to connect to");
    for (std::size_t i = 0; i < addresses.size() && left(deadline).count() > 0; ++i) {
        const auto share = left(deadline) / static_cast<int>(addresses.size() - i);
        auto stream = co_await net::connect_tcp(io_, addresses[i], options_.port, share);
        if (!stream) {
            last = fault(stream.error().internal);
            continue;
        }
        const auto verdict = std::make_shared<net::TlsVerdict>();
        const auto tls = tls_->expecting({}, verdict);
        const auto secured = co_await stream->start_client_tls(*tls, host, left(deadline));
        if (secured) co_return std::move(*stream);
        const bool is_certificate = verdict->fault != net::CertificateFault::none;
        last = fault(host + ": " + secured.error().internal,
                     is_certificate ? TlsResult::sts_webpki_invalid
                                    : TlsResult::sts_policy_fetch_error);
    }
    co_return last;
}

net::Task<std::expected<std::string, StsFault>>
HttpsStsFetcher::ask(net::Stream stream, std::string host, Deadline deadline) {
    const auto request = "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " + host +
                         "\r\nUser-Agent: Maild\r\nAccept: text/plain\r\nConnection: close\r\n\r\n";
    const auto written = co_await stream.write(request, left(deadline));
    if (!written) co_return fault(host + ": the connection was lost");
    net::HttpResponseReader response;
    std::string in;
    while (!response.is_whole()) {
        const auto count = co_await stream.read_append(in, kPiece, left(deadline));
        if (!count && count.error().code != Errc::closed)
            co_return fault(host + ": no answer in time");
        const auto taken = count ? response.put(in) : response.put_end();
        if (!taken) co_return fault(host + ": " + taken.error().internal);
    }
    co_return policy_of(response);
}

} // namespace maild::relay
