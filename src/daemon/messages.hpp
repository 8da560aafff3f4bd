#pragma once
// What the supervisor and a child of it tell each other: one message, one SEQPACKET. Descriptors
// travel beside the message that names them. A child is not trusted: the supervisor takes no
// descriptors from it, and checked() must accept a message before anything looks at it.

#include "daemon/config.hpp"
#include "daemon/role.hpp"
#include "daemon/status.hpp"

#include "maild/ipc/codec.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace maild::daemon {

inline constexpr std::size_t kMaxMessageBytes = 192 * 1024;
inline constexpr std::size_t kMaxDescriptors = 4; // beside one message
inline constexpr std::size_t kMaxStatusText = 200;
inline constexpr std::size_t kMaxNote = 4096;

// How a child writes its log: it may open nothing, so the descriptor comes with the message.
struct LogOutput {
    LogSettings::Target target = LogSettings::Target::standard_error;
    LogLevel level = LogLevel::info;
};

// The user that a child becomes; without `change` it stays who it is.
struct Identity {
    std::string name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    bool change = false;
};

// --- from the supervisor ---

// The first message. Descriptors: the log, and the daemon's lock, held as long as a process lives.
struct Hello {
    Role role = Role::worker;
    std::uint32_t index = 0;
    Config config;
    Identity identity;
    LogOutput log;
    std::string token_secret;
    std::string note; // of the process before
};
struct Begin {}; // behind the listeners and peers that are there at start
struct GiveListener {
    ListenerConfig config;
};
struct RemoveListener {
    ListenerConfig config;
};
struct GivePeer {
    Role role = Role::store;
    std::uint32_t index = 0;
    PeerUse use = PeerUse::requests;
    bool we_ask = false;
};
struct GiveCertificate { // one of all that are configured; descriptors: certificate, key
    std::uint32_t number = 0;
    std::uint32_t count = 0; // of them
    bool is_own = false;     // the host's own
    std::string file;
    std::vector<std::string> names; // of another; empty: those in it
};
struct GiveClientAuthorities {}; // the file of tls.client_ca
struct GiveIssuerFiles {};       // the secret of [oauth], authorities
struct Reload {
    Config config;
};
struct ChangeLog { // descriptor: the log
    LogOutput log;
};
struct Ping {
    std::uint64_t number = 0;
};
struct Drain {
    std::chrono::milliseconds grace{};
};
struct TellStatus {
    ServerStatus status;
};
struct Answer {
    std::uint64_t number = 0;
    Result<std::string> result; // RoleContext::ask_supervisor
};
struct GiveLogReader {}; // the log's file, opened to be read
struct TellUsers {       // workers: whenever the host's list of users was read
    std::vector<HostUser> users;
};
struct TellCrowded { // workers: what all of them have said in Crowded
    std::uint32_t services = 0;
};
using SupervisorMessage =
    std::variant<Hello, Begin, GiveListener, RemoveListener, GivePeer, GiveCertificate,
                 GiveClientAuthorities, GiveIssuerFiles, Reload, ChangeLog, Ping, Drain, TellStatus,
                 Answer, GiveLogReader, TellUsers, TellCrowded>;

// --- from a child ---

struct Sandboxed {
    SandboxFacts facts;
};
struct Ready {};
struct Pong {
    std::uint64_t number = 0;
};
struct StatusText {
    std::string text;
};
struct Failed {
    Error reason;
};
struct Ask {
    std::uint64_t number = 0;
    SupervisorRequest request = SupervisorRequest::reload;
};
struct Note { // for the process after this one; the supervisor keeps it unread
    std::string bytes;
};
struct Crowded { // a worker: bits of CommonPlaces for services that it has no room for
    std::uint32_t services = 0;
};
using ChildMessage = std::variant<Sandboxed, Ready, Pong, StatusText, Failed, Ask, Note, Crowded>;

std::string encode_message(const SupervisorMessage& message);
std::string encode_message(const ChildMessage& message);
Result<SupervisorMessage> decode_supervisor_message(std::string_view bytes);
// Texts cut to what the status may hold; protocol_error for what no child of ours says.
Result<ChildMessage> decode_child_message(std::string_view bytes);

} // namespace maild::daemon
