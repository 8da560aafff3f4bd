#pragma once
// Takes up what the command sendmail has left in the maildrop: each file is submitted by a process
// that has become the file's owner for good, over the daemon's socket, so that its sender is whom
// the kernel says it is. The process that does this as root opens files and looks at their owner,
// size and links, and reads not an octet of them. A file goes only when the daemon has said 250:
// nothing is lost, and a message may come twice if this ends between the two.

#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace maild::sendmail {

// What became of one file, for the log. A file that is refused is kept under the name "bad.…".
struct PickedUp {
    enum class Fate : std::uint8_t { submitted, later, refused };
    Fate fate = Fate::later;
    std::string_view file;
    std::uint32_t uid = 0; // its owner
    std::string_view why;  // of `refused`
};

struct PickupPlan {
    std::string maildrop;
    std::string socket;
    std::uint64_t most_octets = 1ull << 30; // of a file
    std::function<void(const PickedUp&)> report;
    std::function<bool()> is_stopping; // asked between two files; none: never
};

struct PickupCount {
    std::size_t submitted = 0;
    std::size_t refused = 0;
    std::size_t left = 0; // for a later turn
};

// One turn. not_permitted: the maildrop is not this user's. busy: another process is at it.
// unavailable: the daemon does not answer. As an ordinary user only its own files are taken.
Result<PickupCount> pick_up(const PickupPlan& plan);

} // namespace maild::sendmail
