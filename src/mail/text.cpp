#include "maild/mail/text.hpp"

#include "mail/encoded_word.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/base/encoding.hpp"
#include "maild/mail/header.hpp"

#include <optional>

namespace maild::mail {
namespace {

// With a language, RFC 2231 §5; what is longer begins no encoded-word.
constexpr std::size_t kMaxCharsetName = 64;

// encoded-word = "=?" charset "?" encoding "?" encoded-text "?="
struct EncodedWord {
    std::string_view charset;
    std::string bytes; // decoded, in that charset
};

std::string decode_q(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto octet = text.front() == '=' ? hex_decode(text.substr(1, 2)) : std::nullopt;
        const bool is_escape = octet && octet->size() == 1;
        if (is_escape)
            out += octet->front();
        else
            out += text.front() == '_' ? ' ' : text.front(); // RFC 2047 §4.2 (2)
        text.remove_prefix(is_escape ? 3 : 1);
    }
    return out;
}

class WordDecoder {
public:
    explicit WordDecoder(std::string_view text) : in_(text) {}

    std::string decode() {
        while (!in_.at_end()) {
            if (auto word = take_word())
                add(std::move(*word));
            else
                add_plain();
        }
        flush();
        return std::move(out_);
    }

private:
    std::optional<EncodedWord> take_word() {
        auto in = in_;
        if (no_more_ends_ || !in.take("=?")) return std::nullopt;
        auto charset = in.rest().substr(0, kMaxCharsetName);
        charset = charset.substr(0, charset.find('?'));
        in.take_bytes(charset.size());
        if (charset.empty() || !in.take('?')) return std::nullopt;
        const char encoding = ascii::to_lower(in.peek());
        if ((encoding != 'b' && encoding != 'q') || !in.take(in.peek()) || !in.take('?')) {
            return std::nullopt;
        }
        const auto length = in.rest().find("?=");
        if (length == std::string_view::npos) {
            no_more_ends_ = true; // nor is there one for any later word: the whole stays linear
            return std::nullopt;
        }
        const auto text = in.take_bytes(length);
        in.take("?=");
        in_ = in;
        return EncodedWord{charset.substr(0, charset.find('*')),
                           encoding == 'q' ? decode_q(text)
                                           : decode_transfer(text, TransferEncoding::base64)};
    }

    // Neighbours in one charset are decoded as one: senders split characters between words, against
    // RFC 2047 §5.
    void add(EncodedWord word) {
        if (!is_after_word_) flush();
        space_.clear(); // between two words it is not shown, §6.2
        if (!ascii::equals_icase(word_.charset, word.charset)) flush();
        word_.charset = word.charset;
        word_.bytes += word.bytes;
        is_after_word_ = true;
    }

    // To the next "=?", but white space behind a word waits for what follows it.
    void add_plain() {
        if (is_after_word_ && ascii::is_space(in_.peek())) {
            space_ += in_.take_while(ascii::is_space);
            return;
        }
        flush();
        const auto next = in_.rest().find("=?", 1);
        plain_ += in_.take_bytes(next == std::string_view::npos ? in_.rest().size() : next);
        is_after_word_ = false;
    }

    void flush() {
        out_ += to_utf8(plain_, {});
        out_ += to_utf8(word_.bytes, word_.charset);
        out_ += space_;
        plain_.clear();
        space_.clear();
        word_ = {};
    }

    Cursor in_;
    std::string out_;
    std::string plain_;
    std::string space_;
    EncodedWord word_;
    bool is_after_word_ = false;
    bool no_more_ends_ = false;
};

} // namespace

std::string decode_words(std::string_view unfolded) { return WordDecoder(unfolded).decode(); }

std::string decoded_header_text(std::string_view body) {
    auto text = decode_words(unfold(body));
    for (char& c : text) {
        if (ascii::is_control(c)) c = ' '; // encoded line ends and the like: it is one line of text
    }
    return text;
}

std::string decode_text(std::string_view bytes, std::string_view charset,
                        TransferEncoding encoding) {
    if (encoding != TransferEncoding::base64 && encoding != TransferEncoding::quoted_printable) {
        return to_utf8(bytes, charset);
    }
    return to_utf8(decode_transfer(bytes, encoding), charset);
}

} // namespace maild::mail
