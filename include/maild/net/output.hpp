#pragma once
// What a session has to say and has not sent yet: replies are collected and written together, one
// write for a pipelined group (RFC 2920 §3.2), large ones without being copied. Bounded by the
// caller: full() says that it is time to flush before more is put in, so that a peer that does not
// read holds at most the limit.

#include "maild/base/error.hpp"
#include "maild/net/stream.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace maild::net {

class Output {
public:
    static constexpr std::size_t kDefaultLimit = 1024 * 1024;

    // `stream` outlives it.
    explicit Output(Stream& stream, std::size_t limit = kDefaultLimit)
        : stream_(&stream), limit_(limit) {}

    void put(std::string bytes);
    void put(std::string_view bytes);
    void put(const char* text) { put(std::string_view(text)); }

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    bool full() const { return size_ >= limit_; }

    // Writes everything; the deadline covers it all. Empty afterwards, also when it failed.
    Task<Result<void>> flush(std::chrono::milliseconds timeout);
    void clear();
    void rebind(Stream& stream) { stream_ = &stream; } // after a move of the stream

private:
    Stream* stream_;
    std::size_t limit_;
    std::size_t size_ = 0;
    std::vector<std::string> pieces_;
};

} // namespace maild::net
