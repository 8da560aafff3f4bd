#include "imap/support/imaptest_script.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

namespace maild::imap::test {

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

struct Line {
    int number;
    std::string text;
};

// Blocks {{{ … }}} join lines; comments and empty lines outside of them go, header lines end at the
// first empty one.
std::vector<Line> logical_lines(std::string_view file, Script& script) {
    std::vector<Line> out;
    bool in_header = true;
    bool in_block = false;
    int number = 0;
    while (!file.empty()) {
        const auto end = std::min(file.find('\n'), file.size());
        const auto line = file.substr(0, end);
        file.remove_prefix(std::min(end + 1, file.size()));
        ++number;
        if (in_header) {
            const auto colon = line.find(':');
            if (colon == std::string_view::npos)
                in_header = false;
            else
                script.header[std::string(line.substr(0, colon))] =
                    ascii::to_lower(ascii::trim(line.substr(colon + 1)));
            continue;
        }
        if (in_block)
            out.back().text.append("\n").append(line);
        else if (line.empty() || line.starts_with('#'))
            continue;
        else
            out.push_back({number, std::string(line)});
        if (in_block)
            in_block = !line.starts_with("}}}") || line.contains("{{{");
        else
            in_block = line.contains("{{{") && !line.contains("}}}");
    }
    // "?": a reply that may come or not.
    std::erase_if(out, [](const Line& one) { return one.text.starts_with("? "); });
    return out;
}

std::string take_word(std::string& text) {
    const auto end = text.find(' ');
    auto word = text.substr(0, end);
    text.erase(0, end == std::string::npos ? end : end + 1);
    return word;
}

bool is_status(std::string_view word) {
    return word == "\"\"" || ascii::equals_icase(word, "ok") || ascii::equals_icase(word, "no") ||
           ascii::equals_icase(word, "bad");
}

std::string status_of(std::string_view word) { return word == "\"\"" ? "" : ascii::to_lower(word); }

bool is_reply(std::string_view line) { return line.starts_with("* ") || line.starts_with("! "); }

class Reader {
public:
    explicit Reader(Script& script, bool numbered) : script_(script), numbered_(numbered) {}

    void read(const Line& line) {
        if (is_reply(line.text)) {
            if (!current().empty()) current().back().replies.push_back(line.text);
            return;
        }
        ScriptCommand command;
        command.line = line.number;
        command.text = line.text;
        if (numbered_) command.connection = std::stoul(take_word(command.text));
        auto rest = command.text;
        const auto word = take_word(rest);
        if (is_status(word)) return on_status(command, status_of(word), rest);
        if (word.starts_with("tag")) return on_tagged(command, word, rest);
        waits_for_status_ = true; // method 2
        script_.groups.push_back({command});
    }

private:
    std::vector<ScriptCommand>& current() {
        if (script_.groups.empty()) script_.groups.emplace_back();
        return script_.groups.back();
    }
    void on_status(ScriptCommand& command, std::string status, std::string rest) {
        if (waits_for_status_) {
            current().back().want = status;
            current().back().prefix = rest;
            waits_for_status_ = false;
            return;
        }
        command.want = std::move(status); // method 1
        command.text = rest;
        script_.groups.push_back({command});
    }
    void on_tagged(ScriptCommand& command, const std::string& tag, std::string rest) {
        auto ahead = rest;
        const auto word = take_word(ahead);
        for (auto& waiting : current()) {
            if (waiting.tag != tag || !is_status(word)) continue;
            waiting.want = status_of(word);
            waiting.prefix = ahead;
            return;
        }
        command.tag = tag;
        command.text = rest;
        const bool joins = !current().empty() && !current().back().tag.empty() &&
                           current().back().want.empty() && current().back().replies.empty();
        if (joins)
            current().push_back(command);
        else
            script_.groups.push_back({command});
    }

    Script& script_;
    bool numbered_;
    bool waits_for_status_ = false;
};

// "From user@domain  Sat Mar 24 23:00:00 2007 +0200"
std::string date_of(std::string_view from) {
    std::vector<std::string> words;
    std::string line(from);
    while (!line.empty()) {
        auto word = take_word(line);
        if (!word.empty()) words.push_back(std::move(word));
    }
    if (words.size() < 7) return {};
    const auto day = words[4].size() == 1 ? " " + words[4] : words[4];
    return "\"" + day + "-" + words[3] + "-" + words[6] + " " + words[5] + " " +
           (words.size() > 7 ? words[7] : "+0000") + "\"";
}

} // namespace

Script read_script(const std::string& path) {
    Script script;
    const auto file = read_file(path);
    const auto lines = logical_lines(file, script);
    const auto connections = script.header.find("connections");
    Reader reader(script, connections != script.header.end() && connections->second != "1");
    for (const auto& line : lines) reader.read(line);
    std::erase_if(script.groups, [](const auto& group) { return group.empty(); });
    return script;
}

std::vector<MboxMessage> read_mbox(const std::string& path) {
    std::vector<MboxMessage> out;
    const auto file = read_file(path);
    for (std::size_t begin = 0; begin < file.size();) {
        const auto end = std::min(file.find('\n', begin), file.size());
        const auto line = std::string_view(file).substr(begin, end - begin);
        begin = end + 1;
        if (line.starts_with("From "))
            out.push_back({date_of(line), {}});
        else if (!out.empty())
            out.back().text.append(line).append("\r\n");
    }
    return out;
}

} // namespace maild::imap::test
