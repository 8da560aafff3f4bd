#pragma once
// Tells a client that waits for a long command how far it is (RFC 9585). Belongs to one command.

#include "imap/output.hpp"

#include "maild/base/clock.hpp"
#include "maild/net/task.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::imap {

class Progress {
public:
    // Silence before the first word, and between two.
    static constexpr std::chrono::seconds kInterval{10};

    // `out` and `clock` outlive it.
    Progress(Output& out, const Clock& clock, std::string_view tag)
        : out_(out), clock_(clock), tag_(tag), next_(clock.steady_now() + kInterval) {}

    // The command has several parts, whose numbers would contradict each other (RFC 9585 §4).
    void hide_numbers() { has_numbers_ = false; }

    // Nobody waits: it is never due.
    void mute() { next_ = SteadyTime::max(); }

    bool is_due() const { return clock_.steady_now() >= next_; }
    // Sends it at once. `done` never shrinks and stays below `goal`, which never changes; 0: it is
    // not known. False: the peer is gone, and nobody waits any more.
    net::Task<bool> tell(std::uint64_t done, std::uint64_t goal);

private:
    Output& out_;
    const Clock& clock_;
    std::string tag_;
    SteadyTime next_;
    bool has_numbers_ = true;
};

} // namespace maild::imap
