#include "oauth/response.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <utility>

namespace maild::oauth {
namespace http = boost::beast::http;
namespace {

Result<void> outcome(const boost::system::error_code& error) {
    if (!error || error == http::error::need_more) return {};
    const bool is_large = error == http::error::header_limit || error == http::error::body_limit ||
                          error == http::error::buffer_overflow;
    return fail(is_large ? Errc::too_large : Errc::protocol_error, "HTTP: " + error.message());
}

} // namespace

struct ResponseReader::Parser {
    Parser() {
        response.header_limit(kMaxHeader);
        response.body_limit(kMaxBody);
        response.eager(true);
    }
    http::response_parser<http::string_body> response;
};

ResponseReader::ResponseReader() : parser_(std::make_unique<Parser>()) {}
ResponseReader::~ResponseReader() = default;
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;

Result<void> ResponseReader::put(std::string& in) {
    boost::system::error_code error;
    while (!in.empty() && !is_whole()) {
        const auto taken = parser_->response.put(boost::asio::buffer(in), error);
        in.erase(0, taken);
        if (error && error != http::error::need_more) return outcome(error);
        if (parser_->response.is_done() && is_interim()) {
            if (++interim_ > kMostInterim)
                return fail(Errc::too_large, "HTTP: too many interim responses");
            parser_ = std::make_unique<Parser>();
        } else if (taken == 0) {
            break;
        }
    }
    // A chunk's first line, or a trailer, that does not end: the parser waits for it.
    if (!is_whole() && in.size() > kMaxHeader)
        return fail(Errc::too_large, "HTTP: a line without end");
    return {};
}

Result<void> ResponseReader::put_end() {
    boost::system::error_code error;
    const bool has_header = parser_->response.is_header_done(); // behind put_eof() always
    parser_->response.put_eof(error);
    if (!error && (!has_header || !is_whole())) error = http::error::partial_message;
    return outcome(error);
}

bool ResponseReader::is_whole() const { return parser_->response.is_done() && !is_interim(); }
bool ResponseReader::is_interim() const { return status() / 100 == 1; }
unsigned ResponseReader::status() const { return parser_->response.get().result_int(); }
std::string ResponseReader::take_body() { return std::move(parser_->response.get().body()); }
bool ResponseReader::keeps_connection() const { return parser_->response.keep_alive(); }

} // namespace maild::oauth
