#pragma once
// What tests of the MIME tree share: showing it as text, and what must hold of every tree.

#include "maild/mail/mime.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace maild::mail::test {

inline std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r')
            out += "\\r";
        else if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

inline std::string_view body_of(std::string_view content, const Part& part) {
    return content.substr(part.body_begin, part.body_end - part.body_begin);
}

inline std::string show_parts(std::string_view content, const Part& part) {
    std::string out = part.type + "/" + part.subtype;
    if (part.kind != PartKind::multipart) {
        out += " \"" + escape(body_of(content, part)) + "\" " + std::to_string(part.lines);
    }
    if (part.children.empty()) return out;
    out += " [";
    for (const auto& child : part.children) {
        if (&child != &part.children.front()) out += ", ";
        out += show_parts(content, child);
    }
    return out + "]";
}

// Strict nesting, kinds that agree with types and children, and lines that were counted right.
// Returns what is wrong.
inline std::string broken_invariant(std::string_view content, const Part& part, std::size_t& count,
                                    std::size_t depth = 1) {
    ++count;
    if (depth > kMaxMimeDepth) return "too deep";
    if (count > kMaxMimeParts) return "too many parts";
    if (part.header_begin > part.body_begin || part.body_begin > part.body_end)
        return "offsets not in order";
    if (part.body_end > content.size()) return "beyond the end";
    const auto body = body_of(content, part);
    auto lines = static_cast<std::size_t>(std::ranges::count(body, '\n'));
    if (!body.empty() && !body.ends_with('\n')) ++lines;
    if (lines != part.lines) return "wrong number of lines";
    const bool is_message =
        part.type == "message" && (part.subtype == "rfc822" || part.subtype == "global");
    if ((part.type == "multipart") != (part.kind == PartKind::multipart))
        return "multipart and no multipart";
    if (is_message != (part.kind == PartKind::message)) return "message and no message";
    if ((part.kind == PartKind::leaf) != part.children.empty())
        return "children of a leaf, or none";
    if (is_message && (part.children.size() != 1 || !part.envelope))
        return "message without envelope";
    auto position = part.body_begin;
    for (const auto& child : part.children) {
        if (child.header_begin < position) return "parts overlap";
        if (child.body_end > part.body_end) return "not inside its parent";
        if (is_message && child.header_begin != part.body_begin)
            return "embedded message not at the start";
        position = child.body_end;
        auto inner = broken_invariant(content, child, count, depth + 1);
        if (!inner.empty()) return inner;
    }
    return {};
}

inline std::string broken_invariant(std::string_view content, const Message& message) {
    std::size_t count = 0;
    if (message.root.header_begin != 0 || message.root.body_end != content.size())
        return "root is not all";
    return broken_invariant(content, message.root, count);
}

} // namespace maild::mail::test
