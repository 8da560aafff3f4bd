#pragma once
// The answering side of RemoteDirectory, in `auth`. Workers (and the sender) may ask what Directory
// answers, and only control may also change things; whatever else a peer asks is refused and
// logged. A payload that does not decode ends the connection: its peer has been taken over.

#include "maild/directory/admin.hpp"
#include "maild/directory/directory.hpp"
#include "maild/ipc/server.hpp"

#include <memory>
#include <string>
#include <utility>

namespace maild::directory {

class DirectoryService {
public:
    DirectoryService(Directory& directory, DirectoryAdmin& admin)
        : directory_(directory), admin_(admin) {} // outlive it

    // Whether a message is one of RemoteDirectory's: the owner of the ipc::Server may have others
    // on the same line.
    static bool knows(ipc::MessageType type);
    static bool may_call(ipc::PeerRole role, ipc::MessageType type);
    // Whether it is one that has something signed, which costs more than others.
    static bool is_signing(ipc::MessageType type);
    // The host's own name, which the sender's reports come from: until it is known, and for every
    // other domain, the sender gets nothing signed.
    void set_hostname(std::string hostname) { hostname_ = std::move(hostname); }
    // To be an ipc::Server's handler, or part of one.
    net::Task<void> handle(std::shared_ptr<ipc::Connection> connection, ipc::Request request);

private:
    Directory& directory_;
    DirectoryAdmin& admin_;
    std::string hostname_;
};

} // namespace maild::directory
