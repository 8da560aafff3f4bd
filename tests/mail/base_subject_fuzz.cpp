// Base subjects: nothing that could go is left, so a second time changes nothing.
#include "maild/base/ensure.hpp"
#include "maild/base/utf8.hpp"
#include "maild/mail/base_subject.hpp"
#include "maild/mail/text.hpp"

#include <cstdint>
#include <string_view>

using namespace maild;
using namespace maild::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view field(reinterpret_cast<const char*>(data), size);
    const auto [text, is_reply] = base_subject(field);
    ensure(is_utf8(text), "text");
    ensure(!text.starts_with(' ') && !text.ends_with(' '), "no space at its ends");
    if (!text.contains("=?")) ensure(base_subject(text) == BaseSubject{text, false}, "all is gone");
    ensure(is_utf8(collation_key(text)), "key");
    return 0;
}
