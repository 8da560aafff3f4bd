#pragma once
// What `control` asks `sender`: the way to a destination, step by step.

#include "maild/ipc/message.hpp"
#include "maild/sender/probe.hpp"

namespace maild::daemon {

inline constexpr ipc::MessageType kProbe = 0x7341; // sender::ProbeRequest → sender::ProbeReport

} // namespace maild::daemon
