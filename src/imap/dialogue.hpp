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
    void stop_waiting(); // for memory, now and later: there is none
    // So many octets of a command have memory that is counted.
    std::size_t leased() const { return lease_.size(); }
    std::size_t memory() const {
        return sizeof(Dialogue) - sizeof(Session) + fragmenter_.capacity() + session_.memory();
    }

private:
    net::Task<void> on_fragment();
    net::Task<void> go_on_with_literal();
    void give_up();
    void give_back();
    net::Task<bool> wait_for_room(bool is_announced);

    Fragmenter fragmenter_;
    Session session_;
    Output& out_;
    const Server& server_;
    net::MemoryBudget::Lease lease_; // of a large command
    bool is_short_ = false;          // of memory: what is being thrown away would have been fine
    bool is_authenticated_ = false;
};

} // namespace maild::imap
