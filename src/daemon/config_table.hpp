#pragma once
// One table of the configuration file being read: takes each key that the caller knows, checks type
// and range, and reports those that nobody asked for. Included by the parser alone: toml++ stays
// out of every other file.

#include "daemon/config_file.hpp"

#include <toml++/toml.h>

#include <chrono>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace maild::daemon {

class ConfigTable {
public:
    // `name` is the table's, "" for the top; faults and positions go into `parsed`.
    ConfigTable(const toml::table& table, std::string name, ParsedConfig& parsed)
        : table_(table), name_(std::move(name)), parsed_(parsed) {}
    ~ConfigTable() = default;
    ConfigTable(const ConfigTable&) = delete;
    ConfigTable& operator=(const ConfigTable&) = delete;

    // Each leaves `out` alone when the key is absent or wrong; wrong ones become a fault.
    bool text(std::string_view key, std::string& out);
    void absolute_path(std::string_view key, std::string& out);
    void size(std::string_view key, std::uint64_t& out, std::uint64_t least, std::uint64_t most);
    void span(std::string_view key, std::chrono::seconds& out, std::chrono::seconds least,
              std::chrono::seconds most);
    void delay(std::string_view key, std::chrono::milliseconds& out,
               std::chrono::milliseconds least, std::chrono::milliseconds most);
    template <std::unsigned_integral Number>
    void number(std::string_view key, Number& out, Number least, Number most) {
        const auto value = integer(key, least, most);
        if (value) out = static_cast<Number>(*value);
    }
    // A number that nought or `false` switches off: then `out` is 0.
    void limit(std::string_view key, std::uint32_t& out, std::uint32_t most);
    template <class Enum>
    void choice(std::string_view key, Enum& out,
                std::initializer_list<std::pair<std::string_view, Enum>> choices) {
        std::string value;
        if (!text(key, value)) return;
        std::string names;
        for (const auto& [name, meaning] : choices) {
            if (value == name) {
                out = meaning;
                return;
            }
            names += (names.empty() ? "\"" : ", \"") + std::string(name) + "\"";
        }
        fault(key, "is \"" + value + "\", which is not known", "write one of " + names);
    }

    bool is_word(std::string_view key, std::string_view word); // and nothing else

    const toml::table* table(std::string_view key);
    const toml::array* array(std::string_view key);
    bool has(std::string_view key) const { return table_.contains(key); }

    // "limits.message_size " + what, at the key's place.
    void fault(std::string_view key, std::string_view what, std::string_view remedy);
    Position position() const; // of the table itself
    void report_unknown_keys();

private:
    const toml::node* take(std::string_view key);
    std::optional<std::int64_t> integer(std::string_view key, std::uint64_t least,
                                        std::uint64_t most);
    bool is_off(std::string_view key) const; // false, in so many letters
    std::string full_name(std::string_view key) const;
    std::string known_keys() const;

    const toml::table& table_;
    std::string name_;
    ParsedConfig& parsed_;
    std::set<std::string, std::less<>> known_;
};

Position position_of(const toml::node& node);

} // namespace maild::daemon
