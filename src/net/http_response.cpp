#include "maild/net/http_response.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <utility>

namespace maild::net {
namespace http = boost::beast::http;
namespace {

Result<void> outcome(const boost::system::error_code& error) {
    if (!error || error == http::error::need_more) return {};
    const bool is_large = error == http::error::header_limit || error == http::error::body_limit ||
                          error == http::error::buffer_overflow;
    return fail(is_large ? Errc::too_large : Errc::protocol_error, "HTTP: " + error.message());
}

} // namespace

struct HttpResponseReader::Parser {
    Parser() {
        response.header_limit(kMaxHttpHeader);
        response.body_limit(kMaxHttpBody);
        response.eager(true);
    }
    http::response_parser<http::string_body> response;
};

HttpResponseReader::HttpResponseReader() : parser_(std::make_unique<Parser>()) {}
HttpResponseReader::~HttpResponseReader() = default;
HttpResponseReader::HttpResponseReader(HttpResponseReader&&) noexcept = default;
HttpResponseReader& HttpResponseReader::operator=(HttpResponseReader&&) noexcept = default;

Result<void> HttpResponseReader::put(std::string& in) {
    boost::system::error_code error;
    while (!in.empty() && !is_whole()) {
        const auto taken = parser_->response.put(boost::asio::buffer(in), error);
        in.erase(0, taken);
        if (error && error != http::error::need_more) return outcome(error);
        if (parser_->response.is_done() && is_interim()) {
            if (++interim_ > kMostInterimResponses)
                return fail(Errc::too_large, "HTTP: too many interim responses");
            parser_ = std::make_unique<Parser>();
        } else if (taken == 0) {
            break;
        }
    }
    // A chunk's first line, or a trailer, that does not end: the parser waits for it.
    if (!is_whole() && in.size() > kMaxHttpHeader)
        return fail(Errc::too_large, "HTTP: a line without end");
    return {};
}

Result<void> HttpResponseReader::put_end() {
    boost::system::error_code error;
    const bool has_header = parser_->response.is_header_done(); // behind put_eof() always
    parser_->response.put_eof(error);
    if (!error && (!has_header || !is_whole())) error = http::error::partial_message;
    return outcome(error);
}

bool HttpResponseReader::is_whole() const { return parser_->response.is_done() && !is_interim(); }
bool HttpResponseReader::is_interim() const { return status() / 100 == 1; }
unsigned HttpResponseReader::status() const { return parser_->response.get().result_int(); }
std::string HttpResponseReader::content_type() const {
    return std::string(parser_->response.get()[http::field::content_type]);
}
std::string HttpResponseReader::take_body() { return std::move(parser_->response.get().body()); }
bool HttpResponseReader::keeps_connection() const { return parser_->response.keep_alive(); }

} // namespace maild::net
