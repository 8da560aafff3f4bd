#include "daemon/config_file.hpp"
#include "daemon/memory_report.hpp"

#include "maild/base/log.hpp"
#include "maild/base/unique_fd.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

Config on_a_host_with(std::uint64_t memory, const std::string& text = {}) {
    const auto parsed = parse_config(
        text, "m.toml", {.hostname = "mx.example.net", .cores = 4, .memory = memory * kMiB});
    EXPECT_TRUE(parsed.faults.empty()) << format_faults("m.toml", parsed.faults);
    return parsed.config;
}

// What the log hears at the start.
std::string warnings(const Config& config) {
    UniqueFd file(::memfd_create("log", MFD_CLOEXEC));
    log::to_descriptor(file.get());
    warn_of_memory(config);
    log::flush();
    log::to_descriptor(STDERR_FILENO);
    std::string text(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), ' ');
    EXPECT_EQ(::pread(file.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
}

// A configuration that nobody has touched, on a small machine.
TEST(MemoryReport, SaysWhatAHostWithLittleMemoryGetsLessOf) {
    const auto config = on_a_host_with(256);
    const auto& plan = config.memory;
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    ASSERT_LT(plan.workers, 4U);
    const auto reduced =
        "pool.workers 4 to " + number(plan.workers) + ", limits.connections 10000 to " +
        number(plan.workers * plan.connections) + ", mail on its way in of a worker 512 MiB to " +
        number(plan.mail_bytes / kMiB) + " MiB";
    EXPECT_EQ(reduced_by_memory(config), reduced);
    const auto told = warnings(config);
    EXPECT_NE(told.find("memory_divided bytes=" + number(256 * kMiB) + " reduced=\"" + reduced +
                        "\" set=limits.memory\n"),
              told.npos)
        << told;
    EXPECT_EQ(told.find("memory_too_little"), told.npos) << told;
    EXPECT_NE(summary(config).find("  reduced    " + reduced + "\n"), std::string::npos);
    EXPECT_TRUE(saves_memory(config));
}

TEST(MemoryReport, SaysThatTheLeastIsMoreThanThereIs) {
    const auto config = on_a_host_with(100);
    EXPECT_TRUE(has_too_little_memory(config));
    EXPECT_EQ(config.memory.available_bytes, 100 * kMiB);
    const auto told = warnings(config);
    EXPECT_NE(told.find("memory_too_little bytes=104857600 bytes_needed=" +
                        std::to_string(config.memory.limit_bytes) + " "),
              told.npos)
        << told;
    EXPECT_NE(told.find("memory_divided "), told.npos) << told;
}

TEST(MemoryReport, IsSilentWhereNothingIsLessOrAnAdminHasChosen) {
    for (const auto& config :
         {on_a_host_with(64 * 1024), on_a_host_with(512, "[limits]\nmemory = \"300 MiB\"\n")}) {
        EXPECT_EQ(warnings(config), "");
        EXPECT_EQ(reduced_by_memory(config), "");
        EXPECT_EQ(summary(config).find("reduced"), std::string::npos);
    }
}

// Giving memory back at once costs time, which a host with plenty need not spend.
TEST(MemoryReport, ProcessesSaveMemoryOnlyWhereItIsLimited) {
    EXPECT_FALSE(saves_memory(on_a_host_with(64 * 1024)));
    EXPECT_TRUE(saves_memory(on_a_host_with(64 * 1024, "[limits]\nmemory = \"1 GiB\"\n")));
}

} // namespace
} // namespace maild::daemon
