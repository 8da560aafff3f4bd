#pragma once
// What the sender has tried, for the log and for `mailctl message trace`.

#include "maild/sender/sender.hpp"
#include "maild/trace/recorder.hpp"

#include <string>
#include <vector>

namespace maild::daemon {

class AttemptRecords final : public sender::AttemptSink {
public:
    // The sink outlives it.
    explicit AttemptRecords(trace::Sink& sink) : sink_(sink) {}
    void attempted(const queue::LeasedMessage& message, const std::string& destination,
                   const std::vector<relay::Outcome>& outcomes,
                   const std::vector<queue::Settlement>& settlements) override;

private:
    trace::Sink& sink_;
};

// One attempt's record: service "sender", the queue's number as its id.
trace::Record record_of_attempt(const queue::LeasedMessage& message, const std::string& destination,
                                const std::vector<relay::Outcome>& outcomes,
                                const std::vector<queue::Settlement>& settlements);

} // namespace maild::daemon
