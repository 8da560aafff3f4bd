#include "policy/spf_suites.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <optional>

namespace maild::policy::spf {
namespace {

using net::DnsType;

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        out.push_back(line);
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return out;
}

std::size_t indent_of(std::string_view line) {
    return std::min(line.find_first_not_of(' '), line.size());
}

unsigned hex(std::string_view digits) {
    return static_cast<unsigned>(std::stoul(std::string(digits), nullptr, 16));
}

// A double-quoted scalar's inside. Octets above 0x7f become UTF-8, as YAML has it.
std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        switch (text[++i]) {
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 't': out += '\t'; break;
        case '0': out += '\0'; break;
        case 'x': {
            const auto code = hex(text.substr(i + 1, 2));
            i += 2;
            if (code < 0x80) {
                out += static_cast<char>(code);
            } else {
                out += static_cast<char>(0xc0U | code >> 6U);
                out += static_cast<char>(0x80U | (code & 0x3fU));
            }
            break;
        }
        default: out += text[i];
        }
    }
    return out;
}

std::string scalar(std::string_view text) {
    text = ascii::trim(text);
    if (text == "[]") return {};
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        return unescape(text.substr(1, text.size() - 2));
    if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return std::string(text);
    std::string out;
    text = text.substr(1, text.size() - 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        out += text[i];
        if (text[i] == '\'' && text.substr(i + 1).starts_with('\'')) ++i;
    }
    return out;
}

// "key: value" or "key:"; the key ends at the first colon with a space or nothing behind.
std::pair<std::string, std::string_view> key_value(std::string_view line) {
    line = ascii::trim(line);
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == ':' && (i + 1 == line.size() || line[i + 1] == ' '))
            return {scalar(line.substr(0, i)), ascii::trim(line.substr(i + 1))};
    }
    return {scalar(line), {}};
}

// The records of one name, in the order of the file.
struct Entry {
    std::string type; // "TIMEOUT" alone, too
    std::vector<std::string> values;
};

bool has_type(const std::vector<Entry>& entries, std::string_view type) {
    return std::ranges::any_of(entries, [&](const Entry& e) { return e.type == type; });
}

void add_entry(test::MemoryResolver& zone, const std::string& name, const Entry& entry) {
    const auto& first = entry.values.empty() ? std::string() : entry.values.front();
    std::string joined;
    for (const auto& value : entry.values) joined += value;
    if (entry.type == "A") zone.add_a(name, first);
    if (entry.type == "AAAA") zone.add_aaaa(name, first);
    if (entry.type == "PTR") zone.add_ptr(name, first);
    if (entry.type == "CNAME") zone.add_cname(name, first);
    if (entry.type == "TXT" && joined != "NONE") zone.add_txt(name, joined);
    if (entry.type == "MX")
        zone.add_mx(name, static_cast<std::uint16_t>(std::stoul(first)), entry.values.at(1));
}

// A record of type SPF stands for TXT where there is none. "TIMEOUT" is the answer to every
// question for what is not there.
void add_name(test::MemoryResolver& zone, const std::string& name, std::vector<Entry> entries) {
    zone.add_name(name);
    if (!has_type(entries, "TXT")) {
        for (auto& entry : entries) entry.type = entry.type == "SPF" ? "TXT" : entry.type;
    }
    for (const auto& entry : entries) add_entry(zone, name, entry);
    if (!has_type(entries, "TIMEOUT")) return;
    const std::pair<std::string_view, DnsType> types[] = {
        {"A", DnsType::a},     {"AAAA", DnsType::aaaa}, {"MX", DnsType::mx},
        {"PTR", DnsType::ptr}, {"TXT", DnsType::txt},
    };
    for (const auto& [type, number] : types) {
        const bool is_there = std::ranges::any_of(entries, [&, wanted = type](const Entry& e) {
            return e.type == wanted && e.values != std::vector<std::string>{"NONE"};
        });
        if (!is_there) zone.fail(name, number);
    }
}

class OpenspfReader {
public:
    std::vector<Scenario> read(const std::string& text) {
        for (const auto line : lines_of(text)) read_line(line);
        finish_name();
        return std::move(out_);
    }

private:
    void read_line(std::string_view line) {
        const auto indent = indent_of(line);
        if (line.empty() || line.starts_with('#')) return;
        if (line == "---") {
            finish_name();
            out_.emplace_back();
        } else if (indent == 0) {
            const auto [key, value] = key_value(line);
            section_ = key;
            if (key == "description") out_.back().name = scalar(value);
        } else if (section_ == "tests") {
            read_test(line, indent);
        } else if (section_ == "zonedata") {
            read_zone(line, indent);
        }
    }

    void read_test(std::string_view line, std::size_t indent) {
        auto& cases = out_.back().cases;
        if (indent == 2) {
            cases.emplace_back();
            cases.back().name = key_value(line).first;
        } else if (indent == 4 && ascii::trim(line).starts_with("- ")) {
            cases.back().results.push_back(scalar(ascii::trim(line).substr(2)));
        } else if (indent == 4) {
            const auto [key, value] = key_value(line);
            cases.back().fields[key] = scalar(value);
            if (key == "result" && !value.empty()) cases.back().results = {scalar(value)};
        } // deeper: a description goes on
    }

    void read_zone(std::string_view line, std::size_t indent) {
        auto item = ascii::trim(line);
        if (indent == 4 && item.starts_with("- ")) { // a further string, or what an MX consists of
            entries_.back().values.push_back(scalar(item.substr(2)));
            return;
        }
        if (item.starts_with("? ")) {
            start_name(scalar(item.substr(2)));
            return;
        }
        if (item.starts_with(": ")) item.remove_prefix(2);
        if (!item.starts_with("- ")) {
            start_name(key_value(item).first);
            return;
        }
        const auto [type, value] = key_value(item.substr(2));
        entries_.push_back({type, {}});
        if (!value.empty()) entries_.back().values.push_back(scalar(value));
    }

    void start_name(std::string name) {
        finish_name();
        name_ = std::move(name);
    }
    void finish_name() {
        if (name_) add_name(out_.back().zone, *name_, std::move(entries_));
        name_.reset();
        entries_.clear();
    }

    std::vector<Scenario> out_;
    std::string section_;
    std::optional<std::string> name_;
    std::vector<Entry> entries_;
};

std::vector<std::string> list_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto item = text.substr(0, text.find(','));
        out.emplace_back(ascii::trim(item));
        text.remove_prefix(std::min(item.size() + 1, text.size()));
    }
    return out;
}

void add_address(test::MemoryResolver& zone, const std::string& name, const std::string& address) {
    if (address.contains(':'))
        zone.add_aaaa(name, address);
    else
        zone.add_a(name, address);
}

// "a: test.org 192.168.1.5, 192.168.1.6". An MX is given by its hosts' addresses.
void add_stalwart_record(test::MemoryResolver& zone, const std::string& type,
                         std::string_view value) {
    const auto space = value.find(' ');
    const std::string name(value.substr(0, space));
    const auto rest = space == value.npos ? std::string_view() : ascii::trim(value.substr(space));
    if (type == "spf" || type == "exp") {
        zone.add_txt(name, std::string(rest));
        return;
    }
    std::uint16_t count = 0;
    for (const auto& item : list_of(rest)) {
        const auto host = "mx" + std::to_string(++count) + "." + name;
        if (type == "mx") {
            zone.add_mx(name, count, host);
            add_address(zone, host, item);
        } else if (type == "ptr") {
            zone.add_ptr(net::reverse_name(net::parse_ip(name).value()), item);
        } else {
            add_address(zone, name, item);
        }
    }
}

} // namespace

std::vector<Scenario> read_openspf(const std::string& text) { return OpenspfReader().read(text); }

std::vector<Scenario> read_stalwart(const std::string& text) {
    std::vector<Scenario> out;
    std::string section;
    for (const auto line : lines_of(text)) {
        auto item = ascii::trim(line);
        if (item.empty() || item.starts_with('#') || item == "---") continue;
        if (indent_of(line) == 0) {
            const auto [key, value] = key_value(line);
            if (key == "name") out.emplace_back().name = value;
            section = key;
            continue;
        }
        const bool begins = item.starts_with("- ");
        if (begins) item.remove_prefix(2);
        const auto [key, value] = key_value(item);
        if (section == "records") {
            add_stalwart_record(out.back().zone, key, value);
            continue;
        }
        auto& cases = out.back().cases;
        if (begins) cases.emplace_back().name = value;
        cases.back().fields[key] = scalar(value);
    }
    return out;
}

} // namespace maild::policy::spf
