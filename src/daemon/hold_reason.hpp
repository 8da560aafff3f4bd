#pragma once

namespace maild::daemon {

// Why what goes elsewhere waits in the queue: `mailctl queue list` shows it, `queue release` ends
// it.
inline constexpr const char* kHoldReason = "sending is switched off: [queue] sending";

} // namespace maild::daemon
