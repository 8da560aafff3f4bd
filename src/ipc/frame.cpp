#include "ipc/frame.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace maild::ipc {
namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied as they stand in memory");

template <class Number> void put(HeaderBytes& bytes, std::size_t at, Number value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
}
template <class Number> Number get(const HeaderBytes& bytes, std::size_t at) {
    Number value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

} // namespace

HeaderBytes format_header(const Header& header) {
    HeaderBytes bytes;
    put(bytes, 0, header.length);
    put(bytes, 4, header.id);
    put(bytes, 8, header.type);
    put(bytes, 10, header.kind);
    put(bytes, 11, header.fds);
    put(bytes, 12, header.blob);
    return bytes;
}

Result<Header> parse_header(const HeaderBytes& bytes, const Limits& limits) {
    Header header;
    header.length = get<std::uint32_t>(bytes, 0);
    header.id = get<std::uint32_t>(bytes, 4);
    header.type = get<MessageType>(bytes, 8);
    header.kind = get<Kind>(bytes, 10);
    header.fds = get<std::uint8_t>(bytes, 11);
    header.blob = get<std::uint32_t>(bytes, 12);
    if (header.kind > Kind::error) return fail(Errc::protocol_error, "frame: unknown kind");
    if (header.fds > (kBlobFd | kOtherFd))
        return fail(Errc::protocol_error, "frame: unknown descriptors");
    if (header.blob > header.length || header.blob > Blob::kMaxInline) {
        return fail(Errc::protocol_error, "frame: impossible size of the inline blob");
    }
    if (header.blob > 0 && (header.fds & kBlobFd) != 0)
        return fail(Errc::protocol_error, "frame: two blobs");
    if ((header.fds & kOtherFd) != 0 && !limits.accept_descriptors) {
        return fail(Errc::protocol_error, "frame: descriptors are not taken here");
    }
    if (header.length - header.blob > limits.max_payload)
        return fail(Errc::protocol_error, "frame: payload too large");
    if ((header.kind == Kind::event) != (header.id == 0))
        return fail(Errc::protocol_error, "frame: wrong id");
    return header;
}

Header header_for(Kind kind, std::uint32_t id, MessageType type, const Message& message) {
    Header header;
    header.kind = kind;
    header.id = id;
    header.type = type;
    const bool is_inline = message.blob.descriptor() < 0;
    header.blob = is_inline ? static_cast<std::uint32_t>(message.blob.size()) : 0;
    header.length = static_cast<std::uint32_t>(message.payload.size()) + header.blob;
    header.fds =
        static_cast<std::uint8_t>((is_inline ? 0 : kBlobFd) | (message.descriptor ? kOtherFd : 0));
    return header;
}

void FrameDecoder::fill(std::string& part, std::size_t size, std::string_view& in) const {
    // More memory than this only for bytes that have come.
    constexpr std::size_t kTrusted = 256 * 1024;
    if (part.capacity() < size && part.empty()) part.reserve(std::min(size, kTrusted));
    const auto piece = in.substr(0, size - part.size());
    part += piece;
    in.remove_prefix(piece.size());
}

Result<std::optional<Frame>> FrameDecoder::next(std::string_view& in) {
    if (header_size_ < kHeaderSize) {
        const auto piece = in.substr(0, kHeaderSize - header_size_);
        std::ranges::copy(piece, header_bytes_.begin() + static_cast<std::ptrdiff_t>(header_size_));
        header_size_ += piece.size();
        in.remove_prefix(piece.size());
        if (header_size_ < kHeaderSize) return std::nullopt;
        const auto header = parse_header(header_bytes_, limits_);
        if (!header) return std::unexpected(header.error());
        frame_.header = *header;
    }
    const std::size_t payload = frame_.header.length - frame_.header.blob;
    if (frame_.payload.size() < payload) fill(frame_.payload, payload, in);
    if (frame_.payload.size() == payload) fill(frame_.blob, frame_.header.blob, in);
    if (frame_.payload.size() < payload || frame_.blob.size() < frame_.header.blob)
        return std::nullopt;
    header_size_ = 0;
    return std::exchange(frame_, Frame{});
}

} // namespace maild::ipc
