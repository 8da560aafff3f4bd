#include "maild/ipc/client.hpp"

#include "ipc/channel.hpp"

#include "maild/base/log.hpp"
#include "maild/net/timer.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace maild::ipc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kNever = std::chrono::hours(24 * 365);

Clock::time_point deadline_after(std::chrono::milliseconds timeout) {
    return Clock::now() + std::min(timeout, kNever);
}

} // namespace

class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
public:
    // One call in flight, in its coroutine's frame, which waits on `done` until someone settles it.
    // That timer itself never ends: one sweep for all calls looks for late ones, so that a call
    // costs no timer in the kernel.
    class Call {
    public:
        Call(Impl& impl, Clock::time_point deadline_in)
            : deadline(deadline_in), id(impl.next_id()), impl_(impl) {
            impl_.calls.emplace(id, this);
        }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        ~Call() { impl_.calls.erase(id); }

        void settle(Result<Message> outcome) {
            impl_.calls.erase(id);
            result = std::move(outcome);
            done.notify();
        }

        Result<Message> result;
        Clock::time_point deadline;
        net::Event done;
        std::uint32_t id;

    private:
        Impl& impl_;
    };

    // Counts a call for as long as it lives, waiting for a socket or for its answer.
    class Slot {
    public:
        explicit Slot(std::size_t& count) : count_(count) { ++count_; }
        ~Slot() { --count_; }
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;

    private:
        std::size_t& count_;
    };

    Impl(boost::asio::io_context& io_in, std::string name_in, const ClientOptions& options_in)
        : io(io_in), name(std::move(name_in)), options(options_in), sweep(io_in) {}

    void attach(UniqueFd socket) {
        detach("replaced");
        channel = std::make_shared<Channel>(io, std::move(socket), options.limits);
        const std::weak_ptr<Impl> weak = shared_from_this();
        const std::weak_ptr<Channel> line = channel;
        channel->start({[weak](const Header& header, Message message) {
                            if (const auto self = weak.lock())
                                self->on_message(header, std::move(message));
                        },
                        [weak, line](const Error& error) {
                            const auto self = weak.lock();
                            if (self && self->channel == line.lock()) self->on_closed(error);
                        }});
        attached.notify();
        if (on_attached) on_attached();
    }

    void detach(std::string_view why) {
        if (!channel) return;
        channel->close();
        channel.reset();
        const auto lost = std::exchange(calls, {});
        for (const auto& [id, call] : lost)
            call->settle(fail(Errc::unavailable, name + ": " + std::string(why)));
    }

    void on_closed(const Error& error) {
        log::warning("ipc_lost", {{"peer", name},
                                  {"error", name_of(error.code)},
                                  {"reason", error.internal},
                                  {"calls", calls.size()}});
        detach(error.internal);
        if (on_lost) on_lost();
    }

    void on_message(const Header& header, Message message) {
        if (header.kind == Kind::event) {
            if (on_event) on_event(header.type, std::move(message));
            return;
        }
        if (header.kind == Kind::request)
            return on_closed({Errc::protocol_error, "a request from a server"});
        const auto found = calls.find(header.id);
        if (found == calls.end()) return; // its caller has given up
        if (header.kind == Kind::reply) return found->second->settle(std::move(message));
        auto error = decode<Error>(message.payload);
        found->second->settle(
            std::unexpected(error ? std::move(*error) : std::move(error.error())));
    }

    std::uint32_t next_id() {
        do {
            ++last_id;
        } while (last_id == 0 || calls.contains(last_id));
        return last_id;
    }

    void arm(Clock::time_point deadline) {
        if (armed <= deadline) return;
        armed = deadline;
        sweep.expires_at(deadline);
        sweep.async_wait([weak = weak_from_this()](const auto& error) {
            const auto self = weak.lock();
            if (!error && self) self->settle_late();
        });
    }

    void settle_late() {
        armed = Clock::time_point::max();
        const auto now = Clock::now();
        auto next = Clock::time_point::max();
        std::vector<Call*> late;
        for (const auto& [id, call] : calls) {
            if (call->deadline <= now)
                late.push_back(call);
            else
                next = std::min(next, call->deadline);
        }
        for (auto* call : late) call->settle(fail(Errc::timed_out, name + ": no answer in time"));
        if (next != Clock::time_point::max()) arm(next);
    }

    boost::asio::io_context& io;
    std::string name;
    ClientOptions options;
    std::shared_ptr<Channel> channel;
    std::unordered_map<std::uint32_t, Call*> calls;
    std::size_t slots = 0;
    std::uint32_t last_id = 0;
    boost::asio::steady_timer sweep;
    Clock::time_point armed = Clock::time_point::max();
    net::Event attached;
    bool is_ending = false;
    OnEvent on_event;
    std::function<void()> on_lost;
    std::function<void()> on_attached;
};

Client::Client(boost::asio::io_context& io, std::string name, const ClientOptions& options)
    : impl_(std::make_shared<Impl>(io, std::move(name), options)) {}

Client::~Client() {
    impl_->is_ending = true;
    impl_->on_event = {};
    impl_->on_lost = {};
    impl_->on_attached = {};
    impl_->detach("ending");
    impl_->attached.notify();
}

void Client::attach(UniqueFd socket) { impl_->attach(std::move(socket)); }
bool Client::is_attached() const { return impl_->channel != nullptr; }
void Client::on_event(OnEvent handler) { impl_->on_event = std::move(handler); }
void Client::on_lost(std::function<void()> handler) { impl_->on_lost = std::move(handler); }
void Client::on_attached(std::function<void()> handler) { impl_->on_attached = std::move(handler); }

net::Task<Result<Message>> Client::exchange(MessageType type, Message request,
                                            std::chrono::milliseconds timeout) {
    const auto impl = impl_;
    if (impl->slots >= impl->options.max_calls)
        co_return fail(Errc::busy, impl->name + ": too many calls");
    if (request.payload.size() > impl->options.limits.max_payload) {
        co_return fail(Errc::too_large, impl->name + ": request");
    }
    const Impl::Slot slot(impl->slots);
    const auto deadline = deadline_after(timeout);
    const auto patience = std::min(deadline, deadline_after(impl->options.reconnect_wait));
    while (!impl->channel) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(patience - Clock::now());
        if (impl->is_ending || left.count() <= 0)
            co_return fail(Errc::unavailable, impl->name + ": not attached");
        co_await impl->attached.wait(left);
    }
    Impl::Call call(*impl, deadline);
    if (!impl->channel->send(Kind::request, call.id, type, std::move(request))) {
        co_return fail(Errc::unavailable, impl->name + ": cannot be reached");
    }
    impl->arm(deadline);
    co_await call.done.wait(kNever);
    co_return std::move(call.result);
}

net::Task<Result<std::string>> Client::call(MessageType type, std::string payload, Blob blob,
                                            std::chrono::milliseconds timeout) {
    Message request;
    request.payload = std::move(payload);
    request.blob = std::move(blob);
    auto reply = co_await exchange(type, std::move(request), timeout);
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    co_return std::move(reply->payload);
}

net::Task<Result<std::string>> Client::call(MessageType type, std::string payload,
                                            std::chrono::milliseconds timeout) {
    return call(type, std::move(payload), Blob(), timeout);
}

void Client::notify(MessageType type, std::string payload) {
    if (!impl_->channel) return;
    Message message;
    message.payload = std::move(payload);
    impl_->channel->send(Kind::event, 0, type, std::move(message));
}

} // namespace maild::ipc
