// What is read from the header section of a message, and put into it.
#include "maild/mail/header.hpp"

#include "sendmail/message.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/address_list.hpp"
#include "maild/mail/date.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace maild::sendmail {
namespace {

using mail::HeaderField;
using mail::NamedAddress;

std::string format(const NamedAddress& mailbox) {
    auto out = mail::format_localpart(mailbox.localpart);
    if (!mailbox.domain.empty()) out += '@' + mailbox.domain;
    return out;
}

Result<void> add_recipients(std::string_view body, std::vector<std::string>& out) {
    const auto mailboxes = mail::mailboxes_of(mail::parse_address_list(body));
    if (out.size() + mailboxes.size() >= mail::kMaxListedAddresses)
        return fail(Errc::too_large, "too many recipients");
    for (const auto& mailbox : mailboxes) {
        if (mailbox.localpart.empty())
            return fail(Errc::invalid_argument, "no address: " + mailbox.name);
        auto address = format(mailbox);
        if (std::ranges::find(out, address) == out.end()) out.push_back(std::move(address));
    }
    return {};
}

bool is_resent(const HeaderField& field) { return ascii::starts_with_icase(field.name, "Resent-"); }

// The topmost block of Resent fields, which is the newest: it ends where one comes for the second
// time, or where something else stands between (RFC 5322 §3.6.6).
std::vector<HeaderField> newest_resent(const std::vector<HeaderField>& fields) {
    auto at = std::ranges::find_if(fields, is_resent);
    std::vector<HeaderField> block;
    std::set<std::string> seen;
    for (; at != fields.end() && is_resent(*at); ++at) {
        if (!seen.insert(ascii::to_lower(at->name)).second) break;
        block.push_back(*at);
    }
    return block;
}

bool names_recipients(const HeaderField& field) {
    constexpr std::array<std::string_view, 6> kFields = {"To",        "Cc",        "Bcc",
                                                         "Resent-To", "Resent-Cc", "Resent-Bcc"};
    return std::ranges::any_of(kFields, [&](auto name) { return field.is(name); });
}

bool names_people(const HeaderField& field) {
    constexpr std::array<std::string_view, 5> kFields = {"From", "Sender", "Reply-To",
                                                         "Resent-From", "Resent-Sender"};
    return names_recipients(field) ||
           std::ranges::any_of(kFields, [&](auto name) { return field.is(name); });
}

// RFC 5322 §3.2.4: quoted, unless it is made of atoms or encoded-words (RFC 2047 §5).
std::string format_phrase(const std::string& name) {
    const auto is_plain = [](char c) {
        return ascii::is_alnum(c) || ascii::is_8bit(c) ||
               std::string_view(" !#$%&'*+-/=?^_`{|}~").contains(c);
    };
    if (std::ranges::all_of(name, is_plain)) return name;
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string format_whole(const NamedAddress& mailbox, std::string_view domain) {
    auto address = mailbox;
    if (address.domain.empty()) address.domain = domain;
    if (mailbox.name.empty()) return format(address);
    return format_phrase(mailbox.name) + " <" + format(address) + '>';
}

bool lacks_domain(const NamedAddress& mailbox) {
    return mailbox.domain.empty() && !mailbox.localpart.empty();
}

void append_item(std::string& out, const mail::AddressListItem& item, std::string_view domain) {
    if (const auto* mailbox = std::get_if<NamedAddress>(&item)) {
        out += format_whole(*mailbox, domain);
        return;
    }
    const auto& group = std::get<mail::AddressGroup>(item);
    out += format_phrase(group.name) + ':';
    for (std::size_t i = 0; i < group.members.size(); ++i)
        out += (i == 0 ? " " : ",\r\n\t") + format_whole(group.members[i], domain);
    out += ';';
}

// None: it may stay as it is. Something without an address would be lost by being read and written.
std::string qualified(const HeaderField& field, std::string_view domain) {
    const auto list = mail::parse_address_list(field.body);
    const auto mailboxes = mail::mailboxes_of(list);
    const bool is_whole = std::ranges::none_of(
        mailboxes, [](const auto& mailbox) { return mailbox.localpart.empty(); });
    if (!is_whole || std::ranges::none_of(mailboxes, lacks_domain)) return {};
    if (mailboxes.size() >= mail::kMaxListedAddresses) return {};
    std::string out(field.name);
    out += ": ";
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (i > 0) out += ",\r\n\t";
        append_item(out, list[i], domain);
    }
    return out + "\r\n";
}

} // namespace

std::string missing_stamps(std::string_view content, std::string_view unique,
                           std::string_view hostname, WallTime now) {
    const auto header = mail::parse_header(content);
    std::string out;
    if (header.find("Message-ID") == nullptr)
        out.append("Message-ID: <").append(unique).append("@").append(hostname).append(">\r\n");
    if (header.find("Date") == nullptr) out += "Date: " + mail::format_date_time(now) + "\r\n";
    return out;
}

Result<std::vector<std::string>> recipients_in(std::string_view content) {
    const auto header = mail::parse_header(content);
    if (header.limit != mail::HeaderLimit::none)
        return fail(Errc::too_large, "the header section is too large to take recipients from");
    auto fields = newest_resent(header.fields);
    const bool is_again = std::ranges::any_of(fields, names_recipients);
    std::vector<std::string> out;
    for (const auto& field : is_again ? fields : header.fields) {
        if (!names_recipients(field) || is_resent(field) != is_again) continue;
        if (auto added = add_recipients(field.body, out); !added)
            return std::unexpected(std::move(added.error()));
    }
    return out;
}

Result<std::vector<std::string>> recipients_of(std::string_view list) {
    std::vector<std::string> out;
    if (auto added = add_recipients(list, out); !added)
        return std::unexpected(std::move(added.error()));
    if (out.empty()) return fail(Errc::invalid_argument, "no address: " + std::string(list));
    return out;
}

std::string with_domain(std::string_view address, std::string_view domain) {
    std::string out(address);
    // The last one: those before it stand in a quoted localpart, whose quote would follow.
    const auto at = address.rfind('@');
    const bool has_domain = at != address.npos && address.find('"', at) == address.npos;
    return has_domain || out.empty() ? out : out.append("@").append(domain);
}

std::string complete(std::string_view content, const Author& author) {
    const auto header = mail::parse_header(content);
    std::string out;
    out.reserve(content.size() + 512);
    if (header.find("From") == nullptr) {
        const auto address =
            author.sender.empty() ? author.user + '@' + author.domain : author.sender;
        out += author.full_name.empty()
                   ? "From: " + address + "\r\n"
                   : "From: " + format_phrase(author.full_name) + " <" + address + ">\r\n";
    }
    std::size_t copied = 0;
    for (const auto& field : header.fields) {
        if (!names_people(field)) continue;
        const auto changed = qualified(field, author.domain);
        if (changed.empty()) continue;
        out += content.substr(copied, field.begin - copied);
        out += changed;
        copied = field.end;
    }
    return out += content.substr(copied);
}

} // namespace maild::sendmail
