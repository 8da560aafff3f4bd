#include "imap/mailbox_name.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

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
// people and tools. Empty: nothing is wrong.
std::string_view fault_of_level(std::string_view level) {
    if (level.empty()) return "The name has an empty level";
    if (level == "." || level == "..") return "A level of the name cannot be \".\" or \"..\"";
    if (level.contains('%') || level.contains('*')) return "The name cannot have \"%\" or \"*\"";
    return {};
}

std::string_view fault_of_levels(std::string_view name) {
    for (std::size_t depth = 1; depth <= store::kMaxMailboxDepth; ++depth) {
        const auto end = name.find(store::kDelimiter);
        const auto fault = fault_of_level(name.substr(0, end));
        if (!fault.empty() || end == std::string_view::npos) return fault;
        name.remove_prefix(end + 1);
    }
    return "The name has too many levels";
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

std::optional<std::string> decode_name(std::string_view sent, NameForm form) {
    if (form == NameForm::utf7) return decode_utf7(sent);
    return is_utf8(sent) ? std::optional(std::string(sent)) : std::nullopt;
}

std::string encode_name(std::string_view utf8, NameForm form) {
    return form == NameForm::utf7 ? encode_utf7(utf8) : std::string(utf8);
}

Result<store::MailboxName, NameFault> to_mailbox_name(std::string_view sent, NameForm form) {
    const auto refuse = [](std::string_view why) { return std::unexpected(NameFault{why}); };
    auto decoded = decode_name(sent, form);
    if (!decoded)
        return refuse(form == NameForm::utf7 ? "The name is not modified UTF-7"
                                             : "The name is not UTF-8");
    if (decoded->ends_with(store::kDelimiter)) decoded->pop_back();
    if (decoded->size() > store::kMaxMailboxName) return refuse("The name is too long");
    auto name = to_nfc(*decoded);
    if (!name || name->size() > store::kMaxMailboxName) return refuse("The name is too long");
    if (has_controls(*name)) return refuse("The name has control characters");
    if (const auto fault = fault_of_levels(*name); !fault.empty()) return refuse(fault);
    fold_inbox(*name);
    return std::move(*name);
}

} // namespace maild::imap
