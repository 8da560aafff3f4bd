#include "bench/parts/part.hpp"

namespace maild::bench {
namespace {

constexpr std::string_view kHeader =
    "Received: from mx.example.net (mx.example.net [192.0.2.7]) by mail.example.org with\r\n"
    " ESMTPS id 4bXq7; Tue, 14 Nov 2023 22:13:20 +0000\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=2023;\r\n"
    " h=from:to:subject:date:message-id; bh=uTI6gT1xjbOEfcwlbUmuBOgbUIWbkEiAYGYnqo5mW5E=;\r\n"
    " b=TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz\r\n"
    "Date: Tue, 14 Nov 2023 22:13:19 +0000\r\n"
    "From: Ada Lovelace <ada@example.net>\r\n"
    "To: Bob Example <bob@example.org>, \"Carol, of the office\" <carol@example.org>\r\n"
    "Cc: list@lists.example.com\r\n"
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= and the minutes of Tuesday's meeting\r\n"
    "Message-ID: <20231114221319.4711@mx.example.net>\r\n"
    "In-Reply-To: <20231113090000.4242@mail.example.org>\r\n"
    "References: <20231112080000.1@mail.example.org> <20231113090000.4242@mail.example.org>\r\n"
    "MIME-Version: 1.0\r\n";
constexpr std::string_view kText =
    "The quick brown fox jumps over the lazy dog, and does it again and again.\r\n";
constexpr std::string_view kBase64 =
    "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz\r\n";

} // namespace

std::string filled(std::string_view text, std::size_t size) {
    std::string out;
    out.reserve(size + text.size());
    while (out.size() < size) out += text;
    return out;
}

std::string plain_message(std::size_t size) {
    return std::string(kHeader) + "Content-Type: text/plain; charset=utf-8\r\n\r\n" +
           filled(kText, size);
}

std::string message_with_attachment(std::size_t size) {
    return std::string(kHeader) +
           "Content-Type: multipart/mixed; boundary=\"=_part\"\r\n\r\n--=_part\r\n"
           "Content-Type: text/plain\r\n\r\nHere it is.\r\n--=_part\r\n"
           "Content-Type: image/png; name=\"plan.png\"\r\nContent-Transfer-Encoding: base64\r\n"
           "Content-Disposition: attachment; filename=\"plan.png\"\r\n\r\n" +
           filled(kBase64, size) + "--=_part--\r\n";
}

std::vector<Part> all_parts() {
    std::vector<Part> all;
    for (const auto& of_module :
         {smtp_parts, imap_parts, imap_search_parts, mail_parts, ipc_parts, policy_parts}) {
        auto parts = of_module();
        for (auto& part : parts) all.push_back(std::move(part));
    }
    return all;
}

} // namespace maild::bench
