#pragma once
// What a coroutine of ours returns, named once. A worker has one io_context and one thread, so
// nothing that runs on it needs a lock. The only header in include/ that may include Asio.
//
// `co_await` stands alone as a statement or initialises one named local (STYLE §8: GCC 12
// miscompiles more).

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace maild::net {

using Executor = boost::asio::io_context::executor_type;

template <class T = void> using Task = boost::asio::awaitable<T, Executor>;

} // namespace maild::net
