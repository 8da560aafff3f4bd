#include "imap/decoded_part.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

constexpr std::uint64_t kPiece = 256 * 1024; // encoded, at a time
constexpr std::size_t kFew = 256 * 1024;     // decoded, that need not be decoded again

} // namespace

std::string_view overlap(std::string_view piece, std::uint64_t position, Slice wanted) {
    const auto end = position + piece.size();
    const auto from = std::clamp(wanted.begin, position, end) - position;
    const auto upto = std::clamp(wanted.end, position, end) - position;
    return from < upto ? piece.substr(from, upto - from) : std::string_view();
}

DecodedPart::DecodedPart(const store::MessageData& message, store::MessageStore& store,
                         store::SessionId session, Slice encoded, mail::TransferEncoding encoding)
    : message_(message),
      store_(store),
      session_(session),
      encoded_(encoded),
      encoding_(encoding),
      position_(encoded.begin),
      decoder_(encoding) {}

void DecodedPart::rewind() {
    position_ = encoded_.begin;
    decoder_ = mail::TransferDecoder(encoding_);
    is_finished_ = false;
}

net::Task<Result<std::string>> DecodedPart::read(std::uint64_t length) {
    if (position_ + length <= message_.content.size())
        co_return message_.content.substr(position_, length);
    auto octets = co_await store_.read(session_, message_.uid, position_, length);
    if (octets && octets->empty()) co_return fail(Errc::corrupt, "a message ends early");
    co_return octets;
}

net::Task<Result<std::string>> DecodedPart::next() {
    std::string out;
    while (out.empty() && position_ < encoded_.end) {
        auto octets = co_await read(std::min(kPiece, encoded_.end - position_));
        if (!octets) co_return octets;
        position_ += octets->size();
        decoder_.update(*octets, out);
    }
    if (position_ == encoded_.end && !is_finished_) {
        is_finished_ = true;
        decoder_.finish(out);
    }
    co_return out;
}

net::Task<Result<Measured>> DecodedPart::measure(Slice wanted) {
    Measured measured;
    measured.octets.emplace();
    for (std::uint64_t position = 0; position < wanted.end;) {
        const auto piece = co_await next();
        if (!piece) co_return std::unexpected(piece.error());
        if (piece->empty()) break;
        const auto part = overlap(*piece, position, wanted);
        position += piece->size();
        measured.size += part.size();
        measured.has_nul = measured.has_nul || part.contains('\0');
        if (measured.size > kFew)
            measured.octets.reset();
        else
            measured.octets->append(part);
    }
    measured.is_damaged = decoder_.is_damaged();
    co_return measured;
}

} // namespace maild::imap
