#include "policy/dkim_header.hpp"

#include "policy/dkim_canonical.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::policy::dkim {
namespace {

// Not those that say how a part is encoded, or that nobody sees: relays add and mend them.
constexpr std::string_view kShownFields[] = {"From", "Sender", "Reply-To", "To",
                                             "Cc",   "Date",   "Subject",  "Content-Type"};

} // namespace

MessageHeader::MessageHeader(std::string_view content)
    : content_(content), section_(mail::parse_header(content)) {}

const MessageHeader::Index& MessageHeader::by_name() const {
    if (!by_name_.empty()) return by_name_;
    for (std::size_t i = 0; i < section_.fields.size(); ++i)
        by_name_[ascii::to_lower(section_.fields[i].name)].push_back(i);
    return by_name_;
}

bool MessageHeader::is_whole() const {
    return section_.limit == mail::HeaderLimit::none ||
           section_.limit == mail::HeaderLimit::field_size; // that field is there, and hashed whole
}

std::string_view MessageHeader::raw(std::size_t field) const {
    const auto& it = section_.fields[field];
    return content_.substr(it.begin, it.end - it.begin);
}

std::size_t MessageHeader::count(std::string_view name) const {
    const auto found = by_name().find(ascii::to_lower(name));
    return found == by_name().end() ? 0 : found->second.size();
}

void MessageHeader::give_fields(const Signature& signature, std::size_t own,
                                const Sink& sink) const {
    const auto& index = by_name();
    std::unordered_map<std::string, std::size_t> used;
    for (const auto name : signature.fields) {
        const auto lower = ascii::to_lower(name);
        const auto found = index.find(lower);
        if (found == index.end()) continue;
        const auto& places = found->second;
        auto& taken = used[lower];
        if (taken < places.size() && places[places.size() - 1 - taken] == own)
            ++taken; // a signature does not sign itself, §3.5 h=
        if (taken >= places.size()) continue;
        const auto field = places[places.size() - 1 - taken];
        ++taken;
        sink(canonical_field(signature.header_canonicalization, raw(field)));
    }
}

std::string MessageHeader::data_hash(const Signature& signature, std::size_t own) const {
    Sha256 digest;
    give_fields(signature, own, [&](std::string_view text) { digest.update(text); });
    digest.update(unsigned_form(signature, raw(own)));
    return digest.finish();
}

std::string_view MessageHeader::added_field(const Signature& signature) const {
    for (const auto name : kShownFields) {
        const auto signed_count =
            std::ranges::count_if(signature.fields, [name](std::string_view field) {
                return ascii::equals_icase(field, name);
            });
        const auto there = count(name);
        if (signed_count > 0 && there > 1 && there > static_cast<std::size_t>(signed_count))
            return name;
    }
    return {};
}

std::string unsigned_form(const Signature& signature, std::string_view raw) {
    const auto body = raw.find(':') + 1;
    std::string text(raw.substr(0, body + signature.value_begin));
    text += raw.substr(body + signature.value_end);
    auto canonical = canonical_field(signature.header_canonicalization, text);
    canonical.resize(canonical.size() - 2); // CRLF
    return canonical;
}

} // namespace maild::policy::dkim
