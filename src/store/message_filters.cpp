#include "store/message_filters.hpp"

#include "store/pass.hpp"

#include "maild/mail/part_index.hpp"
#include "maild/mail/searchable.hpp"

#include <algorithm>

namespace maild::store {
namespace {

// A header section near mail::kSearchedHeader would be cut by a search, perhaps within a word.
constexpr std::size_t kMaxHeader = 256 * 1024;

class BodyTexts {
public:
    BodyTexts(GramSet& grams, const ReadOctets& read, std::uint64_t size)
        : grams_(grams), read_(read), size_(size) {}

    Result<void> add_text(const mail::IndexedPart& part, std::string_view charset) {
        mail::FoldedText text(part.encoding, std::string(charset));
        for (auto begin = part.body_begin; begin < part.body_end && !grams_.is_full();
             begin += mail::kSearchedPiece) {
            const auto bytes = read(begin, std::min(begin + mail::kSearchedPiece, part.body_end));
            if (!bytes) return pass(bytes);
            if (bytes->empty()) break;
            grams_.add(text.update(*bytes));
        }
        grams_.add(text.finish());
        grams_.end_text();
        return {};
    }

    Result<std::string> header_of(const mail::IndexedPart& part) const {
        return read(part.header_begin,
                    std::min(part.body_begin, part.header_begin + mail::kSearchedHeader));
    }

private:
    // As far as there is anything.
    Result<std::string> read(std::uint64_t begin, std::uint64_t end) const {
        end = std::min(end, size_);
        return begin < end ? read_(begin, end) : std::string();
    }

    GramSet& grams_;
    const ReadOctets& read_;
    std::uint64_t size_;
};

} // namespace

void FilterMaker::add_fields(std::string_view header) {
    for (const auto& field : mail::parse_header(header).fields) {
        grams_.add(mail::folded_field(field));
        grams_.end_text();
    }
}

std::string FilterMaker::of_prefix(std::string_view prefix, std::string_view next) {
    // Where the content would go on with the prefix's last field, the two are one text.
    const bool is_apart = prefix.ends_with('\n') && !next.starts_with(' ') &&
                          !next.starts_with('\t') && prefix.size() <= kMaxHeader;
    if (!prefix.empty() && !is_apart) return std::string(kEveryGram);
    add_fields(prefix);
    return grams_.take_filter();
}

std::string FilterMaker::of_header(std::string_view header) {
    if (header.size() > kMaxHeader) return std::string(kEveryGram);
    add_fields(header);
    return grams_.take_filter();
}

std::string FilterMaker::of_body(const ReadOctets& read, std::string_view parts,
                                 std::uint64_t size) {
    const auto index = mail::decode_parts(parts);
    if (!index) return std::string(kEveryGram);
    BodyTexts texts(grams_, read, size);
    for (const auto& part : index->parts()) {
        if (grams_.is_full()) break;
        const auto header = texts.header_of(part);
        if (!header) {
            grams_.add_everything();
            break;
        }
        if (&part != &index->root()) add_fields(*header);
        const auto type = mail::text_type(*header);
        if (part.kind != mail::PartKind::leaf || !type.is_text) continue;
        if (!texts.add_text(part, type.charset)) grams_.add_everything();
    }
    return grams_.take_filter();
}

} // namespace maild::store
