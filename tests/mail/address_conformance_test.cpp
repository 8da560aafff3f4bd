// Address syntax against public suites.
#include "support/conformance.hpp"
#include "support/json.hpp"

#include "maild/mail/address.hpp"
#include "maild/mail/address_list.hpp"
#include "maild/mail/header.hpp"

#include <gtest/gtest.h>

namespace maild::mail {
namespace {

using test::conformance_suite;
using test::Json;
using test::JsonReader;
using test::read_whole;
using test::Score;

Json read_json(const std::filesystem::path& path) { return JsonReader::read(read_whole(path)); }

// Compared: whether the whole string is an RFC 5321 Mailbox. is_email's categories say it:
// VALID_CATEGORY, DNSWARN (the DNS was asked too, the syntax is good) and RFC5321 (good with a
// remark) are; ERR, RFC5322, DEPREC and CFWS are not: they are faults, or forms that only a header
// field may have. No category is left out; the diagnoses inside a category are not compared, as a
// refused address has no more exact name here.
TEST(AddressConformance, IsEmail) {
    MAILD_NEEDS_SUITE("addr-isemail");
    Score score("addr-isemail");
    const auto cases = read_json(conformance_suite("addr-isemail") / "tests.json");
    for (const auto& c : cases.array()) {
        const auto& category = c["category"].text();
        const bool want = category == "ISEMAIL_VALID_CATEGORY" || category == "ISEMAIL_DNSWARN" ||
                          category == "ISEMAIL_RFC5321";
        const auto got = parse_address(c["address"].text(), Utf8::refused);
        score.add(got.has_value() == want, c["address"].text() + ": " + c["diagnosis"].text());
    }
}

TEST(AddressConformance, MoxLocalparts) {
    MAILD_NEEDS_SUITE("record-parsers-mox");
    Score score("record-parsers-mox localparts");
    const auto vectors = read_json(conformance_suite("record-parsers-mox") / "vectors.json");
    for (const auto& c : vectors["smtp_address:TestParseLocalpart"].array()) {
        const auto got = parse_address(c["input"].text() + "@example.org", Utf8::allowed);
        score.add(got.has_value() == c["ok"].boolean(), c["input"].text());
    }
}

TEST(AddressConformance, MoxAddresses) {
    MAILD_NEEDS_SUITE("record-parsers-mox");
    Score score("record-parsers-mox addresses");
    const auto vectors = read_json(conformance_suite("record-parsers-mox") / "vectors.json");
    for (const auto& c : vectors["smtp_address:TestParseAddress"].array()) {
        const auto got = parse_address(c["input"].text(), Utf8::allowed);
        score.add(got.has_value() == c["ok"].boolean(), c["input"].text());
    }
}

// The one author's address that DMARC needs: exactly one From field with exactly one mailbox in it.
TEST(AddressConformance, MoxFromFields) {
    MAILD_NEEDS_SUITE("record-parsers-mox");
    Score score("record-parsers-mox From");
    const auto vectors = read_json(conformance_suite("record-parsers-mox") / "vectors.json");
    for (const auto& c : vectors["author_from:TestFrom"].array()) {
        const auto header = c["headers"].text();
        std::vector<NamedAddress> authors;
        std::size_t fields = 0;
        const auto section = parse_header(header);
        for (const auto& field : section.fields) {
            if (!field.is("From")) continue;
            ++fields;
            authors = mailboxes_of(parse_address_list(field.body));
        }
        const bool is_one = fields == 1 && authors.size() == 1;
        const auto address = is_one ? authors.front().address() : std::nullopt;
        score.add((address ? address->format() : "") == c.text_of("addr"), header);
    }
}

} // namespace
} // namespace maild::mail
