#include "maild/base/octet_buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace maild {

OctetBuffer& OctetBuffer::operator=(OctetBuffer&& other) noexcept {
    if (this == &other) return *this;
    release();
    octets_ = std::exchange(other.octets_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
}

void OctetBuffer::append(std::string_view bytes) {
    if (bytes.empty()) return;
    const auto needed = size_ + bytes.size();
    if (needed > capacity_) {
        const auto more = capacity_ < kDoubled ? 2 * capacity_ : capacity_ + capacity_ / 8;
        reserve(std::max({needed, more, kFirst}));
    }
    std::memcpy(octets_ + size_, bytes.data(), bytes.size());
    size_ = needed;
}

void OctetBuffer::reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    auto* const grown = static_cast<char*>(std::realloc(octets_, capacity));
    if (grown == nullptr) throw std::bad_alloc();
    octets_ = grown;
    capacity_ = capacity;
}

void OctetBuffer::erase_front(std::size_t count) {
    if (count == 0) return;
    size_ -= count;
    if (size_ > 0) std::memmove(octets_, octets_ + count, size_);
}

void OctetBuffer::release() {
    std::free(octets_);
    octets_ = nullptr;
    size_ = capacity_ = 0;
}

} // namespace maild
