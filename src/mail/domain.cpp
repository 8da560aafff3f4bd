#include "maild/base/ascii.hpp"
#include "maild/mail/address.hpp"

#include <idn2.h>

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>

namespace maild::mail {
namespace {

// Before IDNA maps it: a U-label takes at most 4 octets for what is at least one octet of its
// A-label.
constexpr std::size_t kMaxUnicodeDomain = 4 * kMaxDomainLength;

struct Free {
    void operator()(char* text) const { std::free(text); }
};
using LibraryString = std::unique_ptr<char, Free>;

bool is_domain_octet(char c) { return ascii::is_alnum(c) || c == '-' || c == '.'; }

// sub-domain = Let-dig [Ldh-str], RFC 5321 §4.1.2
bool is_sub_domain(std::string_view label) {
    if (label.empty() || label.size() > kMaxLabelLength) return false;
    return label.front() != '-' && label.back() != '-';
}

bool is_domain(std::string_view text) {
    if (text.empty() || text.size() > kMaxDomainLength) return false;
    while (true) {
        const auto dot = text.find('.');
        if (!is_sub_domain(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

// U-labels to A-labels, RFC 5891 §5 with the mapping of UTS #46, as browsers and other mail systems
// look names up.
std::optional<std::string> to_a_labels(std::string_view text) {
    if (text.size() > kMaxUnicodeDomain) return std::nullopt;
    const std::string input(text);
    std::uint8_t* raw = nullptr;
    const int status = ::idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(input.c_str()), &raw,
                                        IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const LibraryString result(reinterpret_cast<char*>(raw));
    if (status != IDN2_OK || !result) return std::nullopt;
    std::string ascii(result.get());
    for (const char c : ascii) {
        if (!is_domain_octet(c))
            return std::nullopt; // UTS #46 also maps to what no host name may hold
    }
    return ascii;
}

// IPv4-address-literal = Snum 3("." Snum), §4.1.3; the canonical spelling.
std::optional<std::string> canonical_ipv4(std::string_view text) {
    Cursor in(text);
    std::string out;
    for (int i = 0; i < 4; ++i) {
        if (i > 0 && !in.take('.')) return std::nullopt;
        const auto begin = in.offset();
        const auto number = in.take_number(255);
        if (!number || in.offset() - begin > 3) return std::nullopt; // Snum = 1*3DIGIT
        if (i > 0) out += '.';
        out += std::to_string(*number);
    }
    if (!in.at_end()) return std::nullopt;
    return out;
}

// "::" stands for two groups at least, §4.1.3: no more than six may be written beside it. RFC 4291
// is laxer.
bool is_compression_allowed(std::string_view text) {
    if (text.find("::") == std::string_view::npos) return true;
    std::size_t groups = text.find('.') == std::string_view::npos ? 0 : 1; // a dotted tail is two
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != ':' && (i == 0 || text[i - 1] == ':')) ++groups;
    }
    return groups <= 6;
}

// IPv6-addr without its tag, §4.1.3.
std::optional<std::string> canonical_ipv6(std::string_view text) {
    constexpr std::size_t kLongest = 45; // six groups and a dotted tail
    if (text.size() > kLongest || !is_compression_allowed(text)) return std::nullopt;
    std::string input(text);
    if (text.find('.') != std::string_view::npos) {
        const auto tail = text.rfind(':') + 1; // 0 without a colon, which inet_pton then refuses
        const auto dotted = canonical_ipv4(text.substr(tail));
        if (!dotted) return std::nullopt;
        input.replace(tail, std::string::npos, *dotted);
    }
    in6_addr address{};
    if (::inet_pton(AF_INET6, input.c_str(), &address) != 1) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> out{};
    ::inet_ntop(AF_INET6, &address, out.data(), out.size());
    return std::string(out.data());
}

} // namespace

Result<Domain, SyntaxError> parse_domain(Cursor& in, Utf8 utf8) {
    const auto begin = in;
    const auto text = in.take_while([utf8](char c) {
        return is_domain_octet(c) || (utf8 == Utf8::allowed && ascii::is_8bit(c));
    });
    if (text.empty()) return begin.expected("domain");
    const bool is_ascii = std::ranges::none_of(text, ascii::is_8bit);
    const auto ascii = is_ascii ? std::optional(std::string(text.substr(0, kMaxDomainLength + 1)))
                                : to_a_labels(text);
    if (!ascii || !is_domain(*ascii)) return begin.expected("valid domain name");
    return Domain(ascii::to_lower(*ascii));
}

Result<Domain, SyntaxError> parse_address_literal(Cursor& in) {
    if (!in.take('[')) return in.expected("[");
    const auto begin = in;
    const bool is_ipv6 = in.take_icase("IPv6:");
    const auto text =
        in.take_while([](char c) { return ascii::is_alnum(c) || c == '.' || c == ':'; });
    const auto address = is_ipv6 ? canonical_ipv6(text) : canonical_ipv4(text);
    if (!address) return begin.expected("IPv4 address, or IPv6: and an address");
    if (!in.take(']')) return in.expected("]");
    return Domain((is_ipv6 ? "[IPv6:" : "[") + *address + "]");
}

Result<Domain, SyntaxError> Domain::parse(std::string_view text, Utf8 utf8) {
    Cursor in(text);
    auto domain = in.next_is('[') ? parse_address_literal(in) : parse_domain(in, utf8);
    if (domain && !in.at_end()) return in.expected("end of domain");
    return domain;
}

// Only what leads back to the same A-labels: others decode to controls, or to what is no U-label at
// all.
std::string Domain::unicode() const {
    if (is_literal() || ascii_.find("xn--") == std::string::npos) return ascii_;
    char* raw = nullptr;
    const int status = ::idn2_to_unicode_8z8z(ascii_.c_str(), &raw, 0);
    const LibraryString result(raw);
    const bool is_same = status == IDN2_OK && result && to_a_labels(result.get()) == ascii_;
    return is_same ? std::string(result.get()) : ascii_;
}

} // namespace maild::mail
