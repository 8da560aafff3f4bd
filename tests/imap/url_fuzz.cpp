// URLs of messages: whatever is found can be written again and means the same.
#include "imap/imap_url.hpp"

#include "maild/base/encoding.hpp"
#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto url = imap::parse_message_url(input);
    if (!url) return 0;
    ensure(bool(url->uid), "a message has a UID");
    std::string again;
    if (url->mailbox) again += "/" + percent_encode(*url->mailbox, "");
    if (url->uid_validity) again += ";UIDVALIDITY=" + std::to_string(url->uid_validity->value);
    if (url->mailbox) again += "/";
    again += ";UID=" + std::to_string(url->uid.value);
    const auto same = imap::parse_message_url(again);
    ensure(same && same->mailbox == url->mailbox && same->uid_validity == url->uid_validity &&
               same->uid == url->uid,
           "it means the same");
    return 0;
}
