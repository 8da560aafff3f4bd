#pragma once
// DEFLATE without any header (RFC 1951), as streams that never end by themselves: what a protocol
// compresses inside of TLS (RFC 4978 for IMAP). No I/O; used by one connection. Memory: 64 KiB for
// a Deflater, at most 44 KiB for an Inflater, from the first use on.

#include "maild/base/error.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace maild::net {

class Deflater {
public:
    Deflater();
    Deflater(Deflater&&) noexcept;
    Deflater& operator=(Deflater&&) noexcept;
    ~Deflater();

    // Appends what stands for `bytes`, to the last octet: the peer needs nothing more to read it
    // all. Another Deflater may go on behind it.
    void update(std::string_view bytes, std::string& out);
    // The end of the stream.
    void finish(std::string& out);

private:
    struct State;
    std::unique_ptr<State> state_;
};

class Inflater {
public:
    Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;
    ~Inflater();

    // Takes octets off the beginning of `in` until `at_most` were appended to `out`, or none are
    // left. Errc::protocol_error: this is no DEFLATE.
    Result<void> update(std::string_view& in, std::string& out, std::size_t at_most);
    // There is more to be had without more input.
    bool has_more() const { return has_more_; }
    // The peer has ended the stream; what is left of `in` does not belong to it.
    bool is_over() const { return is_over_; }

private:
    struct State;
    std::unique_ptr<State> state_;
    bool has_more_ = false;
    bool is_over_ = false;
};

} // namespace maild::net
