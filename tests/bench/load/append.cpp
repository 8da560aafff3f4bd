#include "bench/load/imap_client.hpp"
#include "bench/load/many.hpp"
#include "bench/load/message.hpp"
#include "bench/load/modes.hpp"

namespace maild::bench {
namespace {

struct Shared {
    Load& load;
    Measurement& measurement;
    Messages& messages;
    std::vector<std::optional<ImapClient>>& clients;
};

net::Task<void> connect(Shared shared, std::size_t index) {
    const auto& options = shared.load.options;
    const auto account = options.account_name(options.first + index);
    auto client = co_await ImapClient::open(shared.load.io, options, account);
    if (client)
        shared.clients[index].emplace(std::move(*client));
    else
        shared.measurement.failed(client.error());
}

net::Task<void> append_some(Shared shared, std::size_t index) {
    const auto& options = shared.load.options;
    auto& client = shared.clients[index];
    bool is_over = !client;
    while (!is_over) {
        std::vector<std::string> messages;
        for (std::uint64_t number = 0;
             messages.size() < options.multiple && shared.measurement.take(number);)
            messages.push_back(shared.messages.make(number));
        is_over = messages.size() < options.multiple;
        if (messages.empty()) break;
        const auto start = instant();
        const auto done = co_await client->append(messages, options.has_literal_plus);
        if (!done) co_return shared.measurement.failed(done.error());
        shared.measurement.done(start, messages.size());
    }
    if (client) co_await client->logout();
}

} // namespace

// The logins are not measured.
net::Task<void> append(Load& load) {
    Messages messages(load.options);
    std::vector<std::optional<ImapClient>> clients(load.options.connections);
    Measurement login(load.options, load.servers);
    const Shared connecting{load, login, messages, clients};
    co_await at_once(load.io, clients.size(),
                     [connecting](std::size_t i) { return connect(connecting, i); });
    if (login.has_failed()) {
        login.finish();
        print(load, login);
        co_return;
    }
    Measurement measurement(load.options, load.servers);
    const Shared shared{load, measurement, messages, clients};
    co_await at_once(load.io, clients.size(),
                     [shared](std::size_t i) { return append_some(shared, i); });
    measurement.finish();
    print(load, measurement);
}

} // namespace maild::bench
