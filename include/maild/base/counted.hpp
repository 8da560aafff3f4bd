#pragma once
// Counts for as long as it lives, however the scope is left.

#include <cstddef>

namespace maild {

class Counted {
public:
    explicit Counted(std::size_t& count) : count_(count) { ++count_; } // outlives this
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

private:
    std::size_t& count_;
};

} // namespace maild
