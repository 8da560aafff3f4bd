#include "bench/parts/part.hpp"
#include "policy/dkim_canonical.hpp"

#include "maild/mail/header.hpp"

#include <memory>

namespace maild::bench {
namespace {

using policy::dkim::Canonicalization;

Part body(std::string name, Canonicalization kind, std::string_view line) {
    auto text = filled(line, std::size_t{64} << 10);
    const auto size = text.size();
    return {"policy/dkim_body_" + std::move(name), size, [text = std::move(text), kind] {
                std::size_t octets = 0;
                policy::dkim::CanonicalBody canonical(
                    kind, [&](std::string_view piece) { octets += piece.size(); });
                canonical.take(text);
                canonical.finish();
                keep(octets);
            }};
}

// Every field of a header section.
Part fields(std::string name, Canonicalization kind) {
    const auto content = std::make_shared<const std::string>(plain_message(0));
    const auto section = mail::parse_header(*content);
    return {
        "policy/dkim_header_" + std::move(name), section.fields_end, [content, section, kind] {
            for (const auto& field : section.fields)
                keep(policy::dkim::canonical_field(
                    kind, std::string_view(*content).substr(field.begin, field.end - field.begin)));
        }};
}

} // namespace

std::vector<Part> policy_parts() {
    constexpr std::string_view kText =
        "The quick brown fox jumps over the lazy dog, and does it again and again.\r\n";
    constexpr std::string_view kBase64 =
        "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz\r\n";
    std::vector<Part> parts;
    parts.push_back(body("simple_64k", Canonicalization::simple, kText));
    parts.push_back(body("relaxed_64k", Canonicalization::relaxed, kText));
    parts.push_back(body("relaxed_base64_64k", Canonicalization::relaxed, kBase64));
    parts.push_back(body("relaxed_spaces_64k", Canonicalization::relaxed, "  a  \t b  \r\n \r\n"));
    parts.push_back(fields("simple", Canonicalization::simple));
    parts.push_back(fields("relaxed", Canonicalization::relaxed));
    return parts;
}

} // namespace maild::bench
