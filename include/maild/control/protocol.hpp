#pragma once
// The control socket: `mailctl` asks, the role `control` answers. A frame is a 32-bit little-endian
// length and that many bytes of JSON, at most kMaxFrame; one request, one reply, any number of them
// on a connection. The peer's credentials are checked by the daemon (SO_PEERCRED): root, the
// daemon's own user and members of its group.
//
//   {"schema":"mailctl/1","command":"account
//   add","arguments":{"address":"ada@example.org","password":"…"}}
//   {"schema":"mailctl/1","exit":0,"result":{…}} {"schema":"mailctl/1","exit":67,"error":"…"}
//
// What takes long is asked in steps, so that one request stays one reply and whoever stops asking
// stops the work: result.next is an opaque text, which the same request carries as the argument
// kStep to go on; without it that was all. Each reply holds its part of result.rows and
// result.counts, and result.progress as words for a terminal.

#include "maild/base/error.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace maild::control {

inline constexpr std::string_view kSchema = "mailctl/1";
// An import of 10,000 accounts is about 2 MiB.
inline constexpr std::size_t kMaxFrame = 16 * 1024 * 1024;
inline constexpr std::size_t kFrameHeader = 4;
inline constexpr std::string_view kStep = "step"; // no option of any command has this name

// sysexits(3), as `mailctl` exits and as replies carry them.
enum Exit : int {
    kOk = 0,
    kFound = 1, // a check found problems
    kUsage = 64,
    kBadData = 65,
    kNoSuchAccount = 67,
    kNoSuchDomain = 68, // also: no such message or mailbox
    kNotReachable = 69,
    kSoftware = 70,
    kCannotCreate = 73,
    kIo = 74,
    kTemporary = 75,
    kNotPermitted = 77,
    kBadConfiguration = 78,
};

// The one place where an error of the daemon becomes an exit code.
Exit exit_for(Errc code);

struct Request {
    std::string command;           // as in the command table: "account add"
    boost::json::object arguments; // parameters and options by name, without dashes
};

struct Reply {
    int exit = kOk;
    std::string error; // one clear sentence, empty on success
    boost::json::value result;
};

std::string format_request(const Request& request);
std::string format_reply(const Reply& reply);
Result<Request> parse_request(std::string_view json);
Result<Reply> parse_reply(std::string_view json);

// Length and payload in one string.
std::string frame(std::string_view payload);
// The payload's size, or too_large.
Result<std::size_t> frame_size(std::string_view header);

Reply success(boost::json::value result);
Reply failure(int exit, std::string error);
Reply failure(const Error& error);

// Where the daemon of this installation listens: <root>/run/control.sock when the program stands in
// <root>/bin beside <root>/etc/maild.toml, else /run/maild/control.sock.
std::string default_socket_path(std::string_view program_path);

} // namespace maild::control
