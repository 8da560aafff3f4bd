#include "control/render.hpp"

#include "maild/base/ascii.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

namespace maild::control {
namespace json = boost::json;
namespace {

using Row = std::vector<std::string>;

std::string format_time(std::int64_t seconds) {
    if (seconds == 0) return "-";
    using namespace std::chrono;
    const sys_seconds time{std::chrono::seconds(seconds)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text.data();
}

std::string joined(const json::array& items) {
    std::string out;
    for (const auto& item : items) {
        if (!out.empty()) out += ", ";
        out += item.is_string() ? std::string(item.as_string()) : json::serialize(item);
    }
    return out;
}

std::string cell(const json::object& row, const Column& column) {
    const auto* value = row.if_contains(column.key);
    if (value == nullptr || value->is_null()) return "-";
    const bool is_limit = column.format == Format::limit || column.format == Format::size_limit;
    if (is_limit && value->is_int64() && value->as_int64() == 0) return "none";
    if (value->is_int64() && column.format == Format::size_limit)
        return format_bytes(value->as_int64());
    if (value->is_int64() && column.format == Format::bytes) return format_bytes(value->as_int64());
    if (value->is_int64() && column.format == Format::time) return format_time(value->as_int64());
    if (value->is_bool()) return value->as_bool() ? "yes" : "no";
    if (value->is_array())
        return value->as_array().empty() ? "-" : printable(joined(value->as_array()));
    if (value->is_string()) return value->as_string().empty() ? "-" : printable(value->as_string());
    return json::serialize(*value);
}

// Columns, by display width: a byte that continues a UTF-8 character takes no place.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string table(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    }
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) out.append(widths[i] - width_of(row[i]) + 2, ' ');
        }
        out += '\n';
    }
    return out;
}

const json::array* rows_of(const json::value& result) {
    if (!result.is_object()) return nullptr;
    const auto* rows = result.as_object().if_contains("rows");
    return rows != nullptr && rows->is_array() ? &rows->as_array() : nullptr;
}

Row heading(const Command& command) {
    Row row;
    for (const auto& column : command.columns) row.emplace_back(column.title);
    return row;
}

Row cells(const Command& command, const json::object& object) {
    Row row;
    for (const auto& column : command.columns) row.push_back(cell(object, column));
    return row;
}

std::string render_rows(const Command& command, const json::array& items) {
    if (items.empty()) return "none\n";
    std::vector<Row> rows{heading(command)};
    for (const auto& item : items) {
        if (item.is_object()) rows.push_back(cells(command, item.as_object()));
    }
    return table(rows);
}

std::string render_lines(const json::array& lines) {
    std::string out;
    for (const auto& line : lines)
        if (line.is_string()) out += printable(line.as_string()) + "\n";
    return out;
}

std::string render_detail(const Command& command, const json::object& object) {
    std::vector<Row> rows;
    for (const auto& column : command.columns) {
        const auto text = cell(object, column);
        if (text != "-") rows.push_back({std::string(column.title) + ":", text});
    }
    return table(rows);
}

// Without columns: nested objects as indented lines, tables of objects under their key.
void append_plain(std::string& out, const json::object& object, const std::string& indent) {
    std::vector<Row> scalars;
    for (const auto& [key, value] : object) {
        if (value.is_object() ||
            (value.is_array() && !value.as_array().empty() && value.as_array()[0].is_object()))
            continue;
        scalars.push_back({indent + std::string(key) + ":", cell(object, Column{key, {}})});
    }
    out += table(scalars);
    for (const auto& [key, value] : object) {
        if (value.is_object()) {
            out += indent + std::string(key) + ":\n";
            append_plain(out, value.as_object(), indent + "  ");
        } else if (value.is_array() && !value.as_array().empty() &&
                   value.as_array()[0].is_object()) {
            std::vector<Row> rows(1);
            for (const auto& [name, ignored] : value.as_array()[0].as_object())
                rows[0].push_back(indent + ascii::to_upper(name));
            for (const auto& item : value.as_array()) {
                if (!item.is_object()) continue;
                Row row;
                for (const auto& [name, ignored] : item.as_object())
                    row.push_back(indent + cell(item.as_object(), Column{name, {}}));
                rows.push_back(std::move(row));
            }
            out += "\n" + table(rows);
        }
    }
}

} // namespace

std::string printable(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        // Longer sequences than ASCII pass only when well-formed and not C1 controls or
        // bidirectional overrides.
        const std::size_t length = lead < 0x80       ? 1
                                   : lead >> 5 == 6  ? 2
                                   : lead >> 4 == 14 ? 3
                                   : lead >> 3 == 30 ? 4
                                                     : 0;
        const auto piece = text.substr(i, length);
        const bool continued = length > 0 && piece.size() == length &&
                               std::ranges::all_of(piece.substr(1), [](char c) {
                                   return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
                               });
        const bool hostile = length == 1 ? ascii::is_control(text[i])
                             : piece.starts_with("\xc2")
                                 ? static_cast<unsigned char>(piece[1]) < 0xa0
                                 : piece.starts_with("\xe2\x80") || piece.starts_with("\xe2\x81");
        if (continued && !hostile) {
            out += piece;
            i += length;
            continue;
        }
        out += "\\x";
        out += digits[lead >> 4];
        out += digits[lead & 15];
        ++i;
    }
    return out;
}

std::string format_bytes(std::int64_t bytes) {
    constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
    if (bytes == 0) return "0";
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), unit == 0 || value >= 100 ? "%.0f" : "%.1f", value);
    return std::string(text.data()) + " " + std::string(kUnits[unit]);
}

std::string render_text(const Command& command, const json::value& result) {
    if (result.is_null()) return {};
    if (result.is_string()) return std::string(result.as_string()) + "\n";
    if (!result.is_object()) return json::serialize(result) + "\n";
    const auto& object = result.as_object();
    if (const auto* text = object.if_contains("text"); text != nullptr && text->is_string())
        return std::string(text->as_string());
    if (const auto* lines = object.if_contains("lines"); lines != nullptr && lines->is_array())
        return render_lines(lines->as_array());
    if (const auto* rows = rows_of(result)) return render_rows(command, *rows);
    if (!command.columns.empty()) return render_detail(command, object);
    std::string out;
    append_plain(out, object, {});
    return out;
}

std::string render_part(const Command& command, const json::value& result, bool is_first) {
    const auto* rows = rows_of(result);
    if (rows == nullptr) return render_text(command, result);
    std::vector<Row> table_rows;
    if (is_first) table_rows.push_back(heading(command));
    for (const auto& item : *rows)
        if (item.is_object()) table_rows.push_back(cells(command, item.as_object()));
    return table(table_rows);
}

std::string render_tsv(const Command& command, const json::value& result) {
    const auto* rows = rows_of(result);
    std::string out;
    const auto append = [&](const json::object& object) {
        std::string line;
        for (const auto& column : command.columns) {
            const auto* value = object.if_contains(column.key);
            if (!line.empty()) line += '\t';
            if (value == nullptr || value->is_null()) continue;
            if (value->is_string())
                line += printable(value->as_string());
            else if (value->is_array())
                line += printable(joined(value->as_array()));
            else
                line += json::serialize(*value);
        }
        out += line + "\n";
    };
    if (rows != nullptr) {
        for (const auto& row : *rows) {
            if (row.is_object()) append(row.as_object());
        }
    } else if (result.is_object()) {
        append(result.as_object());
    }
    return out;
}

} // namespace maild::control
