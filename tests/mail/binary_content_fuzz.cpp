// Whatever is put into base64: nothing is left that was to go, and every part decodes to what it
// was.
#include "maild/base/ensure.hpp"
#include "maild/mail/binary_content.hpp"
#include "maild/mail/mime.hpp"
#include "maild/mail/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace maild;

namespace {

void collect(const mail::Part& part, std::string_view content, std::vector<std::string>& out) {
    if (part.kind == mail::PartKind::leaf)
        out.push_back(mail::decode_transfer(
            content.substr(part.body_begin, part.body_end - part.body_begin), part.encoding));
    for (const auto& child : part.children) collect(child, content, out);
}

std::vector<std::string> decoded_leaves(std::string_view content) {
    std::vector<std::string> out;
    collect(mail::parse_message(content).root, content, out);
    return out;
}

} // namespace

// A last line may get its end, which no encoding hides then.
bool is_same_but_for_the_end(std::vector<std::string> before, std::vector<std::string> after) {
    if (before == after || before.empty() || before.size() != after.size()) return before == after;
    before.back() += "\r\n";
    return before == after;
}

bool is_lines(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return false;
    }
    return text.empty() || text.ends_with("\r\n");
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view content(reinterpret_cast<const char*>(data), size);
    if (const auto lines = mail::without_binary(content)) {
        ensure(!lines->contains('\0') && is_lines(*lines), "nothing but lines is left");
        ensure(is_same_but_for_the_end(decoded_leaves(content), decoded_leaves(*lines)),
               "the parts are the same");
    }
    const auto encoded = mail::without_nul(content);
    if (!encoded) return 0;
    ensure(!encoded->contains('\0'), "no NUL is left");
    ensure(decoded_leaves(*encoded) == decoded_leaves(content), "the parts are the same");
    if (!content.contains('\0')) ensure(*encoded == content, "nothing else is changed");
    return 0;
}
