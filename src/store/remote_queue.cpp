// RemoteStore: the queue, one message for each call.
#include "store/remote_store_impl.hpp"

namespace maild::store {

using wire::Type;

net::Task<Result<std::vector<queue::Destination>>> RemoteStore::destinations(std::string after,
                                                                             std::uint32_t most) {
    return impl_->call_for_blob<std::vector<queue::Destination>>(
        Type::destinations, wire::Destinations{std::move(after), most});
}

net::Task<Result<std::vector<queue::LeasedMessage>>> RemoteStore::lease(std::string destination,
                                                                        std::uint32_t most) {
    return impl_->call_for_blob<std::vector<queue::LeasedMessage>>(
        Type::lease, wire::Lease{std::move(destination), most});
}

net::Task<Result<std::vector<queue::LeasedMessage>>> RemoteStore::owed(QueueId after,
                                                                       std::uint32_t most) {
    return impl_->call_for_blob<std::vector<queue::LeasedMessage>>(Type::owed,
                                                                   wire::Queued{after, most});
}

net::Task<Result<std::string>> RemoteStore::read_queued(QueueId message, std::uint64_t offset,
                                                        std::uint64_t length) {
    const auto impl = impl_;
    ipc::Message request;
    request.payload = ipc::encode(wire::ReadQueued{message, offset, length});
    const auto reply = co_await impl->line.exchange(wire::number(Type::read_queued),
                                                    std::move(request), impl->timeout);
    if (!reply) co_return pass(reply);
    co_return std::string(reply->blob.view());
}

net::Task<Result<std::vector<std::string>>> RemoteStore::read_whole(std::vector<QueueId> messages) {
    return impl_->call_for_blob<std::vector<std::string>>(Type::read_whole,
                                                          wire::ReadWhole{std::move(messages)});
}

net::Task<Result<std::uint64_t>> RemoteStore::settle(std::vector<queue::Settlement> settlements) {
    return impl_->call<std::uint64_t>(Type::settle, wire::Settle{std::move(settlements)});
}

net::Task<Result<std::vector<queue::Suspension>>> RemoteStore::suspensions() {
    return impl_->call_for_blob<std::vector<queue::Suspension>>(Type::suspensions,
                                                                wire::QueueFigures{});
}

net::Task<Result<std::vector<queue::Suspension>>> RemoteStore::list_suspensions() {
    return impl_->call_for_blob<std::vector<queue::Suspension>>(Type::list_suspensions,
                                                                wire::QueueFigures{});
}

net::Task<Result<void>> RemoteStore::suspend(queue::Suspension suspension) {
    return impl_->command(Type::suspend, std::move(suspension));
}

net::Task<Result<void>> RemoteStore::suppress(queue::Suppression suppression) {
    return impl_->command(Type::suppress, std::move(suppression));
}

net::Task<Result<void>> RemoteStore::unsuppress(std::string address) {
    return impl_->command(Type::unsuppress, wire::Unsuppress{std::move(address)});
}

net::Task<Result<std::vector<queue::Suppression>>>
RemoteStore::list_suppressions(std::string after, std::uint32_t most) {
    return impl_->call_for_blob<std::vector<queue::Suppression>>(
        Type::list_suppressions, wire::Destinations{std::move(after), most});
}

void RemoteStore::release_leases() {} // the end of the line does it

net::Task<Result<queue::ChangeSlice>> RemoteStore::change_queue(queue::ChangeRequest request) {
    return impl_->call<queue::ChangeSlice>(Type::change_queue, std::move(request));
}

net::Task<Result<std::vector<queue::DestinationFigures>>>
RemoteStore::queue_figures(std::uint32_t most) {
    return impl_->call_for_blob<std::vector<queue::DestinationFigures>>(Type::queue_figures,
                                                                        wire::QueueFigures{most});
}

void RemoteStore::on_queued(std::function<void(std::vector<queue::Destination>)> handler) {
    impl_->on_queued = std::move(handler);
}

} // namespace maild::store
