#include "maild/base/log.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace maild::log {
namespace {

constexpr std::size_t kMaxLine = 4096;
constexpr int kFacilityMail = 2 << 3; // RFC 3164 §4.1.1

// A file that somebody else opened: the supervisor hands the descriptor to processes that may not
// open any file. One write(2) a line with O_APPEND, so that lines of several processes never mix.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit DescriptorSink(int fd) : fd_(fd) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        // A full disk must not stop the daemon: a line that cannot be written is lost.
        [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
    }
    void flush_() override {}

    int fd_;
};

// RFC 3164 §4.1 as glibc's syslog() writes it to /dev/log: "<22>Jan  2 03:04:05 maild[42]: …".
class DatagramSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    DatagramSink(int fd, std::string_view identity)
        : fd_(fd), tag_(" " + std::string(identity) + "[" + std::to_string(::getpid()) + "]: ") {}

private:
    static int severity(spdlog::level::level_enum level) {
        constexpr int kSeverities[] = {7, 7, 6, 4, 3, 2, 2}; // of trace, debug … critical, off
        return kSeverities[level];
    }
    void sink_it_(const spdlog::details::log_msg& message) override {
        const auto seconds = std::chrono::system_clock::to_time_t(message.time);
        std::tm parts{};
        ::localtime_r(&seconds, &parts);
        char stamp[32] = "";
        std::strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &parts);
        std::string line =
            "<" + std::to_string(kFacilityMail | severity(message.level)) + ">" + stamp + tag_;
        line.append(message.payload.data(), message.payload.size());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        constexpr std::string_view kPath = "/dev/log";
        kPath.copy(address.sun_path, sizeof address.sun_path - 1);
        // Nobody may listen, and a full log must not stop the daemon: then the line is lost.
        ::sendto(fd_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    void flush_() override {}

    int fd_;
    std::string tag_;
};

std::shared_ptr<spdlog::logger> make_logger(std::shared_ptr<spdlog::sinks::sink> sink) {
    auto logger = std::make_shared<spdlog::logger>("maild", std::move(sink));
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    return logger;
}

// The one process-wide service (STYLE §9), so its state lives here.
struct Service {
    std::mutex mutex;
    std::string process;
    spdlog::level::level_enum level = spdlog::level::info;
    std::shared_ptr<spdlog::logger> logger = quiet_default();

    static std::shared_ptr<spdlog::logger> quiet_default() {
        auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        sink->set_level(spdlog::level::warn);
        return make_logger(std::move(sink));
    }
};

Service& service() {
    static Service instance;
    return instance;
}

void use(std::shared_ptr<spdlog::sinks::sink> sink) {
    auto logger = make_logger(std::move(sink));
    auto& s = service();
    const std::lock_guard lock(s.mutex);
    logger->set_level(s.level);
    s.logger = std::move(logger);
}

spdlog::level::level_enum spdlog_level(Level level) {
    switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::critical: return spdlog::level::critical;
    }
    return spdlog::level::info;
}

bool is_plain(char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '='; }

void append_escaped_byte(std::string& out, char c) {
    if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
    } else if (ascii::is_control(c) || ascii::is_8bit(c)) {
        out += "\\x";
        out += hex_encode({&c, 1});
    } else {
        out += c;
    }
}

template <class Number> void append_number(std::string& out, Number value) {
    char digits[32];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    out.append(digits, end);
}

} // namespace

std::string escaped(std::string_view text, std::size_t limit) {
    if (!text.empty() && text.size() <= limit && std::ranges::all_of(text, is_plain))
        return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (out.size() >= limit) {
            out += "…";
            break;
        }
        append_escaped_byte(out, c);
    }
    out += '"';
    return out;
}

void Field::append_value(std::string& out) const {
    if (const auto* text = std::get_if<std::string_view>(&value_))
        out += escaped(*text);
    else if (const auto* flag = std::get_if<bool>(&value_))
        out += *flag ? "true" : "false";
    else if (const auto* number = std::get_if<std::int64_t>(&value_))
        append_number(out, *number);
    else if (const auto* natural = std::get_if<std::uint64_t>(&value_))
        append_number(out, *natural);
    else
        append_number(out, std::get<double>(value_));
}

void write(Level level, std::string_view event, Fields fields) {
    auto& s = service();
    std::shared_ptr<spdlog::logger> logger;
    std::string line;
    {
        const std::lock_guard lock(s.mutex);
        logger = s.logger;
        if (!logger->should_log(spdlog_level(level))) return;
        line = s.process;
    }
    line += event;
    for (const auto& field : fields) {
        if (line.size() >= kMaxLine) break;
        line += ' ';
        line += field.key();
        line += '=';
        field.append_value(line);
    }
    if (line.size() > kMaxLine) line.resize(kMaxLine);
    logger->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

void flush() {
    std::shared_ptr<spdlog::logger> logger;
    {
        const std::lock_guard lock(service().mutex);
        logger = service().logger;
    }
    logger->flush();
}

void to_descriptor(int fd) { use(std::make_shared<DescriptorSink>(fd)); }
void to_nowhere() { use(std::make_shared<spdlog::sinks::null_sink_mt>()); }

void to_syslog_socket(int fd, std::string_view identity) {
    use(std::make_shared<DatagramSink>(fd, identity));
}

void set_level(Level level) {
    auto& s = service();
    const std::lock_guard lock(s.mutex);
    s.level = spdlog_level(level);
    s.logger->set_level(s.level);
}

void set_process(std::string_view role) {
    auto& s = service();
    const std::lock_guard lock(s.mutex);
    s.process = std::string(role) + "[" + std::to_string(::getpid()) + "] ";
}

} // namespace maild::log
