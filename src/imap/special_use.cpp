#include "imap/special_use.hpp"

#include "maild/base/ascii.hpp"

#include <array>

namespace maild::imap {

namespace {

constexpr std::array<std::string_view, 8> kNames = {"",     "Archive", "Drafts", "Flagged",
                                                    "Junk", "Sent",    "Trash",  "All"};

} // namespace

store::SpecialUse parse_special_use(std::string_view name) {
    for (std::size_t i = 1; i < kNames.size(); ++i)
        if (ascii::equals_icase(kNames[i], name)) return static_cast<store::SpecialUse>(i);
    return store::SpecialUse::none;
}

std::string_view name_of(store::SpecialUse use) {
    return kNames[static_cast<std::size_t>(use) % kNames.size()];
}

} // namespace maild::imap
