#include "bench/load/many.hpp"
#include "bench/load/message.hpp"
#include "bench/load/modes.hpp"
#include "bench/load/smtp_client.hpp"

#include <algorithm>
#include <filesystem>

namespace maild::bench {
namespace {

struct Shared {
    Load& load;
    Measurement& measurement;
    Messages& messages;
};

net::Task<Result<SmtpClient>> connect(Shared shared) {
    const auto& options = shared.load.options;
    auto client = co_await SmtpClient::open(shared.load.io, options, options.port, options.protocol,
                                            options.tls);
    co_return client;
}

Delivery next(const Shared& shared, std::uint64_t number) {
    Delivery delivery;
    delivery.content = shared.messages.make(number);
    const auto count = shared.load.options.recipients;
    for (std::size_t i = 0; i < count; ++i)
        delivery.recipients.push_back(shared.load.options.account_name(number * count + i + 1));
    return delivery;
}

net::Task<void> send_some(Shared shared) {
    std::optional<SmtpClient> client;
    for (std::uint64_t number = 0; shared.measurement.take(number);) {
        if (!client) {
            auto opened = co_await connect(shared);
            if (!opened) co_return shared.measurement.failed(opened.error());
            client.emplace(std::move(*opened));
        }
        const auto delivery = next(shared, number);
        const auto sent = co_await client->deliver(delivery, shared.load.options.pipelines);
        if (!sent) co_return shared.measurement.failed(sent.error());
        shared.measurement.done(*sent);
        if (!shared.load.options.reconnects) continue;
        co_await client->quit();
        client.reset();
    }
    if (client) co_await client->quit();
}

bool holds_file(const std::string& directory) {
    std::error_code fault;
    for (std::filesystem::recursive_directory_iterator it(directory, fault), end;
         !fault && it != end; it.increment(fault))
        if (it->is_regular_file(fault)) return true;
    return false;
}

// A queue is looked at each few milliseconds: nothing tells when it is empty.
net::Task<void> wait_until_drained(const std::vector<std::string>& directories) {
    for (int looks = 0; looks < 60'000; ++looks) {
        if (std::ranges::none_of(directories, holds_file)) co_return;
        co_await net::sleep_for(std::chrono::milliseconds(2));
    }
}

} // namespace

net::Task<void> deliver(Load& load) {
    Messages messages(load.options);
    Measurement measurement(load.options, load.servers);
    const Shared shared{load, measurement, messages};
    const auto start = instant();
    co_await at_once(load.io, load.options.connections,
                     [shared](std::size_t) { return send_some(shared); });
    const auto accepted = Seconds(instant() - start).count();
    if (!load.options.drained.empty()) co_await wait_until_drained(load.options.drained);
    measurement.finish();
    measurement.add("accepted_rate", static_cast<double>(load.options.operations) / accepted);
    print(load, measurement);
}

} // namespace maild::bench
