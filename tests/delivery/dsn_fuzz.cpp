// A report of anything: whatever addresses, answers and content are in it, it is one message of
// three parts with the header fields that we wrote, and nothing of others becomes a field.
#include "maild/base/ensure.hpp"
#include "maild/delivery/dsn.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace maild;

// Up to the next '|'.
std::string_view take(std::string_view& rest) {
    const auto word = rest.substr(0, rest.find('|'));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return word;
}

// Whole lines, as content comes here.
std::string lines_of(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') out += '\r';
        if (c != '\r') out += c;
    }
    return out + "\r\n";
}

std::size_t blank_lines(std::string_view text) {
    std::size_t count = 0;
    for (auto at = text.find("\r\n\r\n"); at != std::string_view::npos;
         at = text.find("\r\n\r\n", at + 2))
        ++count;
    return count;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    delivery::Dsn dsn;
    dsn.reporting_mta = "mail.example.org";
    dsn.id = "0S.1";
    dsn.returns_content = (data[0] & 8U) != 0;
    dsn.to = take(rest);
    dsn.envelope_id = take(rest);
    delivery::DsnRecipient recipient;
    recipient.action = static_cast<delivery::DsnAction>(data[0] % 5);
    recipient.status = "5.0.0";
    recipient.final_recipient = take(rest);
    recipient.original_recipient = take(rest);
    recipient.remote_mta = take(rest);
    recipient.diagnostic = take(rest);
    dsn.recipients.assign(2, recipient);
    const auto content = lines_of(rest);
    dsn.content = content;

    const auto text = delivery::format_dsn(dsn);
    const auto section = mail::parse_header(text);
    ensure(section.fields.size() >= 8 && section.fields.size() <= 9, "our fields and no others");
    const auto message = mail::parse_message(text);
    ensure(message.root.subtype == "report" && message.root.children.size() == 3, "three parts");
    const auto& status = message.root.children[1];
    ensure(blank_lines(std::string_view(text).substr(status.body_begin,
                                                     status.body_end - status.body_begin)) == 2,
           "as many groups of fields as recipients");
    (void)delivery::needs_smtputf8(dsn);
    return 0;
}
