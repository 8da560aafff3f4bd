#include "imap/body_search.hpp"

#include "imap/preview.hpp"
#include "imap/search_header.hpp"
#include "imap/text_finder.hpp"

#include "maild/mail/searchable.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

constexpr std::uint64_t kPreviewSource = 16 * 1024; // of a part, before it is decoded

} // namespace

// As far as the store gives it.
net::Task<std::string> BodySearch::read(Slice slice) {
    slice.end = std::min(slice.end, message_.size);
    if (slice.begin >= slice.end) co_return std::string();
    if (slice.end <= message_.content.size())
        co_return message_.content.substr(slice.begin, slice.size());
    auto octets = co_await store_.read(session_, message_.uid, slice.begin, slice.size());
    co_return octets ? std::move(*octets) : std::string();
}

net::Task<std::string> BodySearch::header() {
    auto octets =
        co_await read({0, std::min<std::uint64_t>(message_.header_size, mail::kSearchedHeader)});
    co_return octets;
}

net::Task<std::string> BodySearch::preview() {
    const auto parts = mail::decode_parts(message_.structure.parts);
    if (!parts) co_return std::string();
    const std::uint64_t shift = message_.prefix_size;
    for (const auto& part : parts->parts()) {
        if (part.kind != mail::PartKind::leaf) continue;
        const auto header_end =
            std::min(part.body_begin, part.header_begin + mail::kSearchedHeader);
        const auto header = co_await read({part.header_begin + shift, header_end + shift});
        const auto type = mail::text_type(header);
        if (!type.is_text) continue;
        const auto end = std::min(part.body_end, part.body_begin + kPreviewSource);
        const auto bytes = co_await read({part.body_begin + shift, end + shift});
        auto text = mail::decode_text(bytes, type.charset, part.encoding);
        co_return preview_of(text, type.is_html);
    }
    co_return std::string();
}

net::Task<void> BodySearch::find(std::vector<SearchMatcher::BodyKey>& keys) {
    for (auto& key : keys)
        if (key.needle.empty()) key.found = true;
    const auto parts = mail::decode_parts(message_.structure.parts);
    if (!parts) co_return;
    for (const auto& part : parts->parts()) {
        if (all_found(keys)) co_return;
        co_await find_in_part(part, &part == &parts->root(), keys);
    }
}

net::Task<void> BodySearch::find_in_part(const mail::IndexedPart& part, bool is_root,
                                         std::vector<SearchMatcher::BodyKey>& keys) {
    const std::uint64_t shift = message_.prefix_size;
    const auto header_end = std::min(part.body_begin, part.header_begin + mail::kSearchedHeader);
    const auto header = co_await read({part.header_begin + shift, header_end + shift});
    if (!is_root) {
        SearchHeader fields(header);
        for (auto& key : keys) key.found = key.found || fields.contains(key.needle, key.is_near);
    }
    const auto type = mail::text_type(header);
    if (part.kind != mail::PartKind::leaf || !type.is_text) co_return;
    TextFinder finder(keys, part.encoding, type.charset);
    for (auto begin = part.body_begin; begin < part.body_end && !all_found(keys);
         begin += mail::kSearchedPiece) {
        const auto end = std::min(begin + mail::kSearchedPiece, part.body_end);
        const auto bytes = co_await read({begin + shift, end + shift});
        if (bytes.empty()) break;
        finder.update(bytes);
    }
    finder.finish();
}

} // namespace maild::imap
