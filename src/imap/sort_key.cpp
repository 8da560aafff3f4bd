#include "imap/sort_key.hpp"

#include "maild/mail/address_list.hpp"
#include "maild/mail/base_subject.hpp"
#include "maild/mail/date.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>
#include <chrono>

namespace maild::imap {
namespace {

std::int64_t seconds_of(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// The first address structure of ENVELOPE. A group is one: its name is the mailbox (RFC 9051
// §7.5.2).
mail::NamedAddress first_address(const mail::HeaderSection& header, std::string_view name) {
    for (const auto& field : header.fields) {
        if (!field.is(name)) continue;
        const auto list = mail::parse_address_list(field.body);
        if (list.empty()) continue;
        if (const auto* address = std::get_if<mail::NamedAddress>(&list.front())) return *address;
        mail::NamedAddress group;
        group.localpart = std::get<mail::AddressGroup>(list.front()).name;
        return group;
    }
    return {};
}

std::string mailbox_key(const mail::HeaderSection& header, std::string_view name) {
    return mail::collation_key(first_address(header, name).localpart);
}

// RFC 5957 §3
std::string display_key(const mail::HeaderSection& header, std::string_view name) {
    const auto address = first_address(header, name);
    auto shown = mail::decoded_header_text(address.name);
    if (shown.empty()) {
        shown = address.localpart;
        if (!shown.empty() && !address.domain.empty()) shown += '@' + address.domain;
    }
    return mail::collation_key(shown);
}

std::string subject_key(const mail::HeaderSection& header) {
    const auto* field = header.find("Subject");
    if (field == nullptr) return {};
    return mail::collation_key(mail::base_subject(field->body).text);
}

SortValue value_of(SortField field, const store::MessageData& message,
                   const mail::HeaderSection& header) {
    switch (field) {
    case SortField::arrival: return seconds_of(message.internal_date);
    case SortField::size: return static_cast<std::int64_t>(message.size);
    case SortField::date: return sent_date(header, message.internal_date);
    case SortField::subject: return subject_key(header);
    case SortField::from: return mailbox_key(header, "From");
    case SortField::to: return mailbox_key(header, "To");
    case SortField::cc: return mailbox_key(header, "Cc");
    case SortField::display_from: return display_key(header, "From");
    case SortField::display_to: return display_key(header, "To");
    case SortField::relevancy: break; // set_score()
    }
    return std::int64_t{0};
}

} // namespace

bool needs_header(const SortProgram& program) {
    return std::ranges::any_of(program, [](const SortCriterion& criterion) {
        return criterion.field != SortField::arrival && criterion.field != SortField::size;
    });
}

SortKey make_sort_key(const SortProgram& program, std::uint32_t seq,
                      const store::MessageData& message, std::string_view header) {
    const auto section = mail::parse_header(header);
    SortKey key{.seq = seq, .values = {}};
    key.values.reserve(program.size());
    for (const auto& criterion : program)
        key.values.push_back(value_of(criterion.field, message, section));
    return key;
}

// RFC 6203 §6: the highest score comes first.
void set_score(const SortProgram& program, SortKey& key, std::uint32_t score) {
    key.score = score;
    for (std::size_t i = 0; i < program.size(); ++i)
        if (program[i].field == SortField::relevancy)
            key.values[i] = -static_cast<std::int64_t>(score);
}

bool sorts_by_relevancy(const SortProgram& program) {
    return std::ranges::any_of(program, [](const SortCriterion& criterion) {
        return criterion.field == SortField::relevancy;
    });
}

bool is_before(const SortProgram& program, const SortKey& a, const SortKey& b) {
    for (std::size_t i = 0; i < program.size(); ++i) {
        if (a.values[i] == b.values[i]) continue;
        return (a.values[i] < b.values[i]) != program[i].is_reverse;
    }
    return a.seq < b.seq;
}

std::int64_t sent_date(const mail::HeaderSection& header, WallTime internal_date) {
    const auto* field = header.find("Date");
    const auto date = field == nullptr ? std::nullopt : mail::parse_date_time(field->body);
    return seconds_of(date ? date->time : internal_date);
}

} // namespace maild::imap
