#pragma once
// The YAML of the suite arc-valimail, as far as it is used there: documents behind "---", mappings
// indented by two, scalars on one line (plain or quoted), over several in single quotes, blocks
// behind "|", which are skipped.

#include "maild/base/ascii.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::test {

struct ArcCase {
    std::string name;
    std::map<std::string, std::string> values; // "message", "cv", …
};
struct ArcScenario {
    std::vector<ArcCase> cases;
    std::map<std::string, std::string> records; // TXT
};

class ArcSuiteReader {
public:
    static std::vector<ArcScenario> read(std::string_view text) {
        ArcSuiteReader reader;
        while (!text.empty()) {
            const auto line = text.substr(0, text.find('\n'));
            reader.take(line);
            text.remove_prefix(std::min(line.size() + 1, text.size()));
        }
        return std::move(reader.scenarios_);
    }

private:
    void take(std::string_view line) {
        if (open_ != nullptr) return take_more(ascii::trim(line));
        const auto indent = std::min(line.find_first_not_of(' '), line.size());
        if (line.starts_with("---")) {
            scenarios_.emplace_back();
            return;
        }
        if (line.starts_with('#') || indent == line.size()) return;
        if (block_ < indent) return; // text of a block, which no test needs
        block_ = std::string_view::npos;
        take_pair(line.substr(indent), indent);
    }

    void take_pair(std::string_view text, std::size_t indent) {
        const bool is_quoted = text.starts_with('\'');
        const auto key_end = is_quoted ? text.find("':") + 1 : text.find(':');
        if (key_end == std::string_view::npos) throw std::runtime_error(std::string(text));
        const auto key =
            std::string(is_quoted ? text.substr(1, key_end - 2) : text.substr(0, key_end));
        const auto value = ascii::trim(text.substr(key_end + 1));
        if (value.starts_with('|') || value.starts_with('>')) {
            block_ = indent;
            return;
        }
        auto& scenario = scenarios_.back();
        if (indent == 0)
            section_ = key;
        else if (section_ == "txt-records")
            scenario.records[key] = scalar(value);
        else if (indent == 2)
            scenario.cases.push_back({key, {}});
        else
            take_value(scenario.cases.back().values[key], value);
    }

    void take_value(std::string& out, std::string_view value) {
        if (!value.starts_with('\'') || (value.size() > 1 && value.ends_with('\''))) {
            out = scalar(value);
            return;
        }
        out = value.substr(1);
        open_ = &out;
        empty_lines_ = 0;
    }

    // A line end is a space; n empty lines are n line ends.
    void take_more(std::string_view line) {
        if (line.empty()) {
            ++empty_lines_;
            return;
        }
        *open_ += empty_lines_ == 0 ? std::string(" ") : std::string(empty_lines_, '\n');
        empty_lines_ = 0;
        const bool is_end = line.ends_with('\'');
        *open_ += line.substr(0, line.size() - (is_end ? 1 : 0));
        if (is_end) open_ = nullptr;
    }

    static std::string scalar(std::string_view value) {
        if (value.size() < 2 || value.front() != value.back()) return std::string(value);
        const auto inside = value.substr(1, value.size() - 2);
        if (value.front() == '\'') return std::string(inside);
        if (value.front() != '"') return std::string(value);
        std::string out;
        for (std::size_t i = 0; i < inside.size(); ++i) {
            if (inside[i] != '\\') {
                out += inside[i];
                continue;
            }
            ++i;
            constexpr std::string_view kNames = "nrt";
            constexpr std::string_view kMeant = "\n\r\t";
            const auto which = kNames.find(inside[i]);
            out += which == kNames.npos ? inside[i] : kMeant[which];
        }
        return out;
    }

    std::vector<ArcScenario> scenarios_;
    std::string section_;
    std::string* open_ = nullptr; // a value in quotes that goes on
    std::size_t empty_lines_ = 0;
    std::size_t block_ = std::string_view::npos; // a block's key stands here
};

} // namespace maild::policy::test
