#include "maild/net/spawn.hpp"

#include "maild/base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace maild::net {
namespace {

void report(const std::string& name, const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        log::error("task_failed", {{"task", name}, {"error", error.what()}});
    } catch (...) {
        log::error("task_failed", {{"task", name}, {"error", "unknown exception"}});
    }
}

} // namespace

void spawn(boost::asio::io_context& io, Task<void> task, std::string name) {
    boost::asio::co_spawn(io.get_executor(), std::move(task),
                          [name = std::move(name)](const std::exception_ptr& exception) {
                              if (exception) report(name, exception);
                          });
}

void post(boost::asio::io_context& io, std::move_only_function<void()> job) {
    boost::asio::post(io.get_executor(), std::move(job));
}

} // namespace maild::net
