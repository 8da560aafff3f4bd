#include "maild/net/output.hpp"

#include <utility>

namespace maild::net {

void Output::put(std::string bytes) {
    constexpr std::size_t kWorthKeeping = 4096;
    if (bytes.size() < kWorthKeeping) return put(std::string_view(bytes));
    size_ += bytes.size();
    pieces_.push_back(std::move(bytes));
}

void Output::put(std::string_view bytes) {
    constexpr std::size_t kGather = 16 * 1024;
    if (bytes.empty()) return;
    size_ += bytes.size();
    const bool goes_on = !pieces_.empty() && pieces_.back().size() + bytes.size() <= kGather;
    if (goes_on)
        pieces_.back() += bytes;
    else
        pieces_.emplace_back(bytes);
}

Task<Result<void>> Output::flush(std::chrono::milliseconds timeout) {
    if (empty()) co_return Result<void>{};
    const auto pieces = std::exchange(pieces_, {}); // nothing is kept by an idle connection
    size_ = 0;
    const std::vector<std::string_view> views(pieces.begin(), pieces.end());
    const auto written = co_await stream_->write_all(views, timeout);
    co_return written;
}

void Output::clear() {
    pieces_.clear();
    size_ = 0;
}

} // namespace maild::net
