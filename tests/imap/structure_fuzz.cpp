// ENVELOPE and BODYSTRUCTURE of any content are one parenthesised US-ASCII list.
#include "maild/base/ensure.hpp"
#include "maild/imap/structure.hpp"

namespace {
void check(std::string_view text) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        maild::ensure(c > 0 && c != '\r' && c != '\n', "US-ASCII on one line");
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '(')
            ++depth;
        else if (!quoted && c == ')')
            maild::ensure(--depth > 0 || i + 1 == text.size(), "one list");
    }
    maild::ensure(depth == 0 && !quoted, "closed");
}
} // namespace

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto structure = imap::make_structure(input);
    check(structure.envelope);
    check(structure.body);
    check(structure.body_structure);
    return 0;
}
