#pragma once
// The expected trees of the suite mime-mime4j, and ours in the same words, so that they can be
// compared as texts.

#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace maild::mail::test {

// Bodies in both are without CR, as the files have none.
inline std::string without_cr(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c != '\r') out += c;
    }
    return out;
}

class Mime4jReader {
public:
    explicit Mime4jReader(std::string_view xml) : rest_(xml) {}

    // <message> or <body-part>, already taken, with its header and what follows.
    std::string read_entity(std::string_view name) {
        std::string out = "header:\n";
        need("<header>\n");
        while (take("<field>\n")) out += take_text("</field>\n") + "\n";
        need("</header>\n");
        if (take("<body>\n"))
            out += "body:" + take_text("</body>\n") + ":\n";
        else if (take("<message>\n"))
            out += "message{\n" + read_entity("message") + "}\n";
        else
            out += read_multipart();
        need("</" + std::string(name) + ">\n");
        return out;
    }

    void need(std::string_view text) {
        if (!take(text))
            throw std::runtime_error("expected " + std::string(text) + " before " +
                                     std::string(rest_.substr(0, 60)));
    }

private:
    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }

    std::string take_text(std::string_view end) {
        const auto length = rest_.find(end);
        if (length == std::string_view::npos) throw std::runtime_error("no " + std::string(end));
        auto text = without_cr(rest_.substr(0, length));
        rest_.remove_prefix(length + end.size());
        for (const auto& [entity, c] :
             {std::pair{"&lt;", '<'}, std::pair{"&gt;", '>'}, std::pair{"&amp;", '&'}}) {
            const std::string name(entity);
            for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
                text.replace(at, name.size(), 1, c);
            }
        }
        return text;
    }

    // A multipart without parts is to us a leaf whose body is what they call the preamble.
    std::string read_multipart() {
        need("<multipart>\n");
        std::string preamble;
        std::string parts;
        if (take("<preamble>\n")) preamble = take_text("</preamble>\n");
        while (take("<body-part>\n")) parts += "part{\n" + read_entity("body-part") + "}\n";
        if (take("<epilogue>\n")) take_text("</epilogue>\n");
        need("</multipart>\n");
        return parts.empty() ? "body:" + preamble + ":\n" : parts;
    }

    std::string_view rest_;
};

inline std::string read_mime4j_tree(std::string_view xml) {
    Mime4jReader reader(xml);
    reader.need("<message>\n");
    return reader.read_entity("message");
}

inline std::string show_as_mime4j(std::string_view content, const Part& part) {
    const auto header = content.substr(part.header_begin, part.body_begin - part.header_begin);
    const auto section = parse_header(header);
    std::string out = "header:\n";
    for (const auto& field : section.fields) {
        auto text = without_cr(header.substr(field.begin, field.end - field.begin));
        if (text.ends_with('\n')) text.pop_back();
        out += text + "\n";
    }
    if (part.kind == PartKind::leaf) {
        return out + "body:" +
               without_cr(content.substr(part.body_begin, part.body_end - part.body_begin)) + ":\n";
    }
    for (const auto& child : part.children) {
        out += part.kind == PartKind::message ? "message{\n" : "part{\n";
        out += show_as_mime4j(content, child) + "}\n";
    }
    return out;
}

} // namespace maild::mail::test
