#include "pop3/maildrop.hpp"

#include <utility>

namespace maild::pop3 {
namespace {

enum class Take : std::uint8_t { yes, no, none }; // none: neither this one nor those behind it

} // namespace

Maildrop::Maildrop(UidValidity uid_validity, std::vector<MaildropMessage> messages)
    : uid_validity_(uid_validity), messages_(std::move(messages)) {
    count_all();
}

void Maildrop::count_all() {
    count_ = 0;
    octets_ = 0;
    for (const auto& message : messages_) {
        if (message.is_deleted) continue;
        ++count_;
        octets_ += message.size;
    }
}

const MaildropMessage* Maildrop::find(MessageNumber number) const {
    if (number.value == 0 || number.value > messages_.size()) return nullptr;
    const auto& message = messages_[number.value - 1];
    return message.is_deleted ? nullptr : &message;
}

MessageNumber Maildrop::last() const {
    return MessageNumber(static_cast<std::uint32_t>(messages_.size()));
}

void Maildrop::mark_deleted(MessageNumber number) {
    auto& message = messages_[number.value - 1];
    message.is_deleted = true;
    --count_;
    octets_ -= message.size;
}

void Maildrop::mark_retrieved(MessageNumber number) {
    messages_[number.value - 1].is_retrieved = true;
}

void Maildrop::unmark_deleted() {
    for (auto& message : messages_) message.is_deleted = false;
    count_all();
}

std::string Maildrop::unique_id(const MaildropMessage& message) const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const auto number : {message.uid.value, uid_validity_.value})
        for (int shift = 28; shift >= 0; shift -= 4) out += kDigits[(number >> shift) & 15];
    return out;
}

// Neighbours here are one range, whatever UIDs lie between them: those are gone for good.
template <class Wanted> store::UidSet Maildrop::uids(std::size_t begin, Wanted is_wanted) const {
    store::UidSet out;
    bool goes_on = false;
    for (auto i = begin; i < messages_.size(); ++i) {
        const auto& message = messages_[i];
        const auto wanted = is_wanted(message);
        if (wanted == Take::none) break;
        if (wanted == Take::yes && goes_on) out.back().last = message.uid;
        if (wanted == Take::yes && !goes_on) out.push_back({message.uid, message.uid});
        goes_on = wanted == Take::yes;
    }
    return out;
}

store::UidSet Maildrop::uids_from(MessageNumber from, std::size_t most,
                                  std::uint64_t octets) const {
    std::size_t count = 0;
    std::uint64_t sum = 0;
    return uids(from.value - 1, [&](const MaildropMessage& message) {
        if (message.is_deleted) return Take::no;
        sum += message.size;
        if (++count > most || (count > 1 && sum > octets)) return Take::none;
        return Take::yes;
    });
}

store::UidSet Maildrop::deleted() const {
    return uids(0, [](const MaildropMessage& message) {
        return message.is_deleted ? Take::yes : Take::no;
    });
}

store::UidSet Maildrop::seen() const {
    return uids(0, [](const MaildropMessage& message) {
        return message.is_retrieved && !message.is_deleted ? Take::yes : Take::no;
    });
}

} // namespace maild::pop3
