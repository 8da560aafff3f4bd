#include "maild/ipc/server.hpp"

#include "ipc/channel.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace maild::ipc {

class Connection::Impl {
public:
    // A request is open until it is answered; a handler that runs on behind its answer counts as
    // well.
    bool is_busy() const { return std::max(open.size(), running) >= max_requests; }

    void finish(std::uint32_t request_id, Kind kind, Message message) {
        if (open.erase(request_id) == 0) return;
        channel->send(kind, request_id, 0, std::move(message));
        if (!is_busy()) channel->resume();
    }

    std::shared_ptr<Channel> channel;
    std::unordered_set<std::uint32_t> open; // requests without an answer
    std::size_t running = 0;                // handlers
    std::size_t max_requests = 0;
    std::size_t max_payload = 0;
    std::uint64_t id = 0;
    PeerRole role{};
    unsigned index = 0;
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

PeerRole Connection::role() const { return impl_->role; }
unsigned Connection::index() const { return impl_->index; }
std::uint64_t Connection::id() const { return impl_->id; }
bool Connection::is_open() const { return impl_->channel->is_open(); }

void Connection::reply(std::uint32_t request_id, std::string payload, Blob blob) {
    Message message;
    message.payload = std::move(payload);
    message.blob = std::move(blob);
    impl_->finish(request_id, Kind::reply, std::move(message));
}

void Connection::reply_error(std::uint32_t request_id, const Error& error) {
    Message message;
    message.payload = encode(error);
    impl_->finish(request_id, Kind::error, std::move(message));
}

bool Connection::send_event(MessageType type, std::string payload, UniqueFd descriptor) {
    Message message;
    message.payload = std::move(payload);
    message.descriptor = std::move(descriptor);
    return impl_->channel->send(Kind::event, 0, type, std::move(message));
}

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
public:
    Impl(boost::asio::io_context& io_in, std::string name_in, Handler handler_in,
         const ServerOptions& options_in)
        : io(io_in),
          name(std::move(name_in)),
          handler(std::move(handler_in)),
          options(options_in) {}

    std::shared_ptr<Connection> attach(UniqueFd socket, PeerRole role, unsigned index);
    void on_message(const std::shared_ptr<Connection>& connection, const Header& header,
                    Message message);
    void on_closed(const std::shared_ptr<Connection>& connection, const Error& error);
    void refuse(const std::shared_ptr<Connection>& connection, const char* why);
    static net::Task<void> serve(std::shared_ptr<Impl> self, std::shared_ptr<Connection> connection,
                                 Request request);

    boost::asio::io_context& io;
    std::string name;
    Handler handler;
    ServerOptions options;
    OnClosed closed_handler;
    std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections;
    std::uint64_t last_id = 0;
};

std::shared_ptr<Connection> Server::Impl::attach(UniqueFd socket, PeerRole role, unsigned index) {
    auto impl = std::make_unique<Connection::Impl>();
    impl->channel = std::make_shared<Channel>(io, std::move(socket), options.limits);
    impl->max_requests = options.max_requests;
    impl->role = role;
    impl->index = index;
    impl->id = ++last_id;
    const std::shared_ptr<Connection> connection(new Connection(std::move(impl)));
    connections.emplace(last_id, connection);
    // The channel refers to the connection weakly: the server owns it.
    const std::weak_ptr<Impl> server = shared_from_this();
    const std::weak_ptr<Connection> weak = connection;
    connection->impl_->channel->start({[server, weak](const Header& header, Message message) {
                                           const auto self = server.lock();
                                           const auto target = weak.lock();
                                           if (self && target)
                                               self->on_message(target, header, std::move(message));
                                       },
                                       [server, weak](const Error& error) {
                                           const auto self = server.lock();
                                           const auto target = weak.lock();
                                           if (self && target) self->on_closed(target, error);
                                       }});
    return connection;
}

void Server::Impl::on_message(const std::shared_ptr<Connection>& connection, const Header& header,
                              Message message) {
    auto& impl = *connection->impl_;
    if (header.kind == Kind::reply || header.kind == Kind::error)
        return refuse(connection, "an answer to nothing");
    if (header.kind == Kind::request && !impl.open.insert(header.id).second) {
        return refuse(connection, "a request id that is in use");
    }
    Request request;
    request.id = header.id;
    request.type = header.type;
    request.payload = std::move(message.payload);
    request.blob = std::move(message.blob);
    request.descriptor = std::move(message.descriptor);
    ++impl.running;
    if (impl.is_busy()) impl.channel->pause();
    net::spawn(io, serve(shared_from_this(), connection, std::move(request)), name);
}

net::Task<void> Server::Impl::serve(std::shared_ptr<Impl> self,
                                    std::shared_ptr<Connection> connection, Request request) {
    const auto id = request.id;
    const auto type = request.type;
    std::string failure;
    try {
        auto task = self->handler(connection, std::move(request));
        co_await std::move(task);
    } catch (const std::exception& error) {
        failure = error.what();
        if (failure.empty()) failure = "exception";
    } catch (...) {
        failure = "exception";
    }
    auto& impl = *connection->impl_;
    --impl.running;
    if (!failure.empty()) {
        log::error("ipc_request_failed",
                   {{"server", self->name}, {"type", type}, {"error", failure}});
        connection->reply_error(id, {Errc::internal, failure});
    }
    if (!impl.is_busy()) impl.channel->resume();
}

void Server::Impl::refuse(const std::shared_ptr<Connection>& connection, const char* why) {
    connection->close();
    on_closed(connection, {Errc::protocol_error, why});
}

void Server::Impl::on_closed(const std::shared_ptr<Connection>& connection, const Error& error) {
    if (connections.erase(connection->id()) == 0) return;
    const auto level = error.code == Errc::closed ? log::Level::info : log::Level::error;
    log::write(level, "ipc_connection_closed",
               {{"server", name},
                {"role", static_cast<unsigned>(connection->role())},
                {"index", connection->index()},
                {"error", name_of(error.code)},
                {"reason", error.internal}});
    if (closed_handler) closed_handler(*connection);
}

void Connection::close() {
    impl_->channel->close();
    impl_->open.clear();
}

Server::Server(boost::asio::io_context& io, std::string name, Handler handler,
               const ServerOptions& options)
    : impl_(std::make_shared<Impl>(io, std::move(name), std::move(handler), options)) {}

Server::~Server() {
    impl_->closed_handler = {};
    for (const auto& [id, connection] : impl_->connections) connection->close();
    impl_->connections.clear();
}

std::shared_ptr<Connection> Server::attach(UniqueFd socket, PeerRole role, unsigned index) {
    return impl_->attach(std::move(socket), role, index);
}

void Server::on_closed(OnClosed handler) { impl_->closed_handler = std::move(handler); }

std::vector<std::shared_ptr<Connection>> Server::connections() const {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [id, connection] : impl_->connections) all.push_back(connection);
    std::ranges::sort(all, {}, [](const auto& connection) { return connection->id(); });
    return all;
}

} // namespace maild::ipc
