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

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace maild::test {

enum class Kind : std::uint8_t { memory, local, remote };

class World {
public:
    explicit World(Kind kind) {
        if (kind == Kind::memory) {
            full_ = std::make_unique<directory::MemoryDirectory>(key_, clock_, random_);
        } else {
            open_local();
        }
        if (kind == Kind::remote) connect();
    }

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
        boost::asio::co_spawn(io_.get_executor(), std::move(task),
                              [&](std::exception_ptr thrown, T value) {
                                  if (thrown) std::rethrow_exception(thrown);
                                  result.emplace(std::move(value));
                              });
        while (!result) io_.run_one();
        return std::move(*result);
    }

    boost::asio::io_context& io() { return io_; }
    const auth::TokenKey& key() const { return key_; }
    FakeClock& clock() { return clock_; }
    std::string database() const { return dir_ / "directory.db"; }
    // The process ends and starts anew.
    void reopen() {
        full_.reset();
        open_local();
    }
    static directory::Settings settings() {
        directory::Settings settings;
        settings.shards = 2;
        settings.password_cost = {.memory_kib = 8, .passes = 1, .lanes = 1};
        return settings;
    }

private:
    void open_local() {
        auto opened = directory::LocalDirectory::open(io_, files_, database(), key_, clock_,
                                                      random_, settings());
        if (!opened) throw std::runtime_error(opened.error().internal);
        full_ = std::move(*opened);
    }
    void connect() {
        service_ = std::make_unique<directory::DirectoryService>(*full_, *full_);
        server_ = std::make_unique<ipc::Server>(
            io_, "auth", [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                return service_->handle(std::move(connection), std::move(request));
            });
        auto pair = net::socket_pair();
        if (!pair) throw std::runtime_error(pair.error().internal);
        server_->attach(std::move(pair->first), ipc::PeerRole::control, 0);
        client_ = std::make_unique<ipc::Client>(io_, "auth");
        client_->attach(std::move(pair->second));
        remote_ = std::make_unique<directory::RemoteDirectory>(*client_);
    }

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
