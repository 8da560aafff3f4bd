#pragma once
// The base subject of a message (RFC 5256 §2.1): what is left of a Subject without "Re:", "[list]",
// "(fwd)" and the like, by which SORT and THREAD bring messages together. Pure, linear time.

#include <string>
#include <string_view>

namespace maild::mail {

struct BaseSubject {
    std::string text; // UTF-8; may be empty
    // A subj-refwd, "(fwd)" or "[fwd: …]" went: the message answers or forwards another one.
    bool is_reply = false;
    friend bool operator==(const BaseSubject&, const BaseSubject&) = default;
};

// Of the raw body of a Subject field: unfolds it and decodes its encoded-words.
BaseSubject base_subject(std::string_view field_body);

} // namespace maild::mail
