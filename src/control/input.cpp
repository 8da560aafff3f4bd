#include "control/input.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/unique_fd.hpp"
#include "maild/control/protocol.hpp"

#include <boost/json/object.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <limits>
#include <span>
#include <termios.h>
#include <unistd.h>
#include <vector>

namespace maild::control {
namespace json = boost::json;
namespace {

constexpr std::size_t kMaxPassword = 1024;

// Echo off while it lives.
class SilentTerminal {
public:
    SilentTerminal() {
        ::tcgetattr(STDIN_FILENO, &saved_);
        auto silent = saved_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    SilentTerminal(const SilentTerminal&) = delete;
    SilentTerminal& operator=(const SilentTerminal&) = delete;
    ~SilentTerminal() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved_); }

private:
    termios saved_{};
};

Result<std::string> prompt(std::string_view question) {
    std::fprintf(stderr, "%.*s", static_cast<int>(question.size()), question.data());
    const SilentTerminal silent;
    auto line = read_password_line(STDIN_FILENO);
    std::fputc('\n', stderr);
    return line;
}

// One record of RFC 4180: fields of the text from `position`, which moves behind its line end.
Result<std::vector<std::string>> next_record(std::string_view text, std::size_t& position) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    while (position < text.size()) {
        const char c = text[position++];
        if (quoted && c == '"' && position < text.size() && text[position] == '"') {
            fields.back() += '"';
            ++position;
        } else if (c == '"' && (quoted || fields.back().empty())) {
            quoted = !quoted;
        } else if (quoted) {
            fields.back() += c;
        } else if (c == ',') {
            fields.emplace_back();
        } else if (c == '\n') {
            return fields;
        } else if (c != '\r') {
            fields.back() += c;
        }
    }
    if (quoted) return fail(Errc::invalid_argument, "a quote is not closed");
    return fields;
}

Result<json::object> account_of(const std::vector<std::string>& fields, std::int64_t line) {
    if (fields.size() > 3)
        return fail(Errc::invalid_argument,
                    "more than three fields: address,password-or-hash,quota");
    json::object row{{"line", line}, {"address", ascii::trim(fields[0])}};
    row["password"] = fields.size() > 1 ? fields[1] : std::string();
    std::int64_t quota = 0;
    if (fields.size() > 2 && !ascii::trim(fields[2]).empty()) {
        const auto size = parse_size(ascii::trim(fields[2]));
        if (!size)
            return fail(Errc::invalid_argument, "the quota is no size; 500M or 2G for example");
        quota = *size;
    }
    row["quota"] = quota;
    return row;
}

// Digits alone, up to `most`.
std::optional<std::int64_t> parse_digits(std::string_view text, std::int64_t most) {
    if (text.empty()) return std::nullopt;
    std::int64_t value = 0;
    for (const char c : text) {
        if (!ascii::is_digit(c) || value > (most - (c - '0')) / 10) return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

} // namespace

std::string generate_password() {
    // 32, none that look alike.
    constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
    std::array<std::byte, 20> random{};
    SystemRandom().fill(random);
    std::string out;
    for (std::size_t i = 0; i < random.size(); ++i) {
        if (i > 0 && i % 5 == 0) out += '-';
        out += kLetters[std::to_integer<std::size_t>(random[i]) % kLetters.size()];
    }
    return out;
}

Result<std::string> read_password_line(int fd) {
    std::string line;
    char c = 0;
    while (true) {
        const auto count = ::read(fd, &c, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("read the password");
        if (count == 0 || c == '\n') break;
        line += c;
        if (line.size() > kMaxPassword)
            return fail(Errc::too_large, "the password is longer than 1024 bytes.");
    }
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) return fail(Errc::invalid_argument, "the password is empty.");
    return line;
}

Result<std::optional<std::string>> ask_password(std::string_view account) {
    if (::isatty(STDIN_FILENO) == 0) return std::nullopt;
    auto first = prompt("Password for " + std::string(account) + ": ");
    if (!first) return std::unexpected(first.error());
    auto second = prompt("Once more: ");
    if (!second) return std::unexpected(second.error());
    if (*first != *second) return fail(Errc::invalid_argument, "the two passwords differ.");
    return std::move(*first);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
    unsigned shift = 0;
    if (!text.empty() && !ascii::is_digit(text.back())) {
        const auto unit = std::string_view("KMGT").find(ascii::to_upper(text.back()));
        if (unit == std::string_view::npos) return std::nullopt;
        shift = 10 * (static_cast<unsigned>(unit) + 1);
        text.remove_suffix(1);
    }
    const auto value = parse_digits(text, std::numeric_limits<std::int64_t>::max() >> shift);
    if (!value) return std::nullopt;
    return *value << shift;
}

std::optional<std::int64_t> parse_span(std::string_view text) {
    constexpr std::int64_t kTenYears = 3'653LL * 86'400;
    constexpr std::array<std::int64_t, 4> kUnits{1, 60, 3'600, 86'400};
    std::int64_t unit = 1;
    if (!text.empty() && !ascii::is_digit(text.back())) {
        const auto found = std::string_view("smhd").find(text.back());
        if (found == std::string_view::npos) return std::nullopt;
        unit = kUnits[found];
        text.remove_suffix(1);
    }
    const auto value = parse_digits(text, kTenYears / unit);
    if (!value || *value == 0) return std::nullopt;
    return *value * unit;
}

Result<json::array> parse_accounts_csv(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf"))
        text.remove_prefix(3); // spreadsheets put a byte order mark first
    json::array rows;
    std::int64_t line = 1;
    for (std::size_t position = 0; position < text.size();) {
        const auto begin = position;
        auto fields = next_record(text, position);
        if (!fields) // where it was to be closed nobody knows: what follows makes no sense
            return fail(Errc::invalid_argument,
                        "line " + std::to_string(line) + ": " + fields.error().internal);
        const auto first = ascii::to_lower(ascii::trim((*fields)[0]));
        const bool skipped = (fields->size() == 1 && first.empty()) || first.starts_with('#') ||
                             (line == 1 && first == "address");
        if (!skipped) {
            auto row = account_of(*fields, line);
            rows.push_back(row ? std::move(*row)
                               : json::object{{"line", line}, {"fault", row.error().internal}});
        }
        for (auto i = begin; i < position; ++i) line += text[i] == '\n';
    }
    return rows;
}

namespace {

// At most `most` octets; `advice` is for who has more.
Result<std::string> read_at_most(const std::string& path, std::size_t most,
                                 std::string_view advice) {
    UniqueFd opened;
    int fd = STDIN_FILENO;
    if (path != "-") {
        opened.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!opened) return fail_errno(path);
        fd = opened.get();
    }
    std::string out;
    std::array<char, 65536> piece;
    while (true) {
        const auto count = ::read(fd, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno(path);
        if (count == 0) return out;
        out.append(piece.data(), static_cast<std::size_t>(count));
        if (out.size() > most)
            return fail(Errc::too_large, path + " is larger than " +
                                             std::to_string(most / 1024 / 1024) + " MiB" +
                                             std::string(advice) + ".");
    }
}

} // namespace

Result<std::string> read_file(const std::string& path) {
    return read_at_most(path, kMaxFrame, ": split it");
}

Result<void> write_new_file(const std::string& path, std::string_view text) {
    const std::string draft = path + ".new";
    const UniqueFd fd(
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) return fail_errno(draft);
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(fd.get()) != 0)
        return fail_errno(draft);
    if (::rename(draft.c_str(), path.c_str()) != 0) return fail_errno(path);
    return {};
}

Result<std::string> read_message(const std::string& path) {
    constexpr std::size_t kMostOctets = 256UL * 1024 * 1024; // more than a host takes in
    auto text = read_at_most(path.empty() ? "-" : path, kMostOctets, "");
    if (!text) return text;
    std::string out;
    out.reserve(text->size() + text->size() / 32);
    for (const char c : *text) {
        if (c == '\n' && !out.ends_with('\r')) out += '\r';
        out += c;
    }
    return out;
}

} // namespace maild::control
