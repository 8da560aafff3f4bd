#include "bench/parts/part.hpp"

#include "maild/mail/address_list.hpp"
#include "maild/mail/date.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"
#include "maild/mail/part_index.hpp"
#include "maild/mail/text.hpp"

namespace maild::bench {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

Part on_text(std::string name, std::string text, void (*work)(std::string_view)) {
    const auto size = text.size();
    return {"mail/" + std::move(name), size, [text = std::move(text), work] { work(text); }};
}

void parse(std::string_view content) { keep(mail::parse_message(content)); }
void fold(std::string_view text) { keep(mail::collation_key(text)); }

void add_writers(std::vector<Part>& parts) {
    constexpr WallTime kTime{std::chrono::seconds(1'700'000'000)};
    parts.push_back({"mail/format_date_time", mail::format_date_time(kTime).size(),
                     [] { keep(mail::format_date_time(kTime)); }});
    parts.push_back(
        on_text("decode_part_index",
                mail::encode_parts(mail::parse_message(message_with_attachment(4096)).root),
                [](std::string_view bytes) { keep(mail::decode_parts(bytes)); }));
}

} // namespace

std::vector<Part> mail_parts() {
    std::vector<Part> parts;
    parts.push_back(on_text("parse_header", plain_message(0),
                            [](std::string_view text) { keep(mail::parse_header(text)); }));
    parts.push_back(on_text("parse_addresses",
                            "Ada <ada@example.org>, \"Carol, of the office\" <carol@example.org>, "
                            "team: a@example.net, b@example.net;",
                            [](std::string_view text) { keep(mail::parse_address_list(text)); }));
    parts.push_back(on_text("decode_header_text",
                            "=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?b?w7zDn2U=?= x",
                            [](std::string_view text) { keep(mail::decoded_header_text(text)); }));
    parts.push_back(on_text("parse_plain_1m", plain_message(kMiB), parse));
    parts.push_back(on_text("parse_attachment_1m", message_with_attachment(kMiB), parse));
    parts.push_back(on_text("parse_many_parts_1m",
                            "Content-Type: multipart/mixed; boundary=x\r\n\r\n" +
                                filled("--x\r\n\r\na\r\n", kMiB),
                            parse));
    parts.push_back(on_text(
        "decode_base64_1m",
        filled("TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0\r\n",
               kMiB),
        [](std::string_view text) {
            keep(mail::decode_transfer(text, mail::TransferEncoding::base64));
        }));
    parts.push_back(
        on_text("decode_quoted_printable_1m",
                filled("Gr=C3=BC=C3=9Fe an alle, und noch etwas Text, so lang =\r\n", kMiB),
                [](std::string_view text) {
                    keep(mail::decode_transfer(text, mail::TransferEncoding::quoted_printable));
                }));
    parts.push_back(
        on_text("fold_ascii_1m", filled("The quick brown fox jumps over the dog\r\n", kMiB), fold));
    parts.push_back(
        on_text("fold_unicode_64k", filled("Grüße, ПРИВЕТ und 日本\r\n", kMiB / 16), fold));
    add_writers(parts);
    return parts;
}

} // namespace maild::bench
