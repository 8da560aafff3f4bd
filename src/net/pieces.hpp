#pragma once
// Where a gathered write stands: pieces that go out one behind the other, partly written or not.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <sys/uio.h>

namespace maild::net {

class Pieces {
public:
    explicit Pieces(std::span<const std::string_view> pieces) : pieces_(pieces) { advance(0); }

    bool done() const { return pieces_.empty(); }

    // Fills `out` with what comes next; how many entries.
    std::size_t vectors(std::span<iovec> out) const {
        std::size_t count = 0;
        for (const auto piece : pieces_) {
            if (count == out.size()) break;
            const auto rest = count == 0 ? piece.substr(offset_) : piece;
            out[count++] = {const_cast<char*>(rest.data()), rest.size()};
        }
        return count;
    }

    // What comes next in one stretch of at most scratch.size(): the piece itself if that is enough,
    // or copied together. The same octets again until advance().
    std::string_view stretch(std::span<char> scratch) const {
        const auto first = pieces_.front().substr(offset_);
        if (pieces_.size() == 1 || first.size() >= scratch.size())
            return first.substr(0, scratch.size());
        std::size_t size = 0;
        for (const auto piece : pieces_) {
            const auto rest = size == 0 ? first : piece;
            const auto count = std::min(rest.size(), scratch.size() - size);
            std::memcpy(scratch.data() + size, rest.data(), count);
            size += count;
            if (size == scratch.size()) break;
        }
        return {scratch.data(), size};
    }

    void advance(std::size_t count) {
        offset_ += count;
        while (!pieces_.empty() && offset_ >= pieces_.front().size()) {
            offset_ -= pieces_.front().size();
            pieces_ = pieces_.subspan(1);
        }
    }

private:
    std::span<const std::string_view> pieces_;
    std::size_t offset_ = 0; // of the first piece
};

} // namespace maild::net
