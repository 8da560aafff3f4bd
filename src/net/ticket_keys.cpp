#include "maild/net/ticket_keys.hpp"

#include <algorithm>
#include <span>

namespace maild::net {
namespace {

bool is_within(WallTime now, WallTime begins, std::chrono::hours span) {
    return now >= begins && now < begins + span;
}

TicketKey make_key(Random& random, WallTime begins) {
    TicketKey key;
    key.begins = begins;
    random.fill(std::as_writable_bytes(std::span(key.name)));
    random.fill(std::as_writable_bytes(std::span(key.cipher)));
    random.fill(std::as_writable_bytes(std::span(key.mac)));
    return key;
}

} // namespace

const std::vector<TicketKey>& TicketKeyMaker::keys_at(WallTime now) {
    const WallTime hour = std::chrono::floor<std::chrono::hours>(now);
    std::erase_if(keys_, [&](const TicketKey& key) {
        return key.begins < hour - kTicketHour || key.begins > hour + kTicketHour;
    });
    for (const auto begins : {hour, hour + kTicketHour}) {
        if (std::ranges::find(keys_, begins, &TicketKey::begins) == keys_.end())
            keys_.push_back(make_key(random_, begins));
    }
    return keys_;
}

const TicketKey* TicketKeys::current() const {
    const auto now = clock_.now();
    const auto found = std::ranges::find_if(
        keys_, [&](const TicketKey& key) { return is_within(now, key.begins, kTicketHour); });
    return found == keys_.end() ? nullptr : &*found;
}

const TicketKey* TicketKeys::find(std::string_view name) const {
    const auto now = clock_.now();
    const auto found = std::ranges::find_if(keys_, [&](const TicketKey& key) {
        return std::ranges::equal(key.name, name, {}, {},
                                  [](char c) { return static_cast<std::uint8_t>(c); }) &&
               is_within(now, key.begins, 2 * kTicketHour);
    });
    return found == keys_.end() ? nullptr : &*found;
}

} // namespace maild::net
