#include "maild/net/zone_places.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/ensure.hpp"

namespace maild::net {
namespace {

constexpr std::size_t kShortLabel = 3; // "com" of com.au, "co", "or", "ac"

// Where the label before `end` begins.
std::size_t label_begin(std::string_view name, std::size_t end) {
    const auto dot = end == 0 ? name.npos : name.rfind('.', end - 1);
    return dot == name.npos ? 0 : dot + 1;
}

} // namespace

std::string zone_of(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    auto begin = label_begin(name, name.size());
    if (begin == 0) return ascii::to_lower(name);
    const auto end = begin - 1;
    begin = label_begin(name, end);
    if (end - begin <= kShortLabel && begin > 0) begin = label_begin(name, begin - 1);
    return ascii::to_lower(name.substr(begin));
}

bool ZonePlaces::take(const std::string& zone) {
    auto& count = taken_[zone];
    if (count == most_) return false;
    ++count;
    return true;
}

void ZonePlaces::give_back(const std::string& zone) {
    const auto found = taken_.find(zone);
    ensure(found != taken_.end(), "a place that was taken");
    if (--found->second == 0) taken_.erase(found);
}

} // namespace maild::net
