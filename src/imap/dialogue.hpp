#pragma once
// What stands between a connection's octets and the session: finds commands, hands them on one
// after the other, and says when it needs more. The same for sockets, tests and fuzzers: no result
// depends on how octets are cut.

#include "imap/fragmenter.hpp"
#include "imap/session.hpp"

#include <string_view>

namespace maild::imap {

class Dialogue {
public:
    // As for Session.
    Dialogue(Session::Channel channel, const Server& server, Output& output, net::Event& wake);

    void append(std::string_view bytes) { fragmenter_.append(bytes); }
    // Handles what is there, up to the next thing that only the connection can do: read more, start
    // TLS, change the compression, wait out a failed login's delay, or end. Responses may be left
    // in the output: flush them then.
    net::Task<void> advance();

    Session& session() { return session_; }
    std::size_t pending() const { return fragmenter_.pending(); } // octets of an unfinished command
    bool has_input() const { return !fragmenter_.ahead().empty(); }
    void release() { fragmenter_.release(); }
    std::size_t memory() const {
        return sizeof(Dialogue) - sizeof(Session) + fragmenter_.capacity() + session_.memory();
    }

private:
    net::Task<void> on_fragment();

    Fragmenter fragmenter_;
    Session session_;
    Output& out_;
    const Server& server_;
    bool is_authenticated_ = false;
};

} // namespace maild::imap
