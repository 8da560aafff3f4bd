#pragma once
// Responses as trees of arguments, to compare them with what a script expects.

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap::test {

struct Node {
    // block: octets of a script as they stand
    enum class Kind { atom, string, block, list } kind = Kind::atom;
    std::string text;
    std::vector<Node> children;
};
using Nodes = std::vector<Node>;

// A response without tag and last CRLF, literals in place. Scripts may also write strings as {{{ LF
// … LF }}}, and with ~ before it as blocks.
Nodes parse_response(std::string_view text);

// Splits octets into responses at CRLFs that are not inside of literals.
std::vector<std::string> split_responses(std::string_view octets);

using Variables = std::map<std::string, std::string, std::less<>>;

// imaptest's $name and ${name}: known ones are replaced, $$ is a dollar sign. False: one is
// unknown.
bool substitute(std::string_view text, const Variables& variables, std::string& out);

// Does `got` say what `want` asks for? Unknown variables take what stands there. By imaptest's
// defaults: FETCH and STATUS lists are pairs in any order and may have more, flags are a set and
// \Recent is ignored, LIST attributes may be more; everything else is in order and complete. The
// last LF of a block may belong to it.
bool matches(const Nodes& want, const Nodes& got, Variables& variables);

} // namespace maild::imap::test
