#pragma once
// For what can only be wrong if our own code is: log where, abort, and let the supervisor start a
// fresh process. Never for anything that a peer, an admin or a disk can cause.

#include <source_location>

namespace maild {

[[noreturn]] void ensure_failed(const char* what, std::source_location where);

inline void ensure(bool condition, const char* what = "invariant",
                   std::source_location where = std::source_location::current()) {
    if (!condition) [[unlikely]]
        ensure_failed(what, where);
}

} // namespace maild
