#include "daemon/config_table.hpp"

#include "maild/base/log.hpp"

#include <array>
#include <charconv>
#include <span>

namespace maild::daemon {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array kSizeUnits{Unit{"", 1},
                                Unit{"B", 1},
                                Unit{"KiB", 1ull << 10},
                                Unit{"MiB", 1ull << 20},
                                Unit{"GiB", 1ull << 30},
                                Unit{"TiB", 1ull << 40}};
constexpr std::array kSpanUnits{Unit{"", 1}, Unit{"s", 1}, Unit{"min", 60}, Unit{"h", 3600},
                                Unit{"d", 24 * 3600}};
constexpr std::array kDelayUnits{Unit{"ms", 1}, Unit{"", 1000}, Unit{"s", 1000}};

// "50 MiB" → 50 << 20. Nothing where the number or the unit is wrong or the product too great.
std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    while (text.starts_with(' ')) text.remove_prefix(1);
    for (const auto& unit : units) {
        if (text != unit.name) continue;
        if (number > UINT64_MAX / unit.factor) return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> quantity_of(const toml::node& node, std::span<const Unit> units) {
    if (const auto number = node.value_exact<std::int64_t>()) {
        if (*number < 0) return std::nullopt;
        return static_cast<std::uint64_t>(*number);
    }
    if (const auto text = node.value_exact<std::string>()) return parse_quantity(*text, units);
    return std::nullopt;
}

// The greatest unit that divides it: 52428800 → "50 MiB".
std::string format_quantity(std::uint64_t value, std::span<const Unit> units) {
    auto best = units.front();
    for (const auto& unit : units) {
        if (value != 0 && value % unit.factor == 0) best = unit;
    }
    return std::to_string(value / best.factor) + (best.name.empty() ? "" : " ") +
           std::string(best.name);
}

std::string format_range(std::uint64_t least, std::uint64_t most, std::span<const Unit> units) {
    return "write something from \"" + format_quantity(least, units) + "\" to \"" +
           format_quantity(most, units) + "\"";
}

std::string type_name(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a floating-point number";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
    }
}

} // namespace

Position position_of(const toml::node& node) {
    const auto begin = node.source().begin;
    return {static_cast<std::uint32_t>(begin.line), static_cast<std::uint32_t>(begin.column)};
}

Position ConfigTable::position() const { return position_of(table_); }

std::string ConfigTable::full_name(std::string_view key) const {
    return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

void ConfigTable::fault(std::string_view key, std::string_view what, std::string_view remedy) {
    auto place = parsed_.position_of(full_name(key));
    if (place.line == 0) place = position();
    parsed_.faults.push_back(
        {place, full_name(key) + " " + std::string(what), std::string(remedy)});
}

const toml::node* ConfigTable::take(std::string_view key) {
    known_.insert(std::string(key));
    const auto* node = table_.get(key);
    if (node != nullptr) parsed_.positions[full_name(key)] = daemon::position_of(*node);
    return node;
}

bool ConfigTable::text(std::string_view key, std::string& out) {
    const auto* node = take(key);
    if (node == nullptr) return false;
    auto value = node->value_exact<std::string>();
    if (!value) {
        fault(key, "is " + type_name(*node), "write a string, in double quotes");
        return false;
    }
    if (value->size() > 1024 || value->find('\0') != std::string::npos) {
        fault(key, "is longer than 1024 octets or holds NUL", "write a shorter one");
        return false;
    }
    out = std::move(*value);
    return true;
}

bool ConfigTable::is_word(std::string_view key, std::string_view word) {
    const auto* node = take(key);
    return node != nullptr && node->value_exact<std::string>() == word;
}

void ConfigTable::absolute_path(std::string_view key, std::string& out) {
    std::string path;
    if (!text(key, path)) return;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (!path.starts_with('/') || path == "/") {
        fault(key, "is " + log::escaped(path) + ", which is no absolute path",
              "write the whole path, beginning with /");
        return;
    }
    out = std::move(path);
}

std::optional<std::int64_t> ConfigTable::integer(std::string_view key, std::uint64_t least,
                                                 std::uint64_t most) {
    const auto* node = take(key);
    if (node == nullptr) return std::nullopt;
    const auto remedy =
        "write a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    const auto value = node->value_exact<std::int64_t>();
    if (!value) {
        fault(key, "is " + type_name(*node), remedy);
        return std::nullopt;
    }
    if (*value < 0 || static_cast<std::uint64_t>(*value) < least ||
        static_cast<std::uint64_t>(*value) > most) {
        fault(key, "is " + std::to_string(*value) + ", which is out of range", remedy);
        return std::nullopt;
    }
    return value;
}

bool ConfigTable::is_off(std::string_view key) const {
    const auto* node = table_.get(key);
    const auto value = node == nullptr ? std::nullopt : node->value_exact<bool>();
    return value && !*value;
}

void ConfigTable::limit(std::string_view key, std::uint32_t& out, std::uint32_t most) {
    if (is_off(key)) {
        take(key);
        out = 0;
        return;
    }
    number<std::uint32_t>(key, out, 0, most);
}

void ConfigTable::size(std::string_view key, std::uint64_t& out, std::uint64_t least,
                       std::uint64_t most) {
    const auto* node = take(key);
    if (node == nullptr) return;
    const auto value = quantity_of(*node, kSizeUnits);
    if (!value) {
        fault(key, "is no size", "write bytes, or a number with KiB, MiB or GiB: \"50 MiB\"");
    } else if (*value < least || *value > most) {
        fault(key, "is out of range", format_range(least, most, kSizeUnits));
    } else {
        out = *value;
    }
}

void ConfigTable::span(std::string_view key, std::chrono::seconds& out, std::chrono::seconds least,
                       std::chrono::seconds most) {
    const auto* node = take(key);
    if (node == nullptr) return;
    const auto value = quantity_of(*node, kSpanUnits);
    const auto low = static_cast<std::uint64_t>(least.count());
    const auto high = static_cast<std::uint64_t>(most.count());
    if (!value) {
        fault(key, "is no span of time",
              "write seconds, or a number with s, min, h or d: \"5 min\"");
    } else if (*value < low || *value > high) {
        fault(key, "is out of range", format_range(low, high, kSpanUnits));
    } else {
        out = std::chrono::seconds(*value);
    }
}

void ConfigTable::delay(std::string_view key, std::chrono::milliseconds& out,
                        std::chrono::milliseconds least, std::chrono::milliseconds most) {
    const auto* node = take(key);
    if (node == nullptr) return;
    auto value = quantity_of(*node, kDelayUnits);
    if (value && node->is_integer()) *value = *value > 3600 ? UINT64_MAX : *value * 1000; // seconds
    const auto low = static_cast<std::uint64_t>(least.count());
    const auto high = static_cast<std::uint64_t>(most.count());
    if (!value)
        fault(key, "is no span of time", "write seconds, or a number with ms or s: \"500 ms\"");
    else if (*value < low || *value > high)
        fault(key, "is out of range", format_range(low, high, kDelayUnits));
    else
        out = std::chrono::milliseconds(*value);
}

const toml::table* ConfigTable::table(std::string_view key) {
    const auto* node = take(key);
    if (node == nullptr) return nullptr;
    const auto* table = node->as_table();
    if (table == nullptr) {
        fault(key, "is " + type_name(*node), "write a table: [" + full_name(key) + "]");
    }
    return table;
}

const toml::array* ConfigTable::array(std::string_view key) {
    const auto* node = take(key);
    if (node == nullptr) return nullptr;
    const auto* array = node->as_array();
    if (array == nullptr) fault(key, "is " + type_name(*node), "write an array: [ …, … ]");
    return array;
}

std::string ConfigTable::known_keys() const {
    std::string names;
    for (const auto& key : known_) names += (names.empty() ? "" : ", ") + key;
    return names;
}

void ConfigTable::report_unknown_keys() {
    for (const auto& [key, node] : table_) {
        if (known_.contains(key.str())) continue;
        const auto begin = key.source().begin;
        const auto shown = log::escaped(key.str(), 64);
        parsed_.faults.push_back(
            {{static_cast<std::uint32_t>(begin.line), static_cast<std::uint32_t>(begin.column)},
             full_name(shown) + " is not a known key",
             "remove it, or write one of " + known_keys()});
    }
}

} // namespace maild::daemon
