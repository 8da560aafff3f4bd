#include "maild/trace/tally.hpp"

#include "trace/attempt.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace maild::trace {
namespace {

bool is_taken(Fate fate) {
    return fate == Fate::delivered || fate == Fate::queued || fate == Fate::held;
}

// Of accounts, and of programs on this host.
bool is_submitted(const Record& record) {
    return record.service == "submission" || record.service == "local";
}

// Numbers of sessions, queues and times: long, and not only of letters. Codes of replies, which are
// all digits and dots and short, stay.
bool is_passing(std::string_view word) {
    constexpr std::size_t kLong = 8;
    const bool has_digit = std::ranges::any_of(word, ascii::is_digit);
    return has_digit && word.size() >= kLong;
}

bool belongs_to_word(char c) { return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.'; }

std::string without(std::string_view text, std::string_view name) {
    if (name.empty()) return std::string(text);
    std::string out;
    while (!text.empty()) {
        if (text.size() >= name.size() && ascii::equals_icase(text.substr(0, name.size()), name)) {
            out += "…";
            text.remove_prefix(name.size());
            continue;
        }
        out += text.front();
        text.remove_prefix(1);
    }
    return out;
}

void count_text(Destination& destination, std::string text) {
    auto& texts = destination.texts;
    const auto found = std::ranges::find(texts, text, &Text::words);
    if (found != texts.end())
        ++found->count;
    else if (texts.size() < kMaxTexts)
        texts.push_back({std::move(text), 1});
    else
        ++destination.other_texts;
}

} // namespace

std::string generalized(std::string_view words, std::string_view recipient) {
    constexpr std::size_t kRead = 2'000; // of however many lines
    const auto text = without(words.substr(0, kRead), recipient);
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto end =
            static_cast<std::size_t>(std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(i),
                                                      text.end(), belongs_to_word) -
                                     text.begin());
        if (end == i) {
            out += text[i++];
            continue;
        }
        const auto word = std::string_view(text).substr(i, end - i);
        out += is_passing(word) ? std::string_view("…") : word;
        i = end;
    }
    return std::string(clipped(out, kMaxText));
}

bool Tally::is_chosen(std::string_view address) const {
    if (choice_.domain.empty()) return true;
    const auto at = address.rfind('@');
    return at != address.npos && ascii::equals_icase(address.substr(at + 1), choice_.domain);
}

Volume* Tally::volume_at(WallTime time) {
    const auto begin = WallTime(choice_.period * (time.time_since_epoch() / choice_.period));
    const bool is_new = !volumes_.contains(begin);
    if (is_new && volumes_.size() >= kMaxPeriods) {
        if (begin < volumes_.begin()->first) return nullptr;
        volumes_.erase(volumes_.begin());
    }
    return &volumes_[begin];
}

void Tally::add(const Record& record) {
    auto* volume = volume_at(record.time);
    if (volume == nullptr) return;
    volume->lost += record.lost;
    if (record.lost > 0) return;
    if (is_attempt(record)) return add_attempt(record, *volume);
    add_incoming(record, *volume);
}

void Tally::add_incoming(const Record& record, Volume& volume) {
    const bool is_own = is_submitted(record);
    const bool is_ours = is_own && is_chosen(record.reverse_path);
    bool is_meant = choice_.domain.empty() || is_ours;
    bool has_come = false;
    bool may_come_again = record.reply.starts_with('4');
    bool was_told = !record.reply.empty(); // else the peer went before there was anything to say
    for (const auto& recipient : record.recipients) {
        if (!is_ours && !is_chosen(recipient.forward_path)) continue;
        is_meant = true;
        const auto fate = fate_of(record, recipient).fate;
        has_come = has_come || is_taken(fate);
        may_come_again = may_come_again || fate == Fate::deferred;
        was_told = was_told || fate == Fate::refused;
        volume.delivered += fate == Fate::delivered ? 1 : 0;
    }
    if (!is_meant) return;
    if (choice_.domain.empty() || is_ours) volume.uncounted += record.more_accepted;
    if (has_come) {
        ++(is_own ? volume.submitted : volume.received);
        volume.octets += record.size;
    } else if (may_come_again) {
        ++volume.put_off;
    } else if (was_told) {
        ++volume.refused;
    }
}

Destination& Tally::destination(const std::string& name) {
    if (const auto found = destinations_.find(name); found != destinations_.end())
        return found->second;
    if (destinations_.size() >= kMaxDestinations) return others_;
    auto& made = destinations_[name];
    made.name = name;
    return made;
}

void Tally::add_attempt(const Record& record, Volume& volume) {
    if (!is_chosen(record.reverse_path)) return;
    auto& to = destination(record.hello);
    const auto count = [](std::uint64_t number, std::uint64_t& one, std::uint64_t& other) {
        one += number;
        other += number;
    };
    for (const auto& recipient : record.recipients) {
        const auto fate = fate_of_attempt(recipient);
        if (!recipient.places.empty() && !recipient.places.front().address.empty())
            to.host = recipient.places.front().address;
        if (fate.fate == Fate::sent) {
            count(1, volume.sent, to.sent);
            continue;
        }
        if (fate.fate == Fate::failed)
            count(1, volume.failed, to.failed);
        else
            count(1, volume.deferred, to.deferred);
        const auto& words = recipient.reply.empty() ? fate.reason : recipient.reply;
        count_text(to, generalized(words, recipient.forward_path));
    }
    count(record.more_accepted, volume.sent, to.sent);
    volume.uncounted += record.more_refused; // they have failed, or are tried again
}

Volume Tally::total() const {
    Volume sum;
    for (const auto& [begin, volume] : volumes_) {
        constexpr std::uint64_t Volume::* kAll[] = {
            &Volume::received,  &Volume::submitted, &Volume::refused, &Volume::put_off,
            &Volume::delivered, &Volume::sent,      &Volume::failed,  &Volume::deferred,
            &Volume::octets,    &Volume::uncounted, &Volume::lost};
        for (const auto each : kAll) sum.*each += volume.*each;
    }
    return sum;
}

std::vector<Destination> Tally::destinations() const {
    std::vector<Destination> out;
    for (const auto& [name, destination] : destinations_) out.push_back(destination);
    std::ranges::sort(out, [](const Destination& a, const Destination& b) {
        return std::tie(b.failed, b.deferred, b.sent, a.name) <
               std::tie(a.failed, a.deferred, a.sent, b.name);
    });
    if (others_.sent + others_.failed + others_.deferred > 0) out.push_back(others_);
    for (auto& destination : out)
        std::ranges::stable_sort(destination.texts, std::greater<>{}, &Text::count);
    return out;
}

} // namespace maild::trace
