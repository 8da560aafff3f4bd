#pragma once
// Public suites of others, which lie beside the tree and are never copied into it. A test that
// needs one skips itself by name where it is absent.

#include "support/source_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace maild::test {

inline std::filesystem::path conformance_suite(std::string_view name) {
    return source_dir() / "../shared/conformance" / name;
}

inline std::string read_whole(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// All files below a suite with one of the extensions, in a fixed order.
inline std::vector<std::filesystem::path> files_of(const std::filesystem::path& suite,
                                                   const std::vector<std::string>& extensions) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(suite)) {
        const auto extension = entry.path().extension().string();
        if (entry.is_regular_file() && std::ranges::count(extensions, extension) > 0)
            files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

// Counts what a suite compares and prints "passed of run" at the end of its test.
class Score {
public:
    explicit Score(std::string suite) : suite_(std::move(suite)) {}
    Score(const Score&) = delete;
    Score& operator=(const Score&) = delete;
    ~Score() {
        std::printf("[  SUITE   ] %s: %zu passed of %zu run\n", suite_.c_str(), passed_, run_);
        EXPECT_GT(run_, 0U) << suite_ << " is empty";
    }

    // `what` is printed if it is not `ok`, which fails the test.
    void add(bool ok, const std::string& what) {
        ++run_;
        passed_ += ok ? 1 : 0;
        EXPECT_TRUE(ok) << suite_ << ": " << what;
    }

private:
    std::string suite_;
    std::size_t passed_ = 0;
    std::size_t run_ = 0;
};

} // namespace maild::test

#define MAILD_NEEDS_SUITE(name)                                                                    \
    if (!std::filesystem::is_directory(maild::test::conformance_suite(name)))                      \
    GTEST_SKIP() << name << " is not here"
