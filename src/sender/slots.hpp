#pragma once
// The connections that all destinations may have together. Who waits for one gets it in his turn.
// Destinations that could not be reached of late have half of them at most, so that hosts which
// drop what is sent to them hold no others up. One thread.

#include "maild/net/timer.hpp"

#include <cstddef>
#include <deque>
#include <memory>

namespace maild::sender {

class Slots {
public:
    explicit Slots(std::size_t most) : most_(most) {}

    // Of those that are taken now, none is taken back.
    void set_most(std::size_t most);
    // False: stop() was said.
    net::Task<bool> take(bool is_doubtful);
    void give_back(bool is_doubtful);
    void stop();

    std::size_t taken() const { return taken_; }
    // Somebody waits: who could do without his has to give it back.
    bool is_contended() const { return !waiting_.empty() && taken_ >= most_; }

private:
    struct Waiter {
        bool is_doubtful = false;
        bool has_slot = false;
        net::Event told;
    };
    bool may_take(bool is_doubtful) const;
    void grant();

    std::size_t most_;
    std::size_t taken_ = 0;
    std::size_t doubtful_ = 0; // of these
    std::deque<std::shared_ptr<Waiter>> waiting_;
    bool is_stopping_ = false;
};

} // namespace maild::sender
