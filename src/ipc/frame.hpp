#pragma once
// How messages stand on a socket between our processes: a header of 16 octets, the payload, the
// inline part of a Blob.
//
//     u32 length   of what follows the header: payload and inline blob
//     u32 id       of the request; its answer has the same; 0 in events
//     u16 type
//     u8  kind     Kind
//     u8  fds      bit 0: a memfd with the blob, bit 1: another descriptor; by SCM_RIGHTS,
//                  in this order
//     u32 blob     how many of the last octets are the inline blob
//
// All little-endian, as in codec.hpp.

#include "maild/base/error.hpp"
#include "maild/ipc/message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::ipc {

enum class Kind : std::uint8_t { request, reply, event, error };

inline constexpr std::uint8_t kBlobFd = 1;
inline constexpr std::uint8_t kOtherFd = 2;
inline constexpr std::size_t kHeaderSize = 16;
using HeaderBytes = std::array<char, kHeaderSize>;

struct Header {
    std::uint32_t length = 0;
    std::uint32_t id = 0;
    MessageType type = 0;
    Kind kind = Kind::request;
    std::uint8_t fds = 0;
    std::uint32_t blob = 0;
    friend bool operator==(const Header&, const Header&) = default;
};

HeaderBytes format_header(const Header& header);
// Errc::protocol_error for what no correct peer sends.
Result<Header> parse_header(const HeaderBytes& bytes, const Limits& limits);
// Header of a message that goes out; its payload must have less than 4 GiB.
Header header_for(Kind kind, std::uint32_t id, MessageType type, const Message& message);

struct Frame {
    Header header;
    std::string payload;
    std::string blob; // the inline one
};

// Cuts a stream of bytes into frames, whatever its segmentation. Holds one unfinished frame, and
// memory only for what of it has really come.
class FrameDecoder {
public:
    explicit FrameDecoder(const Limits& limits) : limits_(limits) {}
    // Takes what it can use off the front of `in`. A frame as soon as one is whole; none when more
    // bytes are needed (then `in` is empty). After an error it is of no further use.
    Result<std::optional<Frame>> next(std::string_view& in);

private:
    void fill(std::string& part, std::size_t size, std::string_view& in) const;

    Limits limits_;
    HeaderBytes header_bytes_{};
    std::size_t header_size_ = 0; // octets of it that are there
    Frame frame_;
};

} // namespace maild::ipc
