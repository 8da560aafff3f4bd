#include "maild/net/host_lookup.hpp"

#include "net/await.hpp"

#include "maild/net/blocking.hpp"
#include "maild/net/spawn.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <sys/socket.h>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::net {
namespace {

constexpr std::chrono::seconds kGood{60};
constexpr std::size_t kMostAddresses = 16;

struct Found {
    std::vector<IpAddress> addresses;
    int error = 0; // of getaddrinfo(3)
};

IpAddress address_of(const sockaddr* address) {
    IpAddress out;
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        out.bytes[10] = out.bytes[11] = 0xff;
        std::memcpy(out.bytes.data() + 12, &v4.sin_addr, 4);
    } else {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        std::memcpy(out.bytes.data(), &v6.sin6_addr, 16);
    }
    return out;
}

Found look_up(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* all = nullptr;
    Found found;
    found.error = ::getaddrinfo(name.c_str(), nullptr, &hints, &all);
    if (found.error != 0) return found;
    for (const auto* one = all; one != nullptr; one = one->ai_next) {
        if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
        const auto address = address_of(one->ai_addr);
        if (found.addresses.size() < kMostAddresses &&
            std::ranges::find(found.addresses, address) == found.addresses.end())
            found.addresses.push_back(address);
    }
    ::freeaddrinfo(all);
    return found;
}

} // namespace

class HostLookup::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(boost::asio::io_context& io, std::string name) : io_(io), name_(std::move(name)) {
        if (const auto digits = parse_ip(name_)) addresses_ = {*digits};
        is_fixed_ = !addresses_.empty();
    }

    Task<Result<std::vector<IpAddress>>> find(std::chrono::milliseconds timeout) {
        const auto self = shared_from_this();
        const bool is_old = addresses_.empty() || std::chrono::steady_clock::now() >= good_until_;
        if (!is_fixed_ && is_old && !is_looking_) {
            is_looking_ = true;
            spawn(io_, look(self), "host_lookup");
        }
        const auto deadline = deadline_after(timeout);
        while (addresses_.empty() && is_looking_) {
            const auto woken = co_await done_.wait(time_left(deadline));
            if (!woken) co_return fail(Errc::timed_out, name_ + ": the name was not found in time");
        }
        if (addresses_.empty()) co_return fail(Errc::unavailable, fault_);
        co_return addresses_;
    }

private:
    static Task<void> look(std::shared_ptr<Impl> self) {
        auto job = [name = self->name_] { return look_up(name); };
        auto found = co_await run_blocking(self->pool_, std::move(job));
        self->take(found ? std::move(*found) : Found{{}, EAI_AGAIN});
    }

    void take(Found found) {
        is_looking_ = false;
        good_until_ = std::chrono::steady_clock::now() + kGood;
        fault_ = name_ + ": " +
                 (found.error == 0 ? std::string("no address") : ::gai_strerror(found.error));
        if (!found.addresses.empty()) addresses_ = std::move(found.addresses);
        done_.notify();
    }

    boost::asio::io_context& io_;
    std::string name_;
    BlockingPool pool_{io_, 1, 1};
    std::vector<IpAddress> addresses_;
    std::chrono::steady_clock::time_point good_until_;
    std::string fault_;
    Event done_;
    bool is_fixed_ = false;
    bool is_looking_ = false;
};

// A server of /etc/resolv.conf that is silent costs two seconds, twice; the admin's own RES_OPTIONS
// (resolv.conf(5)) stands above that.
void HostLookup::use_files_and_dns() {
    ::__nss_configure_lookup("hosts", "files dns");
    ::setenv("RES_OPTIONS", "timeout:2 attempts:2", 0);
}

HostLookup::HostLookup(boost::asio::io_context& io, std::string name)
    : impl_(std::make_shared<Impl>(io, std::move(name))) {}
HostLookup::~HostLookup() = default;

Task<Result<std::vector<IpAddress>>> HostLookup::find(std::chrono::milliseconds timeout) {
    return impl_->find(timeout);
}

} // namespace maild::net
