// Strict lists: what they read, the lenient parser reads alike, and formats to the same again.
#include "maild/base/ensure.hpp"
#include "maild/mail/address_list.hpp"
#include "maild/mail/mailbox_list.hpp"

#include <cstdint>
#include <string>

using namespace maild;
using namespace maild::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const auto list = parse_mailbox_list(body);
    if (!list) {
        ensure(list.error().offset <= size, "offset");
        return 0;
    }
    ensure(!list->empty() && list->size() <= kMaxMailboxes, "number of mailboxes");
    const auto lenient = mailboxes_of(parse_address_list(body));
    ensure(lenient.size() == list->size(), "two readings");
    std::string again;
    for (std::size_t i = 0; i < list->size(); ++i) {
        ensure(lenient[i].address() == (*list)[i], "two addresses");
        again += (i == 0 ? "" : ", ") + (*list)[i].format();
    }
    ensure(parse_mailbox_list(again) == *list, "round trip");
    return 0;
}
