// Mailboxes and domains: what parses formats to something that parses to the same; lists never
// break.
#include "maild/base/ensure.hpp"
#include "maild/mail/address.hpp"
#include "maild/mail/address_list.hpp"

#include <cstdint>

using namespace maild;
using namespace maild::mail;

namespace {

void check_address(std::string_view text, Utf8 utf8) {
    const auto address = parse_address(text, utf8);
    if (!address) {
        ensure(address.error().offset <= text.size(), "offset");
        return;
    }
    const auto again = parse_address(address->format(), utf8);
    ensure(again.has_value() && *again == *address, "round trip");
    ensure(address->localpart.find('\0') == std::string::npos, "NUL");
    const auto shown = Domain::parse(address->domain.unicode());
    ensure(shown.has_value() && *shown == address->domain, "U-labels");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_address(text, Utf8::allowed);
    check_address(text, Utf8::refused);
    const auto mailboxes = mailboxes_of(parse_address_list(text));
    ensure(mailboxes.size() <= kMaxListedAddresses, "number of addresses");
    for (const auto& mailbox : mailboxes) {
        for (const auto* part :
             {&mailbox.name, &mailbox.route, &mailbox.localpart, &mailbox.domain}) {
            ensure(part->find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
                   "line ends");
        }
        (void)mailbox.address();
    }
    return 0;
}
