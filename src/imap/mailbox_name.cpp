#include "imap/mailbox_name.hpp"

#include "maild/base/ascii.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>

namespace maild::imap {

namespace {

std::optional<std::string> to_nfc(const std::string& utf8) {
    if (std::ranges::none_of(utf8, ascii::is_8bit)) return utf8;
    UErrorCode status = U_ZERO_ERROR;
    const auto* nfc = icu::Normalizer2::getNFCInstance(status);
    if (U_FAILURE(status)) return std::nullopt;
    std::string out;
    icu::StringByteSink<std::string> sink(&out);
    nfc->normalizeUTF8(0, utf8, sink, nullptr, status);
    if (U_FAILURE(status)) return std::nullopt;
    return out;
}

// C0, DEL and C1 controls; and the line and paragraph separators, which some clients take for line
// ends.
bool has_controls(std::string_view utf8) {
    if (std::ranges::any_of(utf8, ascii::is_control)) return true;
    for (std::size_t i = 0; i + 1 < utf8.size(); ++i)
        if (utf8[i] == '\xc2' && static_cast<unsigned char>(utf8[i + 1]) < 0xa0) return true;
    return utf8.contains("\xe2\x80\xa8") || utf8.contains("\xe2\x80\xa9");
}

// RFC 9051 §5.1: no "%" and "*", which LIST could not name; "." and ".." alone look like paths to
// people and tools.
bool is_level(std::string_view level) {
    return !level.empty() && level != "." && level != ".." && !level.contains('%') &&
           !level.contains('*');
}

bool has_good_levels(std::string_view name) {
    for (std::size_t depth = 1; depth <= store::kMaxMailboxDepth; ++depth) {
        const auto end = name.find(store::kDelimiter);
        if (!is_level(name.substr(0, end))) return false;
        if (end == std::string_view::npos) return true;
        name.remove_prefix(end + 1);
    }
    return false;
}

// RFC 9051 §5.1: INBOX is case-insensitive; as the first level of a name too.
void fold_inbox(std::string& name) {
    constexpr std::string_view kInbox = "INBOX";
    const bool is_first_level =
        name.size() == kInbox.size() ||
        (name.size() > kInbox.size() && name[kInbox.size()] == store::kDelimiter);
    if (is_first_level && ascii::starts_with_icase(name, kInbox))
        name.replace(0, kInbox.size(), kInbox);
}

} // namespace

Result<store::MailboxName> to_mailbox_name(std::string_view sent) {
    auto decoded = decode_utf7(sent);
    if (!decoded) return fail(Errc::cannot, "not modified UTF-7");
    if (decoded->ends_with(store::kDelimiter)) decoded->pop_back();
    if (decoded->size() > store::kMaxMailboxName) return fail(Errc::cannot, "name too long");
    auto name = to_nfc(*decoded);
    if (!name || name->size() > store::kMaxMailboxName) return fail(Errc::cannot, "name too long");
    if (has_controls(*name) || !has_good_levels(*name))
        return fail(Errc::cannot, "characters or levels");
    fold_inbox(*name);
    return std::move(*name);
}

} // namespace maild::imap
