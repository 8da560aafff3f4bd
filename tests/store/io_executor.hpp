#pragma once
// A store without threads: its work is done on the test's io_context in the order in which it was
// asked for, and upkeep only when the test says so. Outlives the store.

#include "maild/net/spawn.hpp"
#include "maild/store/executor.hpp"

#include <utility>
#include <vector>

namespace maild::store::test {

class IoExecutor final : public Executor {
public:
    explicit IoExecutor(boost::asio::io_context& io) : io_(io) {}
    void post(Work work) override { net::post(io_, std::move(work)); }
    void post_after(std::chrono::milliseconds, Work work) override {
        upkeep_.push_back(std::move(work));
    }
    void tick() {
        for (auto& work : std::exchange(upkeep_, {})) work();
    }

private:
    boost::asio::io_context& io_;
    std::vector<Work> upkeep_;
};

} // namespace maild::store::test
