#pragma once
// Special-use attributes (RFC 6154 §2) by name, without the backslash.

#include "maild/store/types.hpp"

#include <string_view>

namespace maild::imap {

store::SpecialUse parse_special_use(std::string_view name); // none: there is no such use
std::string_view name_of(store::SpecialUse use);            // empty for none

} // namespace maild::imap
