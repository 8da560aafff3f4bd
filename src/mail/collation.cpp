#include "maild/base/ascii.hpp"
#include "maild/mail/text.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace maild::mail {
namespace {

constexpr std::size_t kMaxText = std::numeric_limits<std::int32_t>::max() / 8;
constexpr std::size_t kPage = 256; // characters
constexpr UChar32 kEndOfUnicode = 0x110000;

// RFC 5051 §2: the title case of one character, decomposed as far as it goes.
std::string key_of(UChar32 c, const icu::Normalizer2& decomposing) {
    UErrorCode status = U_ZERO_ERROR;
    std::string out;
    decomposing.normalize(icu::UnicodeString(::u_totitle(c)), status).toUTF8String(out);
    return U_SUCCESS(status) ? out : std::string();
}

// What characters become, by pages of 256 that are made when the first of them is met: looking each
// up in ICU takes ten times as long. Memory: 2 KiB and the keys for each page that is in use.
class Keys {
public:
    struct Key {
        std::uint16_t begin = 0; // in the page's text
        std::uint8_t size = 0;
        std::uint8_t first_class = 0; // combining classes of its ends
        std::uint8_t last_class = 0;
    };
    struct Page {
        std::string text;
        std::array<Key, kPage> keys;
    };

    explicit Keys(const icu::Normalizer2& decomposing)
        : decomposing_(decomposing), pages_(kEndOfUnicode / kPage) {}

    const Page& page(UChar32 c) {
        auto& page = pages_[static_cast<std::size_t>(c) / kPage];
        if (!page) page = make_page(c - c % static_cast<UChar32>(kPage));
        return *page;
    }

private:
    std::unique_ptr<Page> make_page(UChar32 first) const {
        auto page = std::make_unique<Page>();
        for (std::size_t i = 0; i < kPage; ++i) {
            const auto key = key_of(first + static_cast<UChar32>(i), decomposing_);
            const auto characters = icu::UnicodeString::fromUTF8(key);
            const auto last = characters.length() - 1;
            page->keys[i] = {static_cast<std::uint16_t>(page->text.size()),
                             static_cast<std::uint8_t>(key.size()),
                             ::u_getCombiningClass(characters.char32At(0)),
                             ::u_getCombiningClass(characters.char32At(last))};
            page->text += key;
        }
        return page;
    }

    const icu::Normalizer2& decomposing_;
    std::vector<std::unique_ptr<Page>> pages_;
};

std::size_t append_ascii(std::string& out, std::string_view text) {
    if (text.size() == 1 || ascii::is_8bit(text[1])) { // a space between words of another script
        out += ascii::to_upper(text[0]);
        return 1;
    }
    const auto size = ascii::find_8bit(text);
    const auto begin = out.size();
    out.append(text, 0, size);
    ascii::make_upper(std::span(out).subspan(begin));
    return size;
}

// False: marks stand in another order than the canonical one, and are still to be sorted.
bool append_keys(std::string& out, std::string_view valid, Keys& keys) {
    bool is_sorted = true;
    std::uint8_t before = 0; // combining class of what stands before
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(valid.data());
    for (std::size_t at = 0; at < valid.size();) {
        if (bytes[at] < 0x80) {
            at += append_ascii(out, valid.substr(at));
            before = 0;
            continue;
        }
        UChar32 c = 0;
        U8_NEXT_UNSAFE(bytes, at, c);
        const auto& page = keys.page(c);
        const auto& key = page.keys[static_cast<std::size_t>(c) % kPage];
        if (key.first_class != 0 && key.first_class < before) is_sorted = false;
        before = key.last_class;
        out.append(page.text, key.begin, key.size);
    }
    return is_sorted;
}

} // namespace

std::string collation_key(std::string_view utf8) {
    if (!ascii::has_8bit(utf8)) return ascii::to_upper(utf8);
    const auto valid = to_utf8(utf8, "utf-8");
    UErrorCode status = U_ZERO_ERROR;
    const auto* decomposing = icu::Normalizer2::getNFKDInstance(status);
    if (U_FAILURE(status) || valid.size() > kMaxText) return ascii::to_upper(valid);
    thread_local Keys keys(*decomposing);
    std::string out;
    out.reserve(valid.size() + valid.size() / 4);
    if (append_keys(out, valid, keys)) return out;
    std::string sorted;
    decomposing->normalize(icu::UnicodeString::fromUTF8(out), status).toUTF8String(sorted);
    return U_SUCCESS(status) ? sorted : out;
}

} // namespace maild::mail
