// What a store that was taken over may answer a worker: RemoteStore is asked everything, and each
// answer is made of the input: an octet of event type, one that chooses between reply, error, and
// event and reply, two of length, the payload. Every call ends, with a value or an error.
#include "store/wire.hpp"
#include "support/fake_clock.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"
#include "maild/ipc/client.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/spawn.hpp"
#include "maild/store/remote_store.hpp"

#include <chrono>
#include <memory>
#include <sys/socket.h>

namespace maild::store {
namespace {

constexpr int kCalls = 24;
const auth::Token kToken; // outlives the call that borrows it

class Answers {
public:
    explicit Answers(std::string_view input) : rest_(input) {}
    // The payload of the next answer; empty at the end.
    std::string payload() {
        const auto head = take(4);
        if (head.size() < 4) return {};
        kind = static_cast<unsigned char>(head[1]) % 3;
        type = static_cast<unsigned char>(head[0]);
        return std::string(
            take(static_cast<unsigned char>(head[2]) + 256U * static_cast<unsigned char>(head[3])));
    }
    unsigned kind = 0; // 0: a reply; 1: an error; 2: an event, then a reply
    ipc::MessageType type = 0;

private:
    std::string_view take(std::size_t count) {
        const auto piece = rest_.substr(0, count);
        rest_.remove_prefix(piece.size());
        return piece;
    }
    std::string_view rest_;
};

class Sink final : public ChangeSink {
public:
    void on_changes(MailboxId, std::span<const Change> changes) override { seen += changes.size(); }
    void on_account(const AccountChange& change) override { static_cast<void>(change); }
    void on_annotations(const MailboxName&, std::span<const std::string> names) override {
        seen += names.size();
    }
    void on_lost() override {}
    std::size_t seen = 0;
};

template <class T> net::Task<void> finish(net::Task<Result<T>> call, int& done) {
    const auto result = co_await std::move(call);
    if (!result) ensure(!name_of(result.error().code).empty(), "an error has a name");
    ++done;
}

net::Task<void> ask(RemoteStore& store, Sink& sink, int call, int& done) {
    const SessionId session(1);
    const UidSet uids{{Uid(1), Uid(9)}};
    switch (call) {
    case 0: return finish(store.open_session(kToken, sink), done);
    case 1: return finish(store.list_mailboxes(session), done);
    case 2: return finish(store.open_mailbox(session, "INBOX", false), done);
    case 3: return finish(store.fetch(session, uids, ~0U), done);
    case 4: return finish(store.read(session, Uid(1), 0, 100), done);
    case 5: return finish(store.copy(session, uids, "Trash"), done);
    case 6: return finish(store.status(session, "INBOX"), done);
    case 7: return finish(store.expunge(session, std::nullopt), done);
    case 8: return finish(store.figures(), done);
    case 9: return finish(store.usage({}), done);
    case 10: return finish(store.queued(QueueId(), 10), done);
    case 11: return finish(store.claim(session, "INBOX"), done);
    case 12: return finish(store.mailboxes({}), done);
    case 13: return finish(store.narrow(session, uids, {{Where::body, {"x"}}}), done);
    case 14: return finish(store.open_beside(session, sink), done);
    case 15: return finish(store.quota(session, {}), done);
    case 18: return finish(store.open_shared(session, kToken, sink), done);
    case 19: return finish(store.sharing_accounts(session), done);
    case 20: return finish(store.acl(session, "INBOX"), done);
    case 21: return finish(store.my_rights(session, "INBOX"), done);
    case 22: return finish(store.change_acl(session, "INBOX", {}), done);
    case 16: return finish(store.annotations(session, "INBOX", {{"/private/a"}}), done);
    case 23: return finish(store.copy_on(session), done);
    default: return finish(store.set_annotations(session, "INBOX", {}), done);
    }
}

net::Task<void> answer(Answers& answers, std::shared_ptr<ipc::Connection> connection,
                       ipc::Request request) {
    auto payload = answers.payload();
    if (answers.kind == 2) connection->send_event(answers.type, payload);
    if (answers.kind == 1)
        connection->reply_error(request.id, Error{Errc::io, payload});
    else
        connection->reply(request.id, std::move(payload));
    co_return;
}

void run(std::string_view input) {
    boost::asio::io_context io;
    Answers answers(input);
    ipc::Server server(io, "store",
                       [&](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                           return answer(answers, std::move(connection), std::move(request));
                       });
    ipc::ClientOptions options;
    options.reconnect_wait = std::chrono::milliseconds(1); // a line that broke stays broken
    ipc::Client line(io, "store", options);
    RemoteStore store(io, line);
    Sink sink;
    int ends[2];
    ensure(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    server.attach(UniqueFd(ends[0]), ipc::PeerRole::worker, 0);
    line.attach(UniqueFd(ends[1]));
    int done = 0;
    for (int call = 0; call < kCalls; ++call) {
        net::spawn(io, ask(store, sink, call, done), "fuzz");
        while (done <= call) ensure(io.run_one_for(std::chrono::seconds(5)) > 0, "each call ends");
    }
}

} // namespace
} // namespace maild::store

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    maild::log::to_nowhere();
    maild::store::run({reinterpret_cast<const char*>(data), size});
    return 0;
}
