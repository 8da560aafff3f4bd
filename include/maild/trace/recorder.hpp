#pragma once
// A worker's Sink: gathers records for a tenth of a second and sends them to the role `trace`, one
// batch at a time, so that a slow or dead one costs kMaxPending octets and nothing else. What has
// no room, or was under way when the line broke, is counted, and the count is sent. One thread; the
// line and the clock outlive it.

#include "maild/ipc/client.hpp"
#include "maild/net/task.hpp"
#include "maild/trace/record.hpp"

#include <chrono>
#include <memory>

namespace maild::trace {

class Recorder final : public Sink {
public:
    static constexpr std::size_t kMaxPending = 2 * 1024 * 1024;

    Recorder(boost::asio::io_context& io, ipc::Client& line, const Clock& clock);
    ~Recorder() override;
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    bool is_wanted() const override;
    void record(Record record) override;
    void set_wanted(bool wanted);
    // Before the process ends: what is pending is sent, for at most so long.
    net::Task<void> finish(std::chrono::milliseconds patience);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace maild::trace
