#pragma once
// How many questions may be open about names of one zone, so that whoever has name servers that are
// silent, and as many names below them as he likes, takes the places of nobody else. One thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace maild::net {

// What counts as one zone: the last two labels, lower case; three where the second last is as short
// as those of "co.uk". Nearly what one may register, and no list is needed.
std::string zone_of(std::string_view name);

class ZonePlaces {
public:
    explicit ZonePlaces(std::size_t most) : most_(most) {}

    bool take(const std::string& zone);
    void give_back(const std::string& zone); // once for each that was taken
    std::size_t zones() const { return taken_.size(); }

private:
    std::size_t most_;
    std::unordered_map<std::string, std::size_t> taken_;
};

} // namespace maild::net
