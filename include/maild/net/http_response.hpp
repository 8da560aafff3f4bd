#pragma once
// One HTTP/1.1 response (RFC 9112) as it comes in, in any pieces. Bounded: a header of 16 KiB, as
// much for a line between chunks or behind them, a body of 64 KiB. Interim responses before it
// (RFC 9110 §15.2) are read and dropped. Boost.Beast parses; this is its only user.

#include "maild/base/error.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace maild::net {

inline constexpr std::size_t kMaxHttpHeader = 16 * 1024;
inline constexpr std::size_t kMaxHttpBody = 64 * 1024;
inline constexpr unsigned kMostInterimResponses = 8; // responses

class HttpResponseReader {
public:
    HttpResponseReader();
    ~HttpResponseReader();
    HttpResponseReader(HttpResponseReader&&) noexcept;
    HttpResponseReader& operator=(HttpResponseReader&&) noexcept;

    // Takes what it can of `in` off its front. protocol_error or too_large end the connection.
    Result<void> put(std::string& in);
    // The connection has ended: that may be the body's end (RFC 9112 §6.3, item 8).
    Result<void> put_end();
    bool is_whole() const;

    unsigned status() const;
    std::string content_type() const; // as the field says it; empty without
    std::string take_body();
    bool keeps_connection() const; // RFC 9112 §9.3

private:
    struct Parser;
    bool is_interim() const;
    std::unique_ptr<Parser> parser_;
    unsigned interim_ = 0;
};

} // namespace maild::net
