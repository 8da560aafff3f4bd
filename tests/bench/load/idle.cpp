// Many connections wait in IDLE: what each takes of the servers' memory, and how soon one is told
// of a message.
#include "bench/load/imap_client.hpp"
#include "bench/load/many.hpp"
#include "bench/load/message.hpp"
#include "bench/load/modes.hpp"
#include "bench/load/smtp_client.hpp"

#include <algorithm>

namespace maild::bench {
namespace {

struct Idler {
    std::optional<ImapClient> client;
    std::uint64_t news = 0; // EXISTS that came
    Instant told_at{};
    net::Event event;
};
using Idlers = std::vector<std::unique_ptr<Idler>>;

struct Shared {
    Load& load;
    Measurement& measurement;
    Idlers& idlers;
    std::size_t begun = 0; // before this measurement
};

net::Task<Result<void>> begin(Shared shared, std::size_t index) {
    const auto& options = shared.load.options;
    const auto account = options.account_name(options.first + index);
    auto client = co_await ImapClient::open(shared.load.io, options, account);
    if (!client) co_return std::unexpected(client.error());
    const auto selected = co_await client->command("SELECT INBOX");
    if (!selected) co_return std::unexpected(selected.error());
    const auto idles = co_await client->begin_idle();
    if (!idles) co_return idles;
    shared.idlers[index]->client.emplace(std::move(*client));
    co_return Result<void>();
}

net::Task<void> begin_some(Shared shared) {
    for (std::uint64_t number = 0; shared.measurement.take(number);) {
        const auto start = instant();
        const auto begun = co_await begin(shared, shared.begun + static_cast<std::size_t>(number));
        if (begun)
            shared.measurement.done(start);
        else
            shared.measurement.failed(begun.error());
    }
}

// Until it is cancelled.
net::Task<void> watch(Idler& idler) {
    while (true) {
        const auto line = co_await idler.client->line(std::chrono::hours(1));
        if (!line) co_return;
        if (!line->ends_with(" EXISTS")) continue;
        idler.told_at = instant();
        ++idler.news;
        idler.event.notify();
    }
}

struct Times {
    std::vector<double> from_content; // from the content's last octet to EXISTS
    std::vector<double> from_reply;   // from the reply to it; negative counts as nothing
};

net::Task<Result<void>> probe(Shared shared, const Messages& messages, SmtpClient& sender,
                              std::size_t index, Times& times) {
    auto& idler = *shared.idlers[index];
    const auto& options = shared.load.options;
    Delivery delivery;
    delivery.content = messages.make(index);
    delivery.recipients.push_back(options.account_name(options.first + index));
    const auto before = idler.news;
    const auto sent = co_await sender.deliver(delivery, true);
    if (!sent) co_return std::unexpected(sent.error());
    const auto replied = instant();
    while (idler.news == before) {
        const auto notified = co_await idler.event.wait(std::chrono::seconds(10));
        if (!notified) co_return fail(Errc::timed_out, "no EXISTS");
    }
    times.from_content.push_back(Seconds(idler.told_at - *sent).count());
    times.from_reply.push_back(std::max(0.0, Seconds(idler.told_at - replied).count()));
    co_return Result<void>();
}

net::Task<Result<void>> probe_all(Shared shared, Times& times) {
    const auto& options = shared.load.options;
    auto sender = co_await SmtpClient::open(shared.load.io, options, options.delivery_port,
                                            options.delivery_protocol, Tls::none);
    if (!sender) co_return std::unexpected(sender.error());
    const Messages messages(options);
    for (std::size_t i = 0; i < options.probes; ++i) {
        const auto index = i * shared.idlers.size() / options.probes;
        const auto done = co_await probe(shared, messages, *sender, index, times);
        if (!done) co_return done;
    }
    co_await sender->quit();
    co_return Result<void>();
}

// Deliveries while all are watched. A stream is one coroutine's, so the watchers end before the
// connections are closed.
net::Task<void> measure_news(Load& load, Idlers& idlers) {
    const auto pending = std::make_shared<Pending>();
    pending->left = idlers.size();
    for (auto& idler : idlers) net::spawn(load.io, counted(watch(*idler), pending), "watch");
    Measurement measurement(load.options, load.servers);
    const Shared shared{load, measurement, idlers};
    Times times;
    const auto start = instant();
    const auto probed = co_await probe_all(shared, times);
    measurement.done(start, times.from_content.size());
    if (!probed) measurement.failed(probed.error());
    measurement.finish();
    measurement.add("content_to_exists_ms", times.from_content);
    measurement.add("reply_to_exists_ms", times.from_reply);
    for (auto& idler : idlers) idler->client->cancel();
    while (pending->left > 0) {
        const auto notified = co_await pending->all_done.wait(kPatience);
        static_cast<void>(notified);
    }
    print(load, measurement);
}

constexpr std::size_t kAtOnce = 16;

// A tenth of the connections, before memory is read: what a server takes once is no connection's.
net::Task<std::size_t> begin_first(Load& load, Idlers& idlers) {
    auto options = load.options;
    options.operations = idlers.size() / 10;
    Measurement measurement(options, load.servers);
    const Shared shared{load, measurement, idlers};
    co_await at_once(load.io, kAtOnce, [shared](std::size_t) { return begin_some(shared); });
    measurement.finish();
    if (measurement.has_failed()) print(load, measurement);
    co_await net::sleep_for(std::chrono::seconds(load.options.settle_seconds));
    co_return static_cast<std::size_t>(options.operations);
}

net::Task<void> begin_rest(Load& load, Idlers& idlers, std::size_t begun) {
    const auto before = static_cast<double>(load.servers.proportional_kib());
    auto options = load.options;
    options.operations = idlers.size() - begun;
    Measurement measurement(options, load.servers);
    const Shared shared{load, measurement, idlers, begun};
    co_await at_once(load.io, kAtOnce, [shared](std::size_t) { return begin_some(shared); });
    measurement.finish();
    co_await net::sleep_for(std::chrono::seconds(load.options.settle_seconds));
    const auto after = static_cast<double>(load.servers.proportional_kib());
    measurement.add("kib_per_connection",
                    (after - before) / static_cast<double>(options.operations));
    measurement.add("processes", static_cast<double>(load.servers.processes()));
    print(load, measurement);
}

// What connections cost that nobody uses.
net::Task<void> leave_alone(Load& load) {
    Measurement measurement(load.options, load.servers);
    const auto start = instant();
    co_await net::sleep_for(std::chrono::seconds(load.options.rest_seconds));
    measurement.done(start);
    measurement.finish();
    measurement.add("resting", load.options.rest_seconds);
    print(load, measurement);
}

} // namespace

net::Task<void> idle(Load& load) {
    Idlers idlers(load.options.connections);
    for (auto& idler : idlers) idler = std::make_unique<Idler>();
    const auto begun = co_await begin_first(load, idlers);
    if (!load.has_failed) co_await begin_rest(load, idlers, begun);
    if (load.has_failed) co_return;
    if (load.options.rest_seconds > 0) co_await leave_alone(load);
    if (load.options.probes > 0 && load.options.delivery_port != 0)
        co_await measure_news(load, idlers);
    for (auto& idler : idlers) co_await idler->client->close();
}

} // namespace maild::bench
