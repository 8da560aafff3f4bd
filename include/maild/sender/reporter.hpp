#pragma once
// Tells senders what became of their mail (RFC 3461 §5.2, RFC 3464): takes what the queue says is
// owed and delivers a report on it, which settles the debt in the same commit where that can be.
// Never to nobody, never on a report. One thread; everything that is borrowed outlives it.

#include "maild/base/clock.hpp"
#include "maild/directory/directory.hpp"
#include "maild/net/task.hpp"
#include "maild/sender/retry.hpp"
#include "maild/store/message_store.hpp"
#include "maild/store/queue.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace maild::sender {

// Signs the host's own mail (RFC 6376).
class OwnSigner {
public:
    virtual ~OwnSigner() = default;
    // Whole lines to be put on top; empty: nobody signs for its author. The view must stay until
    // the task ends.
    virtual net::Task<Result<std::string>> fields_for(std::string_view message) = 0;
};

struct ReporterOptions {
    std::string hostname;
    RetryPolicy retry;           // for "will be tried until"
    OwnSigner* signer = nullptr; // outlives the reporter; null: reports are not signed
};

class Reporter {
public:
    Reporter(store::Queue& queue, store::MessageStore& store, directory::Directory& directory,
             const Clock& clock, ReporterOptions options);
    ~Reporter();
    Reporter(const Reporter&) = delete;
    Reporter& operator=(const Reporter&) = delete;

    void set_options(ReporterOptions options);
    void look();           // something may be owed
    net::Task<void> run(); // until stop()
    void stop();

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace maild::sender
