#pragma once
// A directory of each kind, behind one face: rows in memory, directory.db, and directory.db behind
// IPC.

#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

#include "maild/directory/local_directory.hpp"
#include "maild/directory/memory_directory.hpp"
#include "maild/directory/remote_directory.hpp"
#include "maild/directory/service.hpp"
#include "maild/ipc/client.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/sockets.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace maild::test {

enum class Kind : std::uint8_t { memory, local, remote };

class World {
public:
    explicit World(Kind kind);
    ~World();

    directory::Directory& directory() {
        if (remote_) return *remote_;
        return *full_;
    }
    directory::DirectoryAdmin& admin() {
        if (remote_) return *remote_;
        return *full_;
    }

    // Runs a call to its end; what else the io_context has to do goes on beside it.
    template <class T> T run(net::Task<T> task) {
        std::optional<T> result;
        drive(keep(std::move(task), result), [&] { return result.has_value(); });
        return std::move(*result);
    }

    boost::asio::io_context& io() { return io_; }
    const auth::TokenKey& key() const { return key_; }
    FakeClock& clock() { return clock_; }
    std::string database() const { return dir_ / "directory.db"; }
    bool keep_logins() { return full_->keep_logins().has_value(); }
    void trust_clients(std::shared_ptr<const net::ClientTrust> trust) {
        full_->set_client_trust(std::move(trust));
    }
    void set_issuer(auth::Introspector* issuer, auth::BearerRules rules) {
        full_->set_issuer(issuer, std::move(rules));
    }
    void set_local_rules(directory::LocalRules rules) { full_->set_local_rules(std::move(rules)); }
    void set_report_mailbox(std::string address) { full_->set_report_mailbox(std::move(address)); }
    // The process ends and starts anew.
    void reopen();
    static directory::Settings settings();

private:
    template <class T> static net::Task<void> keep(net::Task<T> task, std::optional<T>& out) {
        auto value = co_await std::move(task);
        out.emplace(std::move(value));
    }
    void drive(net::Task<void> task, const std::function<bool()>& is_done);
    void open_local();
    void connect();

    TempDir dir_;
    PosixFileSystem files_;
    FakeClock clock_;
    SeededRandom random_{7};
    auth::TokenKey key_{std::string(32, 'k')};
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<net::Executor> work_{io_.get_executor()};
    std::unique_ptr<directory::Registry> full_;
    std::unique_ptr<directory::DirectoryService> service_;
    std::unique_ptr<ipc::Server> server_;
    std::unique_ptr<ipc::Client> client_;
    std::unique_ptr<directory::RemoteDirectory> remote_;
};

} // namespace maild::test
