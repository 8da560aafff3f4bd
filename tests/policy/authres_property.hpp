#pragma once
// What must hold for every field Authentication-Results that is written, whatever its values are.

#include "maild/base/utf8.hpp"
#include "maild/mail/header.hpp"
#include "maild/policy/authres.hpp"

#include <algorithm>
#include <string>

namespace maild::policy::test {

inline std::string problem_of_lines(std::string_view field) {
    if (!field.ends_with("\r\n")) return "no line end";
    if (field.size() > 64 * 1024) return "too long a field";
    while (!field.empty()) {
        const auto line = field.substr(0, field.find("\r\n"));
        field.remove_prefix(line.size() + 2);
        if (line.size() > 998) return "too long a line";
        if (line.find_first_of("\r\n") != line.npos) return "a CR or LF alone";
        if (line.find_first_not_of(" \t") == line.npos) return "a line of white space";
        if (!field.empty() && field.front() != ' ' && field.front() != '\t')
            return "a second field";
    }
    return "";
}

inline bool is_plain(const std::string& text, std::size_t most) {
    for (auto at = text.find('\xc2'); at < text.size(); at = text.find('\xc2', at + 1)) {
        if (text.substr(at + 1, 1) < "\xa0") return false; // C1, or nothing
    }
    return text.size() <= most && is_utf8(text) && std::ranges::none_of(text, [](char c) {
               return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
           });
}

inline std::string problem_of_values(const AuthenticationResults& given,
                                     const AuthenticationResults& read) {
    const auto& id = given.authserv_id;
    if (is_plain(id, kMaxValue) && read.authserv_id != id) return "another authserv-id";
    const auto count =
        std::ranges::count_if(given.results, [](const auto& one) { return is_writable(one); });
    if (read.results.size() > static_cast<std::size_t>(count)) return "more results";
    for (const auto& result : read.results) {
        if (!is_plain(result.reason, kMaxRemark)) return "a reason that is not plain";
        for (const auto& property : result.properties) {
            if (!is_plain(property.value, kMaxValue)) return "a value that is not plain";
        }
    }
    return "";
}

// Empty: it is one field, reads as what it was made of, and written again is the same.
inline std::string problem_of(const AuthenticationResults& results) {
    const auto field = format_authentication_results(results);
    if (auto problem = problem_of_lines(field); !problem.empty()) return problem;
    const auto content = field + "From: a@b\r\n\r\n";
    const auto section = mail::parse_header(content);
    if (section.fields.size() != 2 || !section.fields[0].is("Authentication-Results"))
        return "it is not one field";
    const auto read = parse_authentication_results(section.fields[0].body);
    if (!read) return "it cannot be read: " + std::string(read.error().expected) + " expected";
    if (auto problem = problem_of_values(results, *read); !problem.empty()) return problem;
    const auto second = format_authentication_results(*read);
    const auto again = parse_authentication_results(std::string_view(second).substr(23));
    return again && *again == *read ? "" : "read and written, it is another";
}

} // namespace maild::policy::test
