#pragma once
// The text of a message as SEARCH sees it (RFC 9051 §6.4.4): header fields and text parts, with
// transfer encoding, charset and case undone. Whoever looks for needles and whoever keeps an index
// of what could be found use this, in the same pieces: so both see the same octets, and the index
// can never miss what a search would find. Pure. Memory: one piece, and at most 1 MiB of a line
// that does not end.

#include "maild/mail/header.hpp"
#include "maild/mail/text.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace maild::mail {

// Octets of a part's body in one update(), but for the last.
inline constexpr std::uint64_t kSearchedPiece = 256 * 1024;
// Of the header section of a message or part, so much is looked at.
inline constexpr std::uint64_t kSearchedHeader = 1024 * 1024;

// Changes whenever the same mail may give another text: with this code or with ICU's tables. What
// was made of texts of another version cannot be compared with today's.
std::uint32_t searched_text_version();

struct TextType {
    bool is_text = true; // no Content-Type: text/plain, RFC 2045 §5.2
    bool is_html = false;
    std::string charset = "us-ascii"; // lower case
};
// What a part's header section says. Only parts that are text are searched.
TextType text_type(std::string_view header);

// "Name: body": one text, in which a needle is found or not.
std::string folded_field(const HeaderField& field);

// The text of a part's body, piece by piece. What the calls return, one behind the other, is one
// text.
class FoldedText {
public:
    FoldedText(TransferEncoding encoding, std::string charset);

    std::string update(std::string_view bytes);
    std::string finish();

private:
    std::string convert(std::size_t end);

    TransferDecoder decoder_;
    std::string charset_;
    std::string decoded_; // not converted yet: no line end
};

} // namespace maild::mail
