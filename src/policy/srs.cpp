#include "maild/policy/srs.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/ensure.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace maild::policy::srs {
namespace {

// Letters and digits that outlive a fold of case (RFC 4648 §6).
constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kTagDigits = 6; // 30 bits, each guess a RCPT
constexpr std::int64_t kDays = 1024;  // two digits
constexpr std::string_view kFirst = "SRS0";
constexpr std::string_view kSecond = "SRS1";
constexpr std::string_view kSeparators =
    "=+-"; // behind SRS0 and SRS1; what others make may have any

std::int64_t day_of(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
    return ((day % kDays) + kDays) % kDays;
}

std::string stamp_of(WallTime time) {
    const auto day = static_cast<std::size_t>(day_of(time));
    return {kDigits[day >> 5], kDigits[day & 31]};
}

std::optional<std::int64_t> parse_stamp(std::string_view text) {
    if (text.size() != 2) return std::nullopt;
    const auto high = kDigits.find(ascii::to_lower(text[0]));
    const auto low = kDigits.find(ascii::to_lower(text[1]));
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    return static_cast<std::int64_t>(high << 5 | low);
}

// Up to the next "=", which is taken along; none if there is no other one.
std::optional<std::string_view> take_part(std::string_view& rest) {
    const auto end = rest.find('=');
    if (end == rest.npos) return std::nullopt;
    const auto part = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return part;
}

// What follows "SRS0=" or "SRS1=".
std::optional<std::string_view> behind(std::string_view localpart, std::string_view kind) {
    const bool is_kind = localpart.size() > kind.size() &&
                         ascii::equals_icase(localpart.substr(0, kind.size()), kind) &&
                         kSeparators.contains(localpart[kind.size()]);
    if (!is_kind) return std::nullopt;
    return localpart.substr(kind.size() + 1);
}

// "hop1.example==…": the first hop, and what followed its SRS0.
bool is_first_hop(std::string_view text) {
    const auto domain = take_part(text);
    return domain && !text.empty() && kSeparators.contains(text.front()) &&
           mail::Domain::parse(*domain).has_value();
}

Result<mail::Address> address_of(std::string localpart, mail::Domain domain) {
    if (mail::format_localpart(localpart).size() > mail::kMaxLocalpartLength)
        return fail(Errc::too_large,
                    "a rewritten sender of " + std::to_string(localpart.size()) + " octets");
    return mail::Address{std::move(localpart), std::move(domain)};
}

bool is_equal(std::string_view tag, const std::string& wanted) {
    return tag.size() == wanted.size() &&
           CRYPTO_memcmp(ascii::to_lower(tag).data(), wanted.data(), wanted.size()) == 0;
}

std::unexpected<Error> not_ours() { return fail(Errc::not_permitted, "not rewritten here"); }

} // namespace

Rewriter::Rewriter(std::string secret) : secret_(std::move(secret)) {
    ensure(secret_.size() >= 16, "a secret of at least 128 bits");
}

std::string Rewriter::tag_of(std::string_view purpose, std::string_view text) const {
    const auto input = "maild srs 1 " + std::string(purpose) + "=" + ascii::to_lower(text);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ensure(HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
                reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest,
                &size) != nullptr,
           "HMAC-SHA-256");
    std::string tag;
    for (std::size_t i = 0; i < kTagDigits; ++i) tag += kDigits[digest[i] & 31];
    return tag;
}

Result<mail::Address> Rewriter::forward(const mail::Address& sender, const mail::Domain& domain,
                                        WallTime now) const {
    const auto first = behind(sender.localpart, kFirst);
    const auto second = behind(sender.localpart, kSecond);
    std::string rest;
    std::string_view kind = kSecond;
    if (second) { // its tag goes, the first hop stays
        auto tail = *second;
        if (take_part(tail) && is_first_hop(tail)) rest = tail;
    } else if (first) { // with the separator that was between
        rest = sender.domain.ascii() + "=" + sender.localpart.substr(kFirst.size());
    }
    if (rest.empty()) {
        kind = kFirst;
        rest = stamp_of(now) + "=" + sender.domain.ascii() + "=" + sender.localpart;
    }
    return address_of(std::string(kind) + "=" + tag_of(kind, rest) + "=" + rest, domain);
}

Result<mail::Address> Rewriter::reverse(std::string_view localpart, WallTime now) const {
    if (const auto first = behind(localpart, kFirst)) return reverse_first(*first, now);
    if (const auto second = behind(localpart, kSecond)) return reverse_second(*second);
    return fail(Errc::not_found, "not rewritten");
}

Result<mail::Address> Rewriter::reverse_first(std::string_view rest, WallTime now) const {
    const auto tag = take_part(rest);
    const auto wanted = tag_of(kFirst, rest);
    const auto stamp = take_part(rest);
    const auto domain = take_part(rest);
    if (!tag || !domain || rest.empty() || !is_equal(*tag, wanted)) return not_ours();
    const auto day = parse_stamp(*stamp);
    const auto parsed = mail::Domain::parse(*domain);
    if (!day || !parsed) return not_ours();
    const auto age = (day_of(now) - *day + kDays) % kDays;
    const bool is_of_tomorrow = age == kDays - 1; // by another host's clock
    if (age > kLifetime.count() && !is_of_tomorrow)
        return fail(Errc::not_permitted, "rewritten too long ago");
    return address_of(std::string(rest), *parsed);
}

Result<mail::Address> Rewriter::reverse_second(std::string_view rest) const {
    const auto tag = take_part(rest);
    const auto wanted = tag_of(kSecond, rest);
    if (!tag || !is_equal(*tag, wanted) || !is_first_hop(rest)) return not_ours();
    const auto domain = take_part(rest);
    return address_of(std::string(kFirst) + std::string(rest), *mail::Domain::parse(*domain));
}

bool is_rewritten(std::string_view localpart) {
    return behind(localpart, kFirst) || behind(localpart, kSecond);
}

} // namespace maild::policy::srs
