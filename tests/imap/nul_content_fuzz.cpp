// Whatever is put into base64: no NUL is left, and every part decodes to what it was.
#include "imap/nul_content.hpp"

#include "maild/base/ensure.hpp"
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

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view content(reinterpret_cast<const char*>(data), size);
    const auto encoded = imap::without_nul(content);
    if (!encoded) return 0;
    ensure(!encoded->contains('\0'), "no NUL is left");
    ensure(decoded_leaves(*encoded) == decoded_leaves(content), "the parts are the same");
    if (!content.contains('\0')) ensure(*encoded == content, "nothing else is changed");
    return 0;
}
