#include "imap/support/response_tree.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"

#include <algorithm>

namespace maild::imap::test {

namespace {

std::string to_crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n' && !out.ends_with('\r')) out += '\r';
        out += c;
    }
    return out;
}

Node take_quoted(Cursor& in) {
    Node node{Node::Kind::string, {}, {}};
    in.take('"');
    while (!in.at_end() && !in.take('"')) {
        in.take('\\');
        node.text += in.take_bytes(1);
    }
    return node;
}

Node take_block(Cursor& in, bool raw) {
    in.take("{{{\n");
    const auto end = in.rest().find("\n}}}");
    const auto text = in.take_bytes(end == std::string_view::npos ? in.rest().size() : end);
    in.take("\n}}}");
    if (raw) return {Node::Kind::block, std::string(text), {}};
    return {Node::Kind::string, to_crlf(text), {}};
}

// literal or literal8, the octet before its size may be taken
Node take_literal(Cursor& in) {
    in.take('{');
    const auto size = in.take_number(1U << 30).value_or(0);
    in.take("}\r\n");
    return {Node::Kind::string, std::string(in.take_bytes(size)), {}};
}

// An atom as long as brackets are open goes on over spaces: BODY[HEADER.FIELDS (FROM)].
Node take_atom(Cursor& in) {
    Node node;
    int depth = 0;
    while (!in.at_end()) {
        const char c = in.peek();
        if (depth == 0 && (c == ' ' || c == '(' || c == ')')) break;
        if (c == '[') ++depth;
        if (c == ']') --depth;
        node.text += in.take_bytes(1);
    }
    return node;
}

Nodes take_nodes(Cursor& in) {
    Nodes nodes;
    while (!in.at_end() && !in.next_is(')')) {
        if (in.take(' ')) continue;
        if (in.take('(')) {
            nodes.push_back({Node::Kind::list, {}, take_nodes(in)});
            in.take(')');
        } else if (in.next_is('"')) {
            nodes.push_back(take_quoted(in));
        } else if (in.rest().starts_with("{{{")) {
            nodes.push_back(take_block(in, false));
        } else if (in.rest().starts_with("~{{{")) {
            in.take('~');
            nodes.push_back(take_block(in, true));
        } else if (in.next_is('{') || in.take("~{")) {
            nodes.push_back(take_literal(in));
        } else {
            nodes.push_back(take_atom(in));
        }
    }
    return nodes;
}

enum class Rule { ordered, pairs, flags, more };

bool match_node(const Node& want, const Node& got, Rule rule, Variables& variables);

bool match_ordered(const Nodes& want, const Nodes& got, Variables& variables) {
    if (want.size() != got.size()) return false;
    for (std::size_t i = 0; i < want.size(); ++i)
        if (!match_node(want[i], got[i], Rule::ordered, variables)) return false;
    return true;
}

bool is_recent(const Node& node) { return ascii::equals_icase(node.text, "\\Recent"); }

bool match_set(const Nodes& want, const Nodes& got, bool complete, Variables& variables) {
    for (const auto& wanted : want) {
        if (is_recent(wanted)) continue;
        const bool found = std::ranges::any_of(got, [&](const Node& node) {
            return match_node(wanted, node, Rule::ordered, variables);
        });
        if (!found) return false;
    }
    const auto count = [](const Nodes& nodes) {
        return std::ranges::count_if(nodes, std::not_fn(is_recent));
    };
    return !complete || count(want) == count(got);
}

bool match_pairs(const Nodes& want, const Nodes& got, Variables& variables) {
    for (std::size_t i = 0; i + 1 < want.size(); i += 2) {
        const auto rule = ascii::equals_icase(want[i].text, "FLAGS") ? Rule::flags : Rule::ordered;
        bool found = false;
        for (std::size_t j = 0; j + 1 < got.size() && !found; j += 2)
            found = ascii::equals_icase(want[i].text, got[j].text) &&
                    match_node(want[i + 1], got[j + 1], rule, variables);
        if (!found) return false;
    }
    return true;
}

bool match_text(std::string_view want, const Node& got, Variables& variables) {
    if (want == "$") return true;
    std::string known;
    if (substitute(want, variables, known))
        return ascii::equals_icase(known, got.text) && got.kind != Node::Kind::list;
    auto name = want.substr(1);
    if (name.starts_with('{')) name = name.substr(1, name.size() - 2);
    variables[std::string(name)] = got.text;
    return true;
}

bool match_node(const Node& want, const Node& got, Rule rule, Variables& variables) {
    if (want.kind == Node::Kind::block && got.text == want.text + "\n") return true;
    if (want.kind != Node::Kind::list) return match_text(want.text, got, variables);
    if (got.kind != Node::Kind::list) return false;
    switch (rule) {
    case Rule::ordered: return match_ordered(want.children, got.children, variables);
    case Rule::pairs: return match_pairs(want.children, got.children, variables);
    case Rule::flags: return match_set(want.children, got.children, true, variables);
    case Rule::more: return match_set(want.children, got.children, false, variables);
    }
    return false;
}

} // namespace

Nodes parse_response(std::string_view text) {
    Cursor in(text);
    return take_nodes(in);
}

std::vector<std::string> split_responses(std::string_view octets) {
    std::vector<std::string> out;
    std::size_t begin = 0;
    std::size_t from = 0;
    while (true) {
        const auto end = octets.find("\r\n", from);
        if (end == std::string_view::npos) return out;
        const auto line = octets.substr(begin, end - begin);
        const auto brace = line.rfind('{');
        Cursor in(brace == std::string_view::npos ? std::string_view() : line.substr(brace + 1));
        const auto size = in.take_number(1U << 30);
        if (line.ends_with('}') && size && in.take('}') && in.at_end()) {
            from = end + 2 + *size;
            continue;
        }
        out.emplace_back(line);
        begin = from = end + 2;
    }
}

bool substitute(std::string_view text, const Variables& variables, std::string& out) {
    Cursor in(text);
    while (!in.at_end()) {
        if (!in.take('$')) {
            out += in.take_bytes(1);
            continue;
        }
        if (in.take('$')) {
            out += '$';
            continue;
        }
        const bool braced = in.take('{');
        const auto name = in.take_while([](char c) { return ascii::is_alnum(c) || c == '_'; });
        if (braced) in.take('}');
        const auto found = variables.find(name);
        if (found == variables.end()) return false;
        out += found->second;
    }
    return true;
}

bool matches(const Nodes& want, const Nodes& got, Variables& variables) {
    if (want.size() != got.size()) return false;
    const auto attempt = variables; // a mismatch must not leave captures behind
    const auto is = [&](std::size_t i, std::string_view name) {
        return i < want.size() && ascii::equals_icase(want[i].text, name);
    };
    for (std::size_t i = 0; i < want.size(); ++i) {
        auto rule = Rule::ordered;
        if (is(1, "FETCH") || is(0, "STATUS")) rule = Rule::pairs;
        if (is(0, "FLAGS")) rule = Rule::flags;
        if (is(0, "LIST") || is(0, "LSUB")) rule = Rule::more;
        if (match_node(want[i], got[i], rule, variables)) continue;
        variables = attempt;
        return false;
    }
    return true;
}

} // namespace maild::imap::test
