#pragma once
// mailctl's side of the control socket: blocking, one request at a time.

#include "maild/base/unique_fd.hpp"
#include "maild/control/protocol.hpp"

#include <chrono>
#include <string>

namespace maild::control {

class Client {
public:
    // unavailable when nobody listens, not_permitted when the socket may not be opened.
    static Result<Client> connect(const std::string& socket_path);

    // An import hashes thousands of passwords, so a reply may take minutes; a dead daemon is
    // noticed at once.
    Result<Reply> call(const Request& request,
                       std::chrono::seconds timeout = std::chrono::minutes(10));

private:
    explicit Client(UniqueFd socket) : socket_(std::move(socket)) {}
    Result<void> send(std::string_view bytes);
    Result<std::string> receive(std::size_t count, std::chrono::steady_clock::time_point deadline);

    UniqueFd socket_;
};

} // namespace maild::control
