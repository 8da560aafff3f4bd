#pragma once
// The Content-* fields of one entity (RFC 2045 §5–8, 2183, 3282, 2557) as BODYSTRUCTURE shows them.

#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"

#include <cstddef>

namespace maild::mail {

// Fills what the header says into `part`, whose type is the default where there is no Content-Type.
// `parameters` is how many more may be kept; it is counted down.
void read_content_fields(const HeaderSection& section, Part& part, std::size_t& parameters);

// The boundary of a multipart, RFC 2046 §5.1.1; empty if there is none that could delimit anything.
std::string boundary_of(const Part& part);

} // namespace maild::mail
