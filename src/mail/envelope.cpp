#include "mail/envelope.hpp"

#include "maild/mail/address_list.hpp"

#include <array>
#include <utility>

namespace maild::mail {
namespace {

using AddressMember = std::vector<EnvelopeAddress> Envelope::*;
using TextMember = std::optional<std::string> Envelope::*;

constexpr std::array<std::pair<std::string_view, AddressMember>, 6> kAddressFields = {{
    {"From", &Envelope::from},
    {"Sender", &Envelope::sender},
    {"Reply-To", &Envelope::reply_to},
    {"To", &Envelope::to},
    {"Cc", &Envelope::cc},
    {"Bcc", &Envelope::bcc},
}};

constexpr std::array<std::pair<std::string_view, TextMember>, 4> kTextFields = {{
    {"Date", &Envelope::date},
    {"Subject", &Envelope::subject},
    {"In-Reply-To", &Envelope::in_reply_to},
    {"Message-ID", &Envelope::message_id},
}};

std::optional<std::string> nil_if_empty(std::string& text) {
    if (text.empty()) return std::nullopt;
    return std::move(text);
}

// Mailbox and host are strings even if empty: NIL there would be group syntax.
EnvelopeAddress structure_of(NamedAddress& address) {
    return {nil_if_empty(address.name), nil_if_empty(address.route), std::move(address.localpart),
            std::move(address.domain)};
}

void append(std::vector<EnvelopeAddress>& out, AddressList list, std::size_t& addresses) {
    for (auto& item : list) {
        if (addresses == 0) return;
        --addresses;
        if (auto* mailbox = std::get_if<NamedAddress>(&item)) {
            out.push_back(structure_of(*mailbox));
            continue;
        }
        auto& group = std::get<AddressGroup>(item);
        out.push_back({std::nullopt, std::nullopt, std::move(group.name), std::nullopt});
        for (auto& member : group.members) {
            if (addresses == 0) break;
            --addresses;
            out.push_back(structure_of(member));
        }
        out.emplace_back();
    }
}

void take_field(Envelope& envelope, const HeaderField& field, std::size_t& addresses) {
    for (const auto& [name, member] : kTextFields) {
        if (field.is(name) && !(envelope.*member)) envelope.*member = unfold(field.body);
    }
    for (const auto& [name, member] : kAddressFields) {
        if (addresses > 0 && field.is(name)) {
            append(envelope.*member, parse_address_list(field.body), addresses);
        }
    }
}

} // namespace

Envelope read_envelope(const HeaderSection& section, std::size_t& addresses) {
    Envelope envelope;
    for (const auto& field : section.fields) take_field(envelope, field, addresses);
    if (envelope.sender.empty()) envelope.sender = envelope.from; // RFC 9051 §7.5.2
    if (envelope.reply_to.empty()) envelope.reply_to = envelope.from;
    return envelope;
}

} // namespace maild::mail
