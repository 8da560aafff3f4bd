#pragma once
// A file that another one stands behind: doubles override what they do otherwise.

#include "maild/base/file.hpp"

#include <memory>
#include <utility>

namespace maild::test {

class ForwardingFile : public File {
public:
    explicit ForwardingFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
        return file_->read_at(offset, out);
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) override {
        return file_->write_at(offset, pieces);
    }
    Result<void> sync_data() override { return file_->sync_data(); }
    Result<void> truncate(std::uint64_t size) override { return file_->truncate(size); }
    Result<void> allocate(std::uint64_t size) override { return file_->allocate(size); }
    Result<std::uint64_t> size() const override { return file_->size(); }
    void drop_cache() const override { file_->drop_cache(); }

private:
    std::unique_ptr<File> file_;
};

} // namespace maild::test
