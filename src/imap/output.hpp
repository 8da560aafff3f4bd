#pragma once
// Where a session puts its responses. It appends to `text`; when much has gathered it flushes,
// which waits for a slow reader: a client that does not read holds at most what stands here.

#include "imap/limits.hpp"

#include "maild/net/task.hpp"

#include <string>

namespace maild::imap {

class Output {
public:
    virtual ~Output() = default;
    // Writes `text` and empties it. False: the peer is gone or too slow, and nothing more needs to
    // be done for it.
    virtual net::Task<bool> flush() = 0;

    bool is_full() const { return text.size() >= kFlushSize; }

    std::string text;
};

} // namespace maild::imap
