#include "directory/world.hpp"

#include <boost/asio/co_spawn.hpp>

#include <stdexcept>

namespace maild::test {

World::World(Kind kind) {
    if (kind == Kind::memory)
        full_ = std::make_unique<directory::MemoryDirectory>(key_, clock_, random_);
    else
        open_local();
    if (kind == Kind::remote) connect();
}

World::~World() = default;

directory::Settings World::settings() {
    directory::Settings settings;
    settings.shards = 2;
    settings.password_cost = {.memory_kib = 8, .passes = 1, .lanes = 1};
    return settings;
}

void World::drive(net::Task<void> task, const std::function<bool()>& is_done) {
    boost::asio::co_spawn(io_.get_executor(), std::move(task), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
    while (!is_done()) io_.run_one();
}

void World::reopen() {
    full_.reset();
    open_local();
}

void World::open_local() {
    auto opened =
        directory::LocalDirectory::open(io_, files_, database(), key_, clock_, random_, settings());
    if (!opened) throw std::runtime_error(opened.error().internal);
    full_ = std::move(*opened);
}

void World::connect() {
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

} // namespace maild::test
