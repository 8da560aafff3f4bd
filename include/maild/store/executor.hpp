#pragma once
// Who does the work of the shards when no threads of their own shall: the deterministic simulation,
// which decides what happens in which order. Production gives none (LocalStoreOptions::executor):
// then each shard has its writer thread and its readers. The work is the same code either way.
// Everything on one thread: the executor's is the one of LocalStore's io_context.

#include <chrono>
#include <functional>

namespace maild::store {

class Executor {
public:
    using Work = std::move_only_function<void()>;

    virtual ~Executor() = default; // outlives the store
    // Does `work` later, never inside this call, in whatever order it likes: each piece takes what
    // waits in its queue by then. Work of a store that is gone does nothing.
    virtual void post(Work work) = 0;
    // Not before `span` has passed on the store's clock: upkeep.
    virtual void post_after(std::chrono::milliseconds span, Work work) = 0;
};

} // namespace maild::store
