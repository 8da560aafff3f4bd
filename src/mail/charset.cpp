#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"
#include "maild/mail/text.hpp"

#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <array>
#include <list>
#include <memory>
#include <utility>

namespace maild::mail {
namespace {

constexpr std::size_t kMaxCharsetName = 64;
constexpr std::size_t kMaxConverters = 16; // kept open per thread; a message rarely needs three

struct CloseConverter {
    void operator()(UConverter* converter) const { ::ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

// Labels that senders use for more than they name: the superset is what the text is in (WHATWG
// Encoding §4.2).
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kSupersets = {{
    {"iso-8859-1", "windows-1252"},
    {"latin1", "windows-1252"},
    {"iso-8859-9", "windows-1254"},
    {"iso-8859-11", "windows-874"},
    {"tis-620", "windows-874"},
    {"gb2312", "gb18030"},
    {"gb_2312-80", "gb18030"},
    {"gbk", "gb18030"},
    {"euc-kr", "windows-949"},
    {"ks_c_5601-1987", "windows-949"},
    {"shift-jis", "shift_jis"},
    {"x-sjis", "shift_jis"},
}};

std::string converter_name(std::string_view charset) {
    const auto name = ascii::to_lower(charset);
    for (const auto& [label, superset] : kSupersets) {
        if (name == label) return std::string(superset);
    }
    return name;
}

// ICU would look for unknown names in files, and takes options behind a comma: neither is a peer's
// business.
bool is_known(const std::string& name) {
    if (name.empty() || name.size() > kMaxCharsetName) return false;
    for (const char c : name) {
        if (!ascii::is_alnum(c) && !std::string_view("-_.:()+").contains(c)) return false;
    }
    UErrorCode status = U_ZERO_ERROR;
    return ::ucnv_countAliases(name.c_str(), &status) > 0 && U_SUCCESS(status);
}

// The thread's converter for a charset, fresh; nullptr if there is none. The one used last stands
// first.
UConverter* find_converter(const std::string& name) {
    thread_local std::list<std::pair<std::string, Converter>> cache;
    for (auto i = cache.begin(); i != cache.end(); ++i) {
        if (i->first != name) continue;
        cache.splice(cache.begin(), cache, i);
        ::ucnv_reset(cache.front().second.get());
        return cache.front().second.get();
    }
    if (!is_known(name)) return nullptr;
    UErrorCode status = U_ZERO_ERROR;
    Converter converter(::ucnv_open(name.c_str(), &status));
    if (U_FAILURE(status) || !converter) return nullptr;
    cache.emplace_front(name, std::move(converter));
    if (cache.size() > kMaxConverters) cache.pop_back();
    return cache.front().second.get();
}

// Through UTF-16, in pieces, so that its buffer stays small; ICU puts U+FFFD for what is
// ill-formed.
std::string convert(UConverter& converter, std::string_view bytes) {
    std::array<UChar, 4096> buffer{};
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 2);
    icu::UnicodeString pending; // a surrogate pair may be split between buffers
    const char* source = bytes.data();
    const char* const end = source + bytes.size();
    UErrorCode status = U_BUFFER_OVERFLOW_ERROR;
    while (status == U_BUFFER_OVERFLOW_ERROR) {
        status = U_ZERO_ERROR;
        UChar* target = buffer.data();
        ::ucnv_toUnicode(&converter, &target, buffer.data() + buffer.size(), &source, end, nullptr,
                         1, &status);
        pending.append(buffer.data(), static_cast<std::int32_t>(target - buffer.data()));
        const bool is_split = status == U_BUFFER_OVERFLOW_ERROR && !pending.isEmpty() &&
                              U16_IS_LEAD(pending.charAt(pending.length() - 1));
        const auto whole = pending.length() - (is_split ? 1 : 0);
        pending.tempSubString(0, whole).toUTF8String(out);
        pending.remove(0, whole);
    }
    return out;
}

} // namespace

std::string to_utf8(std::string_view bytes, std::string_view charset) {
    const auto name = converter_name(ascii::trim(charset));
    const bool is_utf8_name = name == "utf-8" || name == "utf8";
    const bool is_unsure = name.empty() || name == "us-ascii"; // what 8-bit there means is open
    if (is_utf8_name || is_unsure) {
        if (maild::is_utf8(bytes)) return std::string(bytes);
        if (auto* converter = find_converter(is_unsure ? "windows-1252" : "utf-8")) {
            return convert(*converter, bytes);
        }
        return "\xef\xbf\xbd"; // an ICU without its data
    }
    if (auto* converter = find_converter(name)) return convert(*converter, bytes);
    return to_utf8(bytes, {});
}

} // namespace maild::mail
