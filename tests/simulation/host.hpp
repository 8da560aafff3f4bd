#pragma once
// A whole host in one thread: the store on a faulty disk, two workers with the daemon's own
// backends and sessions, and the lines between them. Time stands still until it is moved, the disk
// is in memory, clients are at the other ends of socket pairs; what the store does next is chosen
// from outside. So a seed is one run, however often it is repeated.

#include "daemon/config.hpp"
#include "daemon/imap_backend.hpp"
#include "daemon/smtp_backend.hpp"
#include "simulation/world.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "support/faulty_vfs.hpp"
#include "support/memory_resolver.hpp"
#include "support/streams.hpp"

#include "maild/directory/memory_directory.hpp"
#include "maild/imap/server.hpp"
#include "maild/ipc/client.hpp"
#include "maild/smtp/server.hpp"
#include "maild/store/local_store.hpp"
#include "maild/store/remote_store.hpp"
#include "maild/store/service.hpp"

#include <array>
#include <memory>
#include <random>

namespace maild::simulation {

inline constexpr std::array kUsers = {"ada@example.org", "bob@example.org", "cleo@example.org"};

// The store's threads, as pieces of work in any order.
class Scheduler final : public store::Executor {
public:
    explicit Scheduler(const Clock& clock) : clock_(clock) {}
    void post(Work work) override { ready_.push_back(std::move(work)); }
    void post_after(std::chrono::milliseconds span, Work work) override {
        later_.emplace(clock_.steady_now() + span, std::move(work));
    }
    bool run_one(std::uint64_t choice);
    void clear();

private:
    const Clock& clock_;
    std::vector<Work> ready_;
    std::multimap<SteadyTime, Work> later_;
};

class Host {
public:
    explicit Host(std::uint64_t seed);
    ~Host();

    UniqueFd connect_smtp(std::size_t worker);
    UniqueFd connect_imap(std::size_t worker);
    bool run_store(std::uint64_t choice) { return scheduler_.run_one(choice); }
    void settle(); // everything that can happen without the store's work and the clients'
    void finish(); // and all of the store's work

    bool needs_restart() const { return is_dead_ || !disk_.is_powered(); }
    void restart_store(maild::test::Survives what, std::uint64_t seed);
    void restart_worker(std::size_t worker); // its line to the store; clients are cut by the caller
    View view();

    maild::test::FaultyDisk& disk() { return disk_; }
    const maild::test::FaultyDisk& disk() const { return disk_; }
    maild::test::FakeClock& clock() { return clock_; }
    std::int64_t account(std::size_t user) const { return accounts_[user]; }

private:
    struct Worker {
        explicit Worker(Host& host);
        ipc::Client line;
        store::RemoteStore store;
        daemon::SmtpBackend smtp_backend;
        daemon::ImapBackend imap_backend;
        net::Gate smtp_gate;
        net::Gate imap_gate;
        std::shared_ptr<const smtp::Server> smtp;
        std::shared_ptr<const imap::Server> imap;
    };
    void fill_directory();
    void open_store();
    auth::Token token(std::size_t user) const;
    template <class T> T run(net::Task<T> task);

    boost::asio::io_context io_; // ends last; by then no session is left
    maild::test::FakeClock clock_;
    maild::test::SeededRandom random_;
    auth::TokenKey key_{std::string(32, 'k')};
    maild::test::FaultyDisk disk_;
    maild::test::FaultyVfs vfs_{disk_};
    Scheduler scheduler_{clock_};
    daemon::Config config_;
    maild::test::MemoryResolver dns_;
    net::MemoryBudget budget_{64 << 20};
    directory::MemoryDirectory directory_;
    std::array<std::int64_t, kUsers.size()> accounts_{};
    std::array<ShardId, kUsers.size()> shards_{};
    bool is_dead_ = false;
    std::unique_ptr<store::LocalStore> store_;
    std::unique_ptr<store::Service> service_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

} // namespace maild::simulation
