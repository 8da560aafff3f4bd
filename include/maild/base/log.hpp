#pragma once
// Structured log: one event is one line, `2026-01-02T03:04:05.678Z info worker[42]
// smtp_session_finished session=7 …`. Field values are escaped here (control bytes, quotes and
// non-ASCII as \xHH, at most 4 KiB a line), so peer bytes can be passed as they are; secrets must
// never be passed at all. The one process-wide service: safe from any thread.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace maild::log {

enum class Level : std::uint8_t { debug, info, warning, error, critical };

class Field {
public:
    Field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
    Field(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
    Field(std::string_view key, const std::string& value)
        : key_(key), value_(std::string_view(value)) {}
    Field(std::string_view key, bool value) : key_(key), value_(value) {}
    template <class Number>
        requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>)
    Field(std::string_view key, Number value) : key_(key) {
        if constexpr (std::is_floating_point_v<Number>)
            value_ = static_cast<double>(value);
        else if constexpr (std::is_signed_v<Number>)
            value_ = static_cast<std::int64_t>(value);
        else
            value_ = static_cast<std::uint64_t>(value);
    }

    std::string_view key() const { return key_; }
    void append_value(std::string& out) const;

private:
    std::string_view key_;
    std::variant<std::string_view, bool, std::int64_t, std::uint64_t, double> value_;
};

using Fields = std::initializer_list<Field>;

void write(Level level, std::string_view event, Fields fields);
inline void debug(std::string_view event, Fields fields = {}) {
    write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) { write(Level::info, event, fields); }
inline void warning(std::string_view event, Fields fields = {}) {
    write(Level::warning, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
    write(Level::error, event, fields);
}
inline void critical(std::string_view event, Fields fields = {}) {
    write(Level::critical, event, fields);
}
void flush();

// Where lines go. Until one is set, warnings and worse go to standard error. Descriptors are
// borrowed: the supervisor opens them for processes that may open nothing.
void to_descriptor(int fd); // opened for appending; called anew when the file was reopened
// To the system's log, through an unconnected Unix datagram socket: goes on when that log was
// restarted.
void to_syslog_socket(int fd, std::string_view identity);
void to_nowhere(); // for tests and benchmarks
void set_level(Level level);
void set_process(std::string_view role); // "worker", "store" …: stands in each line

// `text` as it stands in a line: quoted when it holds a space, a quote, a backslash, '=' or
// anything but printable ASCII; cut off with … behind `limit` bytes.
std::string escaped(std::string_view text, std::size_t limit = 1024);

} // namespace maild::log
