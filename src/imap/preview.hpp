#pragma once
// What a message is about, in a line (RFC 8970 §3.3): text without markup, white space as single
// spaces, at most 200 characters. Pure, total, linear.

#include <string>
#include <string_view>

namespace maild::imap {

// `utf8` is the beginning of a text part; of HTML only what stands outside of tags, comments,
// styles and scripts is text.
std::string preview_of(std::string_view utf8, bool is_html);

} // namespace maild::imap
