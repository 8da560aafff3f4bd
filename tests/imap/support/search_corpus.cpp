#include "imap/support/search_corpus.hpp"

#include "maild/base/encoding.hpp"

#include <unicode/unistr.h>

#include <array>
#include <string_view>

namespace maild::imap::test {
namespace {

struct Script {
    std::array<std::string_view, 16> words;
    std::string_view space;
    std::array<std::string_view, 3> charsets; // that have them all
};

constexpr std::array<Script, 6> kScripts = {{
    {{"the", "minutes", "of", "Meeting", "about", "invoice", "Tomorrow", "quarterly", "report",
      "please", "find", "attached", "regards", "project", "deadline", "office"},
     " ",
     {"us-ascii", "utf-8", "windows-1252"}},
    {{"die", "Übersicht", "für", "Straße", "Grüße", "Rechnung", "Überweisung", "möglich", "heute",
      "Bestellung", "größer", "Anhang", "Frühling", "wäre", "Königin", "naïve"},
     " ",
     {"iso-8859-1", "utf-8", "windows-1252"}},
    {{"привет", "Москва", "документ", "письмо", "Завтра", "отчёт", "встреча", "проект", "счёт",
      "оплата", "Спасибо", "вложение", "адрес", "время", "работа", "договор"},
     " ",
     {"koi8-r", "utf-8", "windows-1251"}},
    {{"会议", "记录", "附件", "请", "查收", "发票", "明天", "上午", "项目", "合同", "付款", "谢谢",
      "北京", "上海", "办公室", "报告"},
     "",
     {"gb18030", "utf-8", "gb2312"}},
    {{"会議", "の", "議事録", "を", "添付", "します", "カタカナ", "ﾊﾝｶｸ", "東京", "請求書",
      "お世話", "プロジェクト", "よろしく", "明日", "１２３", "報告"},
     "",
     {"iso-2022-jp", "utf-8", "shift_jis"}},
    {{"회의", "기록", "첨부", "파일", "내일", "오전", "보고서", "계약", "감사합니다", "서울",
      "부산", "프로젝트", "청구서", "주소", "시간", "업무"},
     " ",
     {"euc-kr", "utf-8", "utf-16"}},
}};

std::string in_charset(const std::string& utf8, std::string_view charset) {
    const auto text = icu::UnicodeString::fromUTF8(utf8);
    const std::string name(charset == "gb2312" ? "gb18030" : charset);
    std::string out(utf8.size() * 4 + 16, '\0');
    const auto size = text.extract(0, text.length(), out.data(),
                                   static_cast<std::uint32_t>(out.size()), name.c_str());
    out.resize(static_cast<std::size_t>(size));
    return out;
}

std::string in_lines(const std::string& base64) {
    std::string out;
    for (std::size_t at = 0; at < base64.size(); at += 76) out += base64.substr(at, 76) + "\r\n";
    return out;
}

std::string quoted_printable(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    std::size_t column = 0;
    for (const char c : bytes) {
        const auto octet = static_cast<unsigned char>(c);
        if (column > 70) {
            out += "=\r\n";
            column = 0;
        }
        if (octet > 32 && octet < 127 && c != '=') {
            out += c;
            ++column;
        } else {
            out += {'=', kDigits[octet / 16], kDigits[octet % 16]};
            column += 3;
        }
    }
    return out + "\r\n";
}

} // namespace

std::string SearchCorpus::words(std::size_t count) {
    const auto& script = kScripts[below(kScripts.size())];
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text.append(script.words[below(script.words.size())]).append(script.space);
        if (below(12) == 0) text += std::to_string(random_()) + ". ";
        if (below(15) == 0) text += "\r\n";
    }
    return text;
}

std::string SearchCorpus::text_part(std::size_t count) {
    const auto& script = kScripts[below(kScripts.size())];
    const auto charset = script.charsets[below(script.charsets.size())];
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text.append(script.words[below(script.words.size())]).append(script.space);
        if (below(10) == 0) text += "\r\n";
        if (below(30) == 0) text += std::to_string(random_()) + " ";
    }
    const auto bytes = in_charset(text, charset);
    std::string out = std::string("Content-Type: text/") + (below(4) == 0 ? "html" : "plain") +
                      "; charset=" + std::string(charset) + "\r\n";
    const auto encoding = charset == "utf-16" ? 2 : below(3);
    if (encoding == 0) return out + "Content-Transfer-Encoding: 8bit\r\n\r\n" + bytes + "\r\n";
    if (encoding == 1)
        return out + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" +
               quoted_printable(bytes);
    return out + "Content-Transfer-Encoding: base64\r\n\r\n" + in_lines(base64_encode(bytes));
}

std::string SearchCorpus::header() {
    const auto& script = kScripts[below(kScripts.size())];
    const auto charset = script.charsets[below(2)];
    std::string subject;
    for (int i = 0; i < 4; ++i)
        subject.append(script.words[below(script.words.size())]).append(" ");
    std::string out = "From: sender" + std::to_string(below(50)) + "@example.org\r\n";
    out += "Message-ID: <" + std::to_string(random_()) + "." + std::to_string(random_()) +
           "@mx.example.org>\r\n";
    out += "Subject: =?" + std::string(charset) + "?B?" +
           base64_encode(in_charset(subject, charset)) + "?=\r\n";
    if (below(2) == 0) out += "X-Comment: " + words(3) + "\r\n folded " + words(2) + "\r\n";
    return out;
}

std::string SearchCorpus::body(int depth) {
    const auto kind = depth > 2 ? 0 : below(6);
    if (kind < 3) return text_part(5 + below(kind == 0 ? 600 : 60));
    if (kind == 3) return "Content-Type: message/rfc822\r\n\r\n" + header() + body(depth + 1);
    const auto boundary = "b" + std::to_string(random_());
    std::string out =
        "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\npreamble\r\n";
    for (auto parts = 1 + below(3); parts > 0; --parts)
        out += "--" + boundary + "\r\nContent-Description: " + words(1) + "\r\n" + body(depth + 1) +
               "\r\n";
    std::string octets;
    for (int i = 0; i < 300; ++i) octets += static_cast<char>(random_());
    out += "--" + boundary +
           "\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           in_lines(base64_encode(octets));
    return out + "--" + boundary + "--\r\n";
}

std::string SearchCorpus::message() { return header() + body(0); }

} // namespace maild::imap::test
