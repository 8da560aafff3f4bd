#pragma once
// A question of `control` that any worker can answer: the first that is there gets it.

#include "maild/ipc/client.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace maild::daemon {

using WorkerLines = std::map<std::uint32_t, std::unique_ptr<ipc::Client>>; // by index

// unavailable: none is there, or it died of the question; it may have been carried out by then.
template <class Answer, class Request>
net::Task<Result<Answer>> ask_any_worker(WorkerLines& workers, ipc::MessageType type,
                                         Request request, std::chrono::milliseconds timeout) {
    Error last{Errc::unavailable, "no worker is there."};
    for (const auto& worker : workers) {
        ipc::Client& line = *worker.second;
        Request copy = request;
        auto answer = co_await line.call<Answer>(type, std::move(copy), timeout);
        if (answer || answer.error().code != Errc::unavailable) co_return answer;
        last = std::move(answer.error());
    }
    co_return std::unexpected(std::move(last));
}

} // namespace maild::daemon
