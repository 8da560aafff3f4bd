#pragma once
// Addresses of one host by its name, as this host finds them: /etc/hosts, then DNS by the servers
// of /etc/resolv.conf. By libc, which blocks, on a thread of its own. For a host that the
// configuration names, not for those that mail does. Found addresses are good for a minute; after
// that they are still used while they are looked for anew, and for as long as nobody can say
// better.

#include "maild/base/error.hpp"
#include "maild/net/ip.hpp"
#include "maild/net/task.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace maild::net {

class HostLookup {
public:
    // Keeps libc to the two ways above, so that it never loads another library, and to a few
    // seconds; for the whole process, and before a sandbox forbids it.
    static void use_files_and_dns();

    // A name that is an address in digits is itself.
    HostLookup(boost::asio::io_context& io, std::string name);
    ~HostLookup();
    HostLookup(const HostLookup&) = delete;
    HostLookup& operator=(const HostLookup&) = delete;

    // At least one. unavailable: none, or nobody could be asked; timed_out.
    Task<Result<std::vector<IpAddress>>> find(std::chrono::milliseconds timeout);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::net
