#pragma once
// The fields that IMAP's ENVELOPE shows, from a header section.

#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"

#include <cstddef>

namespace maild::mail {

// `addresses` is how many more may be taken; it is counted down.
Envelope read_envelope(const HeaderSection& section, std::size_t& addresses);

} // namespace maild::mail
