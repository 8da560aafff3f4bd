// Modified UTF-7: what can be decoded has one spelling.
#include "imap/mailbox_name.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const auto decoded = imap::decode_utf7(input)) {
        ensure(is_utf8(*decoded), "decoded text is UTF-8");
        ensure(imap::encode_utf7(*decoded) == input, "one spelling");
    }
    if (is_utf8(input)) {
        const auto encoded = imap::encode_utf7(input);
        for (const char c : encoded) ensure(c >= 0x20 && c <= 0x7e, "encoded text is printable");
    }
    using enum imap::NameForm;
    for (const auto form : {utf7, utf8})
        if (const auto name = imap::to_mailbox_name(input, form))
            for (const auto other : {utf7, utf8})
                ensure(imap::to_mailbox_name(imap::encode_name(*name, other), other) == *name,
                       "names are stable, however they are spelled");
    return 0;
}
