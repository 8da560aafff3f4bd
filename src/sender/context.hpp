#pragma once
// What all runs of a sender share. One thread.

#include "sender/settler.hpp"
#include "sender/slots.hpp"

#include "maild/net/timer.hpp"
#include "maild/sender/retry.hpp"
#include "maild/sender/schedule.hpp"
#include "maild/sender/sender.hpp"

#include <cstddef>

namespace maild::sender {

struct Context {
    boost::asio::io_context& io;
    store::Queue& queue;
    Transport& transport;
    AttemptSink* attempts; // null: nobody wants to know
    const Clock& clock;
    Random& random;
    Options options;
    Settler settler{queue};
    Schedule schedule{options.down};
    Slots slots{options.connections}; // connections that are open, or being opened
    net::Event changed;               // the schedule, or that a run has ended
    std::size_t runs = 0;
    bool is_stopping = false;
};

} // namespace maild::sender
