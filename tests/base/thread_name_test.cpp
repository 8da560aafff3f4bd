#include "maild/base/thread_name.hpp"

#include <gtest/gtest.h>

#include <array>
#include <pthread.h>
#include <string>
#include <thread>

namespace maild {
namespace {

std::string name_after(const std::string& given) {
    std::array<char, 32> name{};
    std::thread([&] {
        name_thread(given);
        pthread_getname_np(pthread_self(), name.data(), name.size());
    }).join();
    return name.data();
}

TEST(ThreadName, IsWhatTheKernelTells) {
    EXPECT_EQ(name_after("writer"), "writer");
    EXPECT_EQ(name_after("exactly-fifteen"), "exactly-fifteen");
    EXPECT_EQ(name_after("more-than-fifteen"), "more-than-fifte");
}

} // namespace
} // namespace maild
