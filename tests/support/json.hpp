#pragma once
// A reader of JSON for expectations that tests compare with: objects keep their order, errors
// throw.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace maild::test {

struct Json {
    using Array = std::vector<Json>;
    using Object = std::vector<std::pair<std::string, Json>>;
    std::variant<std::nullptr_t, bool, double, std::string, Array, Object> value;

    bool is_null() const { return std::holds_alternative<std::nullptr_t>(value); }
    const std::string& text() const { return std::get<std::string>(value); }
    bool boolean() const { return std::get<bool>(value); }
    std::size_t number() const { return static_cast<std::size_t>(std::get<double>(value)); }
    const Array& array() const { return std::get<Array>(value); }
    const Object& object() const { return std::get<Object>(value); }

    // The member of that name, or nullptr; also if this is no object.
    const Json* find(std::string_view name) const {
        const auto* members = std::get_if<Object>(&value);
        if (members == nullptr) return nullptr;
        for (const auto& [key, member] : *members) {
            if (key == name) return &member;
        }
        return nullptr;
    }
    const Json& operator[](std::string_view name) const {
        const auto* member = find(name);
        if (member == nullptr) throw std::runtime_error("no member " + std::string(name));
        return *member;
    }
    // A member's text; empty if it is missing or null.
    std::string text_of(std::string_view name) const {
        const auto* member = find(name);
        return member == nullptr || member->is_null() ? std::string() : member->text();
    }
};

class JsonReader {
public:
    static Json read(std::string_view text) {
        JsonReader reader(text);
        auto value = reader.take_value();
        reader.skip_space();
        if (!reader.rest_.empty()) reader.refuse();
        return value;
    }

private:
    explicit JsonReader(std::string_view text) : rest_(text) {}

    [[noreturn]] void refuse() const {
        throw std::runtime_error("JSON before: " + std::string(rest_.substr(0, 40)));
    }
    void skip_space() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    }
    bool take(std::string_view literal) {
        skip_space();
        if (!rest_.starts_with(literal)) return false;
        rest_.remove_prefix(literal.size());
        return true;
    }

    Json take_value() {
        if (take("null")) return {nullptr};
        if (take("true")) return {true};
        if (take("false")) return {false};
        if (take("[")) return {take_array()};
        if (take("{")) return {take_object()};
        if (take("\"")) return {take_string()};
        const auto length = std::min(rest_.find_first_not_of("+-.0123456789eE"), rest_.size());
        const std::string number(rest_.substr(0, length));
        if (number.empty()) refuse();
        rest_.remove_prefix(length);
        return {std::stod(number)};
    }

    Json::Array take_array() {
        Json::Array out;
        if (take("]")) return out;
        do out.push_back(take_value());
        while (take(","));
        if (!take("]")) refuse();
        return out;
    }

    Json::Object take_object() {
        Json::Object out;
        if (take("}")) return out;
        do {
            if (!take("\"")) refuse();
            auto name = take_string();
            if (!take(":")) refuse();
            out.emplace_back(std::move(name), take_value());
        } while (take(","));
        if (!take("}")) refuse();
        return out;
    }

    std::string take_string() {
        std::string out;
        while (!rest_.empty() && rest_.front() != '"') {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c != '\\')
                out += c;
            else
                take_escape(out);
        }
        if (rest_.empty()) refuse();
        rest_.remove_prefix(1);
        return out;
    }

    void take_escape(std::string& out) {
        if (rest_.empty()) refuse();
        const char c = rest_.front();
        rest_.remove_prefix(1);
        constexpr std::string_view letters = "bfnrt";
        constexpr std::string_view meanings = "\b\f\n\r\t";
        if (c == 'u')
            append_utf8(out, take_code_point());
        else if (const auto i = letters.find(c); i != std::string_view::npos)
            out += meanings[i];
        else
            out += c;
    }

    char32_t take_code_unit() {
        if (rest_.size() < 4) refuse();
        const auto unit = std::stoul(std::string(rest_.substr(0, 4)), nullptr, 16);
        rest_.remove_prefix(4);
        return static_cast<char32_t>(unit);
    }

    char32_t take_code_point() {
        const auto high = take_code_unit();
        if (high < 0xd800 || high > 0xdbff || !rest_.starts_with("\\u")) return high;
        rest_.remove_prefix(2);
        return 0x10000 + ((high - 0xd800) << 10U) + (take_code_unit() - 0xdc00);
    }

    static void append_utf8(std::string& out, char32_t c) {
        const auto tail = [&](unsigned shift) {
            out += static_cast<char>(0x80U | (c >> shift & 0x3fU));
        };
        if (c < 0x80)
            out += static_cast<char>(c);
        else if (c < 0x800) {
            out += static_cast<char>(0xc0U | c >> 6U);
            tail(0);
        } else if (c < 0x10000) {
            out += static_cast<char>(0xe0U | c >> 12U);
            tail(6);
            tail(0);
        } else {
            out += static_cast<char>(0xf0U | c >> 18U);
            tail(12);
            tail(6);
            tail(0);
        }
    }

    std::string_view rest_;
};

} // namespace maild::test
