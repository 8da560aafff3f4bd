#pragma once
// Octets that grow by appending, for what is large: the kernel moves its pages to a place with more
// room (realloc(3), mremap(2)), so that growing neither copies it nor holds it twice for a moment,
// and what is reserved takes no memory before it is written.

#include <cstddef>
#include <string_view>
#include <utility>

namespace maild {

class OctetBuffer {
public:
    OctetBuffer() = default;
    OctetBuffer(const OctetBuffer&) = delete;
    OctetBuffer& operator=(const OctetBuffer&) = delete;
    OctetBuffer(OctetBuffer&& other) noexcept
        : octets_(std::exchange(other.octets_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    OctetBuffer& operator=(OctetBuffer&& other) noexcept;
    ~OctetBuffer() { release(); }

    // Twice as much room as before when it gets short, an eighth more beyond kDoubled.
    void append(std::string_view bytes); // not of this buffer
    void reserve(std::size_t capacity);
    void erase_front(std::size_t count); // of those that are there
    void release();                      // empty, and its memory given back

    char* data() { return octets_; }
    std::string_view view() const { return {octets_, size_}; }
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }
    bool is_empty() const { return size_ == 0; }

private:
    static constexpr std::size_t kFirst = 256;
    static constexpr std::size_t kDoubled = 1024 * 1024;

    char* octets_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace maild
