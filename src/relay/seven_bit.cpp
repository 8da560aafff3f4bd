#include "relay/seven_bit.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/mail/downgrade.hpp"

#include <algorithm>
#include <utility>

namespace maild::relay {
namespace {

constexpr std::size_t kLine = 76;         // characters of an encoded line, RFC 2045 §6.7, §6.8
constexpr std::size_t kOctetsInLine = 57; // of base64

bool has_8bit_octet(std::string_view text) { return std::ranges::any_of(text, ascii::is_8bit); }

// The same fields but for the encoding, which becomes `encoding`; a message's root needs
// MIME-Version then (RFC 2045 §4).
std::string labelled(std::string_view header, std::string_view encoding, bool is_root) {
    const auto section = mail::parse_header(header);
    std::string out;
    std::size_t copied = 0;
    for (const auto& field : section.fields) {
        if (!field.is("Content-Transfer-Encoding")) continue;
        out += header.substr(copied, field.begin - copied);
        copied = field.end;
    }
    out += header.substr(copied, section.fields_end - copied);
    if (is_root && section.find("MIME-Version") == nullptr) out += "MIME-Version: 1.0\r\n";
    ((out += "Content-Transfer-Encoding: ") += encoding) += "\r\n";
    out += header.substr(section.fields_end);
    return out;
}

} // namespace

void EightBitScan::on_header(std::string_view header, const Entity& entity) {
    has_8bit_ = has_8bit_ || has_8bit_octet(header);
    bodies_.resize(entity.number + 1);
}

void EightBitScan::on_text(std::string_view text, std::string_view, const Entity& entity) {
    if (!has_8bit_octet(text)) return;
    has_8bit_ = true;
    if (!entity.is_leaf)
        obstacle_ = "octets above 127 stand between the parts of the message";
    else if (!entity.is_identity)
        obstacle_ = "octets above 127 stand in a part of the message that is encoded already";
    else
        bodies_[entity.number] = true;
}

void EightBitScan::on_boundary(std::string_view line) {
    if (!has_8bit_octet(line)) return;
    has_8bit_ = true;
    obstacle_ = "a boundary of the message has octets above 127";
}

bool SevenBitConverter::must_encode(const Entity& entity) const {
    return entity.is_leaf && entity.number < bodies_.size() && bodies_[entity.number];
}

void SevenBitConverter::on_header(std::string_view header, const Entity& entity) {
    coding_ = Coding::none;
    column_ = 0;
    std::string ascii_header;
    if (has_8bit_octet(header)) {
        ascii_header = mail::downgrade_header(header);
        header = ascii_header;
    }
    if (must_encode(entity)) {
        coding_ = entity.is_text ? Coding::quoted_printable : Coding::base64;
        out_ += labelled(header, entity.is_text ? "quoted-printable" : "base64", entity.is_root);
    } else if (changes_bodies_ && entity.is_labelled) {
        out_ += labelled(header, "7bit", entity.is_root); // 8bit and binary nobody may say there
    } else {
        out_ += header;
    }
}

void SevenBitConverter::on_text(std::string_view text, std::string_view line_end, const Entity&) {
    if (coding_ == Coding::none) {
        (out_ += text) += line_end;
        return;
    }
    if (std::exchange(owes_line_end_, !line_end.empty())) {
        if (coding_ == Coding::base64)
            put_base64("\r\n");
        else
            out_ += "\r\n", column_ = 0;
    }
    if (coding_ == Coding::base64)
        put_base64(text);
    else
        put_quoted_printable(text, !line_end.empty());
}

// RFC 2045 §6.7: no line longer than 76 characters, no white space at its end.
void SevenBitConverter::put_quoted_printable(std::string_view text, bool ends_line) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto octet = static_cast<unsigned char>(text[i]);
        const bool is_last = ends_line && i + 1 == text.size();
        const bool is_plain =
            (octet > ' ' && octet < 0x7f && octet != '=') || (ascii::is_space(text[i]) && !is_last);
        if (column_ + (is_plain ? 1 : 3) > kLine - 1) {
            out_ += "=\r\n";
            column_ = 0;
        }
        if (is_plain)
            out_ += text[i];
        else
            out_ += {'=', kDigits[octet >> 4U], kDigits[octet & 15U]};
        column_ += is_plain ? 1 : 3;
    }
}

void SevenBitConverter::put_base64(std::string_view octets) {
    group_ += octets;
    std::size_t taken = 0;
    for (; group_.size() - taken >= kOctetsInLine; taken += kOctetsInLine)
        (out_ += base64_encode(std::string_view(group_).substr(taken, kOctetsInLine))) += "\r\n";
    group_.erase(0, taken);
}

// Before a boundary the last line end is the boundary's, and base64 wants one there anyway.
void SevenBitConverter::end_body() {
    if (coding_ == Coding::none) return;
    if (!group_.empty()) (out_ += base64_encode(group_)) += "\r\n";
    if (coding_ == Coding::quoted_printable && owes_line_end_) out_ += "\r\n";
    group_.clear();
    owes_line_end_ = false;
    coding_ = Coding::none;
}

void SevenBitConverter::on_boundary(std::string_view line) {
    end_body();
    out_ += line;
}

void SevenBitConverter::on_end() {
    if (coding_ == Coding::base64 && std::exchange(owes_line_end_, false)) put_base64("\r\n");
    end_body();
}

} // namespace maild::relay
