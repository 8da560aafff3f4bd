#include "auth/sasl_prep.hpp"

#include "maild/base/utf8.hpp"

#include <unicode/unistr.h>
#include <unicode/usprep.h>

#include <algorithm>
#include <memory>

namespace maild::auth {
namespace {

struct CloseProfile {
    void operator()(UStringPrepProfile* profile) const { usprep_close(profile); }
};

} // namespace

std::string sasl_prep(std::string_view password) {
    // Nothing in printable ASCII is mapped or prohibited.
    if (std::ranges::all_of(password, [](char c) { return c >= ' ' && c <= '~'; }))
        return std::string(password);
    if (!is_utf8(password)) return std::string(password);
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<UStringPrepProfile, CloseProfile> profile(
        usprep_openByType(USPREP_RFC4013_SASLPREP, &status));
    if (U_FAILURE(status)) return std::string(password);
    const auto source = icu::UnicodeString::fromUTF8(password);
    icu::UnicodeString prepared;
    // NFKC makes a character into 18 at most (U+FDFA).
    const auto room = source.length() * 18 + 1;
    auto* buffer = prepared.getBuffer(room);
    if (buffer == nullptr) return std::string(password);
    const auto length = usprep_prepare(profile.get(), source.getBuffer(), source.length(), buffer,
                                       room, USPREP_DEFAULT, nullptr, &status);
    prepared.releaseBuffer(U_SUCCESS(status) ? length : 0);
    if (U_FAILURE(status) || prepared.isEmpty()) return std::string(password);
    std::string out;
    prepared.toUTF8String(out);
    return out;
}

} // namespace maild::auth
