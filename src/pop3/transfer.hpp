#pragma once
// What is sent of one message: transparency (RFC 1939 §3), TOP's cut, and the final dot. Takes the
// message in pieces of any size; keeps none. Pure, linear.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::pop3 {

// TOP (RFC 1939 §7): the header section with its empty line, and so many lines of the body.
struct TopCut {
    std::uint64_t header_size = 0;
    std::uint32_t lines = 0;
};

class Transfer {
public:
    // Of a message of `size` octets.
    Transfer(std::uint64_t size, std::optional<TopCut> top);

    // The next octets of the message, as they go out; behind the last ones the final dot.
    void append(std::string& out, std::string_view piece);
    std::uint64_t offset() const { return offset_; } // what the next piece begins with
    bool is_done() const { return is_done_; }

private:
    std::size_t wanted(std::string_view piece);
    void stuff(std::string& out, std::string_view piece);

    std::uint64_t size_;
    std::optional<TopCut> top_;
    std::uint64_t offset_ = 0;
    bool is_line_start_ = true;
    bool ends_in_cr_ = false;
    bool ends_in_crlf_ = true; // of nothing: the dot may follow at once
    bool is_done_ = false;
};

} // namespace maild::pop3
