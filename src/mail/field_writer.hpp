#pragma once
// Writes one header field word by word, folded (RFC 5322 §2.2.3) so that a line with an
// encoded-word keeps to 76 octets (RFC 2047 §2).

#include <cstddef>
#include <string>
#include <string_view>

namespace maild::mail {

class FieldWriter {
public:
    FieldWriter(std::string& out, std::string_view name);

    void word(std::string_view word);     // ASCII, behind a space or a fold
    void encoded(std::string_view utf8);  // as encoded-words
    void behind(std::string_view ending); // directly behind the last word
    void end();                           // of the field

private:
    std::string& out_;
    std::size_t line_ = 0; // octets in it
    bool is_empty_ = true; // no word yet: RFC 5322 §3.2.2 wants no line of white space alone
};

} // namespace maild::mail
