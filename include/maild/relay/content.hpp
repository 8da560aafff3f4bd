#pragma once
// A message that is to be sent, read in pieces: it may be larger than memory.

#include "maild/base/error.hpp"
#include "maild/net/task.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace maild::relay {

class Content {
public:
    virtual ~Content() = default;
    virtual std::uint64_t size() const = 0; // octets
    // From `offset` on, at least one octet and at most so many; valid until the next call. The same
    // octets may be asked for again.
    virtual net::Task<Result<std::string_view>> read(std::uint64_t offset, std::size_t at_most) = 0;
};

// One that lies in memory: reports of our own, tests.
class MemoryContent final : public Content {
public:
    explicit MemoryContent(std::string text) : text_(std::move(text)) {}
    std::uint64_t size() const override { return text_.size(); }
    net::Task<Result<std::string_view>> read(std::uint64_t offset, std::size_t at_most) override {
        const auto begin = std::min<std::uint64_t>(offset, text_.size());
        co_return std::string_view(text_).substr(begin, at_most);
    }

private:
    std::string text_;
};

} // namespace maild::relay
