// The MIME tree against public suites: where they say what to expect, that is compared; of all
// their messages, the invariants must hold, in each file as it is and with the other line ends.
#include "mail/mime4j_tree.hpp"
#include "mail/show_parts.hpp"
#include "support/conformance.hpp"
#include "support/json.hpp"

#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"
#include "maild/mail/part_index.hpp"

#include <gtest/gtest.h>

#include <set>

namespace maild::mail {
namespace {

using maild::test::conformance_suite;
using maild::test::files_of;
using maild::test::Json;
using maild::test::JsonReader;
using maild::test::read_whole;
using maild::test::Score;

std::string with_crlf(std::string_view content) {
    std::string out;
    for (const char c : content) {
        if (c == '\n' && !out.ends_with('\r')) out += '\r';
        out += c;
    }
    return out;
}

// Each field's place yields the field, and all of a header's fields lie inside of it.
std::string broken_header(std::string_view content, const Part& part) {
    const auto header = content.substr(part.header_begin, part.body_begin - part.header_begin);
    const auto section = parse_header(header);
    if (section.fields_end > section.body_begin || section.body_begin != header.size())
        return "header's end";
    std::size_t position = 0;
    for (const auto& field : section.fields) {
        if (field.begin < position || field.end > section.fields_end) return "field out of place";
        position = field.end;
        const auto text = header.substr(field.begin, field.end - field.begin);
        if (!text.starts_with(field.name) && !text.contains(field.name)) return "field's name";
        if (!text.contains(field.body)) return "field's body";
    }
    for (const auto& child : part.children) {
        if (auto broken = broken_header(content, child); !broken.empty()) return broken;
    }
    return {};
}

bool is_same(const Part& part, const IndexedPart*& indexed) {
    const auto& here = *indexed++;
    bool same = here.kind == part.kind && here.encoding == part.encoding &&
                here.lines == part.lines && here.header_begin == part.header_begin &&
                here.body_begin == part.body_begin && here.body_end == part.body_end &&
                here.child_count == part.children.size();
    for (const auto& child : part.children) same = same && is_same(child, indexed);
    return same;
}

std::string broken_message(std::string_view content) {
    const auto message = parse_message(content);
    if (auto broken = test::broken_invariant(content, message); !broken.empty()) return broken;
    if (auto broken = broken_header(content, message.root); !broken.empty()) return broken;
    const auto index = decode_parts(encode_parts(message.root));
    if (!index) return "part index not decoded";
    const auto* indexed = &index->root();
    return is_same(message.root, indexed) ? "" : "part index differs";
}

void check_invariants(const char* suite, const std::vector<std::string>& extensions) {
    Score score(std::string(suite) + " invariants");
    for (const auto& file : files_of(conformance_suite(suite), extensions)) {
        const auto content = read_whole(file);
        score.add(broken_message(content).empty(),
                  file.filename().string() + ": " + broken_message(content));
        const auto crlf = with_crlf(content);
        score.add(broken_message(crlf).empty(),
                  file.filename().string() + " with CRLF: " + broken_message(crlf));
    }
}

TEST(MimeConformance, HoldsInvariantsOnCpython) {
    MAILD_NEEDS_SUITE("mime-cpython");
    check_invariants("mime-cpython", {".txt"});
}
TEST(MimeConformance, HoldsInvariantsOnEnmime) {
    MAILD_NEEDS_SUITE("mime-enmime");
    check_invariants("mime-enmime", {".raw"});
}
TEST(MimeConformance, HoldsInvariantsOnFlanker) {
    MAILD_NEEDS_SUITE("mime-flanker");
    check_invariants("mime-flanker", {".eml"});
}
TEST(MimeConformance, HoldsInvariantsOnMime4j) {
    MAILD_NEEDS_SUITE("mime-mime4j");
    check_invariants("mime-mime4j", {".msg"});
}
TEST(MimeConformance, HoldsInvariantsOnMimekit) {
    MAILD_NEEDS_SUITE("mime-mimekit");
    check_invariants("mime-mimekit", {".txt", ".eml", ".msg"});
}
TEST(MimeConformance, HoldsInvariantsOnRubymail) {
    MAILD_NEEDS_SUITE("mime-rubymail");
    check_invariants("mime-rubymail", {".eml"});
}
TEST(MimeConformance, HoldsInvariantsOnStalwart) {
    MAILD_NEEDS_SUITE("mime-stalwart");
    check_invariants("mime-stalwart", {".eml"});
}

// The raw trees (NAME.xml): fields, bodies and the order and nesting of parts, to the octet (but
// for CR).
TEST(MimeConformance, Mime4jTrees) {
    MAILD_NEEDS_SUITE("mime-mime4j");
    const std::set<std::string> left_out = {
        "weird-boundary",     // a boundary that ends in spaces, which RFC 2046 §5.1.1 forbids and
                              // transport may drop
        "very-long-boundary", // likewise
        "bad-newlines-multiple-parts-base64", // a message in base64, RFC 2046 §5.2.1 forbids it;
                                              // they decode it
        "malformedHeaderStartsBody-noheader", // the same input as malformedHeader-noheader, by an
                                              // option of theirs
        "multipartnopart", // no part at all: we show all of the body as text, they what stands
                           // before the delimiter
    };
    Score score("mime-mime4j trees");
    for (const auto& file : files_of(conformance_suite("mime-mime4j"), {".msg"})) {
        const auto name = file.stem().string();
        if (left_out.contains(name)) continue;
        const auto content = read_whole(file);
        const auto want = test::read_mime4j_tree(
            test::without_cr(read_whole(file.parent_path() / (name + ".xml"))));
        const auto got = test::show_as_mime4j(content, parse_message(content).root);
        score.add(got == want, name + "\ngot:\n" + got + "\nwant:\n" + want);
    }
}

// mail-parser's trees: kinds, children, and where headers, bodies and ends lie. Left out is what it
// does by choice.
const std::set<std::string> kStalwartLeftOut = {
    "malformed/000", // a delimiter ends a header: it finds no parts at all
    "malformed/004", // what follows the boundary on its line is the part's header
    "malformed/008", // an outer delimiter inside an unclosed inner multipart does not end that: RFC
                     // 2046 §5.1.2
    "malformed/009", "malformed/011", "malformed/016",
    "malformed/014", // nothing behind a delimiter: no part
    "malformed/019", // the last line end is in no part
    "malformed/020", // of two Content-Type fields the last counts
    "malformed/021",
    "thirdparty/005", // "--1--" inside of a line
    "thirdparty/015", // no delimiter is looked for in the header of an embedded message
    "rfc/008",        // decodes a message in base64
};

std::string show_stalwart(const Json& message, std::size_t index) {
    const auto& part = message["parts"].array()[index];
    std::string out = std::to_string(part["offset_header"].number()) + "-" +
                      std::to_string(part["offset_body"].number()) + "-" +
                      std::to_string(part["offset_end"].number());
    if (const auto* embedded = part["body"].find("Message"))
        return out + " message[" + show_stalwart(*embedded, 0) + "]";
    const auto* children = part["body"].find("Multipart");
    if (children == nullptr || children->array().empty()) return out;
    out += " multipart[";
    for (const auto& child : children->array()) out += show_stalwart(message, child.number()) + " ";
    return out + "]";
}

std::string show_ours(const Part& part) {
    std::string out = std::to_string(part.header_begin) + "-" + std::to_string(part.body_begin) +
                      "-" + std::to_string(part.body_end);
    if (part.kind == PartKind::message)
        return out + " message[" + show_ours(part.children.front()) + "]";
    if (part.kind == PartKind::leaf) return out;
    out += " multipart[";
    for (const auto& child : part.children) out += show_ours(child) + " ";
    return out + "]";
}

TEST(MimeConformance, StalwartTrees) {
    MAILD_NEEDS_SUITE("mime-stalwart");
    Score score("mime-stalwart trees");
    const auto directory = conformance_suite("mime-stalwart") / "eml";
    for (const auto& file : files_of(directory, {".eml"})) {
        const auto name = file.parent_path().filename().string() + "/" + file.stem().string();
        if (kStalwartLeftOut.contains(name)) continue;
        const auto lf = test::without_cr(read_whole(file));
        const auto crlf = with_crlf(lf);
        for (const auto& [content, suffix] :
             {std::pair{lf, ".json"}, std::pair{crlf, ".crlf.json"}}) {
            auto path = file;
            const auto tree = JsonReader::read(read_whole(path.replace_extension(suffix)));
            const auto want = show_stalwart(tree, 0);
            const auto got = show_ours(parse_message(content).root);
            score.add(got == want, name + suffix + "\ngot  " + got + "\nwant " + want);
        }
    }
}

} // namespace
} // namespace maild::mail
