#pragma once
// How many FETCHes have the store read on while they write: each holds an answer more, a megabyte.
// Others ask for the next answer when the one before is written. Of one thread.

#include <cstddef>

namespace maild::imap {

class ReadAheads {
public:
    static constexpr std::size_t kEach = 1'400'000; // octets at most
    static constexpr std::size_t kMost = 16;

    void set_most(std::size_t most) { most_ = most; }

    // A place as long as it lives; false when all are taken.
    class Place {
    public:
        explicit Place(ReadAheads& all) : all_(all), is_taken_(all.taken_ < all.most_) {
            if (is_taken_) ++all_.taken_;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (is_taken_) --all_.taken_;
        }
        explicit operator bool() const { return is_taken_; }

    private:
        ReadAheads& all_;
        bool is_taken_;
    };

private:
    std::size_t most_ = kMost;
    std::size_t taken_ = 0;
};

} // namespace maild::imap
