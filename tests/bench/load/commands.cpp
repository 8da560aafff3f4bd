#include "bench/load/imap_client.hpp"
#include "bench/load/modes.hpp"
#include "bench/load/pop3_client.hpp"

namespace maild::bench {
namespace {

std::string repetition(std::string command, std::uint32_t number) {
    for (auto at = command.find("%i"); at != std::string::npos; at = command.find("%i", at))
        command.replace(at, 2, std::to_string(number));
    return command;
}

net::Task<void> run_step(Load& load, ImapClient& client, const Step& step) {
    auto options = load.options;
    options.operations = step.times;
    Measurement measurement(options, load.servers);
    Answer last;
    for (std::uint64_t number = 0; measurement.take(number);) {
        const auto text = repetition(step.command, static_cast<std::uint32_t>(number + 1));
        const auto start = instant();
        const auto answer = co_await client.command(text);
        if (!answer) {
            measurement.failed(answer.error());
            continue;
        }
        measurement.done(start);
        last = *answer;
    }
    measurement.finish();
    if (!step.is_timed && !measurement.has_failed()) co_return;
    measurement.add("command", step.command);
    measurement.add("untagged", static_cast<double>(last.untagged));
    measurement.add("octets", static_cast<double>(last.octets));
    print(load, measurement);
}

} // namespace

net::Task<void> run_commands(Load& load) {
    const auto account = load.options.account_name(load.options.first);
    auto client = co_await ImapClient::open(load.io, load.options, account);
    if (!client) {
        Measurement measurement(load.options, load.servers);
        measurement.failed(client.error());
        measurement.finish();
        print(load, measurement);
        co_return;
    }
    for (const auto& step : load.options.steps) {
        if (load.has_failed) break;
        co_await run_step(load, *client, step);
    }
    co_await client->logout();
}

// Every message of a maildrop; the session's begin and end belong to it.
net::Task<void> retrieve(Load& load) {
    Measurement measurement(load.options, load.servers);
    const auto start = instant();
    const auto account = load.options.account_name(load.options.first);
    auto client = co_await Pop3Client::open(load.io, load.options, account);
    Result<std::uint64_t> count = fail(Errc::closed);
    if (client) count = co_await client->count();
    Result<void> done = fail(Errc::closed);
    if (count) done = co_await client->retrieve(*count, load.options.window);
    if (!client)
        measurement.failed(client.error());
    else if (!count)
        measurement.failed(count.error());
    else if (!done)
        measurement.failed(done.error());
    else
        measurement.done(start, *count);
    if (client) co_await client->quit();
    measurement.finish();
    print(load, measurement);
}

} // namespace maild::bench
