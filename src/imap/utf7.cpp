// Modified UTF-7, RFC 3501 §5.1.3.
#include "imap/mailbox_name.hpp"

#include <array>
#include <cstdint>

namespace maild::imap {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

constexpr std::array<std::int8_t, 128> make_digits() {
    std::array<std::int8_t, 128> digits{};
    digits.fill(-1);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
    return digits;
}
constexpr auto kDigits = make_digits();

bool is_direct(std::uint32_t c) { return c >= 0x20 && c <= 0x7e; }

void append_utf8(std::string& out, std::uint32_t c) {
    const auto put = [&](std::uint32_t octet) { out += static_cast<char>(octet); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
        put(0xc0 | c >> 6);
        return put(0x80 | (c & 0x3f));
    }
    if (c < 0x10000) {
        put(0xe0 | c >> 12);
    } else {
        put(0xf0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3f));
    }
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
}

// UTF-16 units of one shift, one after the other, as UTF-8.
class Utf16 {
public:
    explicit Utf16(std::string& out) : out_(out) {}

    bool add(std::uint32_t unit) {
        if (unit >= 0xdc00 && unit <= 0xdfff) {
            if (high_ == 0) return false;
            append_utf8(out_, 0x10000 + ((high_ - 0xd800) << 10) + (unit - 0xdc00));
            high_ = 0;
            return true;
        }
        if (high_ != 0) return false;
        if (unit >= 0xd800 && unit <= 0xdbff) {
            high_ = unit;
            return true;
        }
        // Printable US-ASCII represents itself; NUL and other controls are in no name.
        if (unit < 0x80) return false;
        append_utf8(out_, unit);
        return true;
    }
    bool complete() const { return high_ == 0; }

private:
    std::string& out_;
    std::uint32_t high_ = 0;
};

// What stands between "&" and "-".
bool decode_shift(std::string_view shifted, std::string& out) {
    Utf16 units(out);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : shifted) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet >= 128 || kDigits[octet] < 0) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(kDigits[octet]);
        count += 6;
        if (count < 16) continue;
        count -= 16;
        if (!units.add(bits >> count & 0xffff)) return false;
        bits &= (1U << count) - 1;
    }
    return units.complete() && count < 6 &&
           bits == 0; // at most a digit's worth of padding, all zero
}

// The next code point of valid UTF-8; callers give nothing else.
std::uint32_t take_code_point(std::string_view& utf8) {
    const auto first = static_cast<unsigned char>(utf8.front());
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    std::uint32_t c = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t i = 1; i < length && i < utf8.size(); ++i)
        c = c << 6 | (static_cast<unsigned char>(utf8[i]) & 0x3fU);
    utf8.remove_prefix(std::min(length, utf8.size()));
    return c;
}

class Shift {
public:
    explicit Shift(std::string& out) : out_(out) {}

    void add(std::uint32_t c) {
        if (!open_) out_ += '&';
        open_ = true;
        if (c >= 0x10000) {
            unit(0xd800 + ((c - 0x10000) >> 10));
            unit(0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            unit(c);
        }
    }
    void close() {
        if (!open_) return;
        if (count_ > 0) out_ += kAlphabet[bits_ << (6 - count_) & 0x3f];
        out_ += '-';
        open_ = false;
        bits_ = count_ = 0;
    }

private:
    void unit(std::uint32_t value) {
        bits_ = bits_ << 16 | value;
        count_ += 16;
        while (count_ >= 6) {
            count_ -= 6;
            out_ += kAlphabet[bits_ >> count_ & 0x3f];
        }
        bits_ &= (1U << count_) - 1;
    }

    std::string& out_;
    bool open_ = false;
    std::uint32_t bits_ = 0;
    unsigned count_ = 0;
};

} // namespace

std::optional<std::string> decode_utf7(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool after_shift = false;
    while (!text.empty()) {
        const char c = text.front();
        if (!is_direct(static_cast<unsigned char>(c))) return std::nullopt;
        text.remove_prefix(1);
        if (c != '&') {
            out += c;
            after_shift = false;
            continue;
        }
        const auto end = text.find('-');
        if (end == std::string_view::npos) return std::nullopt;
        if (end == 0)
            out += '&';
        else if (after_shift || !decode_shift(text.substr(0, end), out))
            return std::nullopt;
        after_shift = end != 0; // "-&" directly behind a shift is superfluous
        text.remove_prefix(end + 1);
    }
    return out;
}

std::string encode_utf7(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    Shift shift(out);
    while (!utf8.empty()) {
        const auto c = take_code_point(utf8);
        if (!is_direct(c)) {
            shift.add(c);
            continue;
        }
        shift.close();
        out += static_cast<char>(c);
        if (c == '&') out += '-';
    }
    shift.close();
    return out;
}

} // namespace maild::imap
