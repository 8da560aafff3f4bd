#pragma once
// A document of XML, element by element: names without a namespace's prefix, in lower case. By
// libexpat, which reads without recursion; a DTD ends it, so that nothing is expanded. Bounded:
// kMaxDepth; names and texts are cut.

#include "maild/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace maild::report {

inline constexpr std::size_t kMaxDepth = 32;
inline constexpr std::size_t kMaxName = 64; // octets

class XmlEvents {
public:
    virtual ~XmlEvents() = default;
    // `path`: "feedback/record/row", with this element's name at its end. False: it is too much.
    virtual bool open(std::string_view path) = 0;
    // `text`: what stands before this element's end and behind the last one that ended in it; white
    // space is one space, none at either end; at most kMaxText octets.
    virtual void close(std::string_view path, std::string text) = 0;
};

// To the root element's end; what stands behind is not looked at. In UTF-8, or, where it is none,
// in the charset that it names. protocol_error: it is no such document; too_large: a limit.
Result<void> read_xml(std::string_view document, XmlEvents& events);

// The same text as XML can hold it: <, >, & escaped, controls as spaces, what is no character as
// U+FFFD.
std::string xml_text(std::string_view text);

} // namespace maild::report
