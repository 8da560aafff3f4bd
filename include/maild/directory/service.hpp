#pragma once
// The answering side of RemoteDirectory, in `auth`. Workers (and the sender) may ask what Directory
// answers, and only control may also change things; whatever else a peer asks is refused and
// logged. A payload that does not decode ends the connection: its peer has been taken over.

#include "maild/directory/admin.hpp"
#include "maild/directory/directory.hpp"
#include "maild/ipc/server.hpp"

#include <memory>

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
    // To be an ipc::Server's handler, or part of one.
    net::Task<void> handle(std::shared_ptr<ipc::Connection> connection, ipc::Request request);

private:
    Directory& directory_;
    DirectoryAdmin& admin_;
};

} // namespace maild::directory
