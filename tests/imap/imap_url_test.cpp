#include "imap/imap_url.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace maild::imap {
namespace {

// "mailbox;validity uid section offset.length", "-" for what is not there.
std::string shown(std::string_view text) {
    const auto url = parse_message_url(text);
    if (!url) return "none";
    auto out = url->mailbox.value_or("-") + ";" +
               (url->uid_validity ? std::to_string(url->uid_validity->value) : "-") + " " +
               std::to_string(url->uid.value) + " ";
    for (const auto number : url->section.part) out += std::to_string(number) + ".";
    out += std::to_string(static_cast<int>(url->section.text));
    for (const auto& name : url->section.names) out += "+" + name;
    if (!url->section.partial) return out + " -";
    const auto [offset, length] = *url->section.partial;
    return out + " " + std::to_string(offset) + "." +
           (length == UINT64_MAX ? "*" : std::to_string(length));
}

TEST(ImapUrl, NamesMessagesAndTheirParts) {
    struct Case {
        std::string_view url;
        std::string_view want;
    };
    const auto cases = std::to_array<Case>({
        {"/INBOX/;UID=1", "INBOX;- 1 0 -"},
        {"/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER", "Drafts;385759045 20 1 -"},
        {"/a/b%20c/;uid=4294967295/;section=1.2.MIME", "a/b c;- 4294967295 1.2.5 -"},
        {"/%C3%A9/;UID=1/;SECTION=HEADER.FIELDS%20(Subject%20To)", "\xc3\xa9;- 1 2+Subject+To -"},
        {"/x/;UID=1/;SECTION=TEXT/;PARTIAL=10.20", "x;- 1 4 10.20"},
        {"/x/;UID=1/;PARTIAL=100000.1", "x;- 1 0 100000.1"},
        {"/x/;UID=1/;PARTIAL=5", "x;- 1 0 5.*"},
        {";UID=7/;SECTION=1", "-;- 7 1.0 -"},
        {"/a%3Bb/;UID=1", "a;b;- 1 0 -"},
        {"", "none"},
        {"/", "none"},
        {"/x", "none"},
        {"x/;UID=1", "none"}, // relative to a level of the selected mailbox's name
        {"imap://host/x/;UID=1", "none"},
        {"//host/x/;UID=1", "none"},
        {"/x/;UID=0", "none"},
        {"/x/;UID=4294967296", "none"},
        {"/x/;UID=*", "none"},
        {"/x/;UID=1:2", "none"},
        {"/x/;UID=1/", "none"},
        {"/x;UIDVALIDITY=0/;UID=1", "none"},
        {"/x;UIDVALIDITY=1x/;UID=1", "none"},
        {"/x;TYPE=1/;UID=1", "none"},
        {"/;UID=1", "none"},
        {"/x/;UID=1/;SECTION=", "none"},
        {"/x/;UID=1/;SECTION=1]", "none"},
        {"/x/;UID=1/;SECTION=]<0.1", "none"},
        {"/x/;UID=1/;SECTION=MIME", "none"},
        {"/x/;UID=1/;SECTION=HEADER.FIELDS", "none"},
        {"/x/;UID=1/;PARTIAL=1.0", "none"},
        {"/x/;UID=1/;PARTIAL=1/;SECTION=1", "none"},
        {"/x/;UID=1;URLAUTH=anonymous", "none"},
        {"/%/;UID=1", "none"},
        {"/%4/;UID=1", "none"},
        {"/%zz/;UID=1", "none"},
        {"/x y/;UID=1", "none"},
        {"/\xc3\xa9/;UID=1", "none"},
        {"/x/;UID=1\r\n", "none"},
    });
    for (const auto& [url, want] : cases) EXPECT_EQ(shown(url), want) << url;
}

} // namespace
} // namespace maild::imap
