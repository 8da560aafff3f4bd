// DMARC against public suites.
#include "support/conformance.hpp"
#include "support/json.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/mail/address.hpp"
#include "maild/policy/dmarc.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dmarc {
namespace {

using maild::test::conformance_suite;
using maild::test::Json;
using maild::test::JsonReader;
using maild::test::MemoryResolver;
using maild::test::read_whole;
using maild::test::Score;

void fill(MemoryResolver& dns, const Json& zone) {
    for (const auto& [name, types] : zone.object()) {
        dns.add_name(name);
        const auto* texts = types.find("TXT");
        if (texts == nullptr) continue;
        if (texts->find("error") != nullptr) {
            dns.fail(name);
            continue;
        }
        for (const auto& strings : texts->array()) {
            std::string joined;
            for (const auto& piece : strings.array()) joined += piece.text();
            dns.add_txt(name, joined);
        }
    }
}

std::vector<std::string> domains_of(const Json& list) {
    std::vector<std::string> domains;
    for (const auto& entry : list.array()) {
        const bool is_text = std::holds_alternative<std::string>(entry.value);
        domains.push_back(is_text ? entry.text() : entry["domain"].text());
    }
    return domains;
}

// An address, or a domain alone.
std::string author_of(const Json& from) { return from.text().substr(from.text().find('@') + 1); }

// "headerFrom array with multiple elements": two addresses of one domain have no result there. Here
// they have one author domain (RFC 9989 §5.3.1), and who it is was decided before.
bool has_several_authors(const Json& c) {
    const auto& from = c["calls"].array().front()["input"]["headerFrom"];
    return !std::holds_alternative<std::string>(from.value);
}

// What is compared by them: with relaxed alignment the organizational domains.
std::string common_domain(const Verdict& verdict, const Alignment& alignment) {
    const bool is_strict = alignment.mode == AlignmentMode::strict;
    return alignment.domain.empty() || is_strict ? alignment.domain : verdict.organizational_domain;
}

// What they call it. Not compared, because that is in their result object and not in ours: pct
// (historic, RFC 9989 §A.6), underSized (a DKIM result here), the comment with ARC's result.
std::optional<std::string> value_at(const Verdict& verdict, const MemoryResolver& dns,
                                    std::string_view path) {
    if (path == "status.result") return std::string(name_of(verdict.outcome));
    if (path == "policy") return std::string(name_of(verdict.policy));
    if (path == "domain" || path == "status.header.d") return verdict.organizational_domain;
    if (path == "status.header.from") return verdict.author;
    if (path == "rr") return verdict.record;
    if (path == "alignment.spf.result") return common_domain(verdict, verdict.spf);
    if (path == "alignment.dkim.result") return common_domain(verdict, verdict.dkim);
    if (path == "alignment.spf.strict")
        return verdict.spf.mode == AlignmentMode::strict ? "true" : "false";
    if (path == "alignment.dkim.strict")
        return verdict.dkim.mode == AlignmentMode::strict ? "true" : "false";
    if (path == "p" || path == "sp") {
        const auto record = parse_record(verdict.record);
        if (!record) return "";
        if (path == "p") return std::string(name_of(record->policy));
        return std::string(record->subdomain_policy ? name_of(*record->subdomain_policy) : "");
    }
    if (path == "dns TXT queries for _dmarc.*, in order") {
        std::string names;
        for (const auto& question : dns.asked) {
            if (question.name.starts_with("_dmarc.")) names += question.name + " ";
        }
        return names;
    }
    return std::nullopt;
}

std::string text_of(const Json& value) {
    if (const auto* list = std::get_if<Json::Array>(&value.value)) {
        std::string out;
        for (const auto& item : *list) out += item.text() + " ";
        return out;
    }
    return value.text();
}

bool fits(const Json& expectation, const std::string& got) {
    const auto& op = expectation["op"].text();
    if (op == "true" || op == "false") return got == op;
    if (op == "not ok" || op == "undefined") return got.empty();
    const auto want = text_of(expectation["value"]);
    return op == "contain" || op == "include" ? got.contains(want) : got == want;
}

TEST(DmarcConformance, Mailauth) {
    MAILD_NEEDS_SUITE("dmarc-mailauth");
    Score score("dmarc-mailauth");
    const auto cases =
        JsonReader::read(read_whole(conformance_suite("dmarc-mailauth") / "cases.json"));
    for (const auto& c : cases.array()) {
        if (has_several_authors(c)) continue;
        std::vector<std::pair<Verdict, MemoryResolver>> calls;
        for (const auto& call : c["calls"].array()) {
            auto& [verdict, dns] = calls.emplace_back();
            fill(dns, call["zone"]);
            const auto& input = call["input"];
            const auto spf = domains_of(input["spfDomains"]);
            Identifiers identifiers{author_of(input["headerFrom"]),
                                    domains_of(input["dkimDomains"]),
                                    spf.empty() ? "" : spf.front()};
            verdict = maild::test::run_task(evaluate(dns, std::move(identifiers)));
        }
        for (const auto& expectation : c["expect"].array()) {
            const auto& [verdict, dns] = calls[expectation["call"].number()];
            const auto path = expectation.text_of("path");
            if (path.empty() && expectation.text_of("value") == "policy") {
                score.add(verdict.record_domain.empty(), c["id"].text());
            } else if (const auto got = value_at(verdict, dns, path)) {
                score.add(fits(expectation, *got), c["id"].text() + ": " + path + " is " + *got);
            }
        }
    }
}

// A record is good there if it has a policy that can be applied, or at least somebody who wants
// reports. What differs:
// * "sp=reject; p=reject": p= had to come first in RFC 7489; RFC 9989 §4.8 wants that of v= alone.
TEST(DmarcConformance, MoxRecords) {
    MAILD_NEEDS_SUITE("record-parsers-mox");
    Score score("record-parsers-mox DMARC");
    const auto vectors =
        JsonReader::read(read_whole(conformance_suite("record-parsers-mox") / "vectors.json"));
    for (const auto& c : vectors["dmarc_record:TestParse"].array()) {
        const auto& input = c["input"].text();
        const bool is_other_order =
            input.find("p=reject; p=") != input.npos && input.contains("sp=");
        const auto record = parse_record(input);
        const bool is_good = record && record->is_usable;
        score.add(is_good == (c["ok"].boolean() || is_other_order), input);
    }
}

TEST(DmarcConformance, MoxAuthors) {
    MAILD_NEEDS_SUITE("record-parsers-mox");
    Score score("record-parsers-mox From");
    const auto vectors =
        JsonReader::read(read_whole(conformance_suite("record-parsers-mox") / "vectors.json"));
    for (const auto& c : vectors["author_from:TestFrom"].array()) {
        const auto domain = author_domain(c["headers"].text());
        const auto address = c.text_of("addr");
        // Two addresses of one domain have one author domain, which is all that DMARC asks.
        const bool is_one_domain = c.text_of("error") == "errFromAddresses";
        const auto want = is_one_domain ? "mox.example" : address.substr(address.find('@') + 1);
        score.add(domain.value_or("") == want, c["headers"].text());
    }
}

// The list is the machine's. What differs:
// * upper case and U-labels: compared as A-labels in lower case.
// * names with a dot in front are no names here, as there.
TEST(DmarcConformance, PublicSuffixes) {
    MAILD_NEEDS_SUITE("psl");
    Score score("psl");
    auto text = read_whole(conformance_suite("psl") / "tests.txt");
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.erase(0, std::min(line.size() + 1, text.size()));
        const auto space = line.find(' ');
        if (line.starts_with("//") || space == line.npos) continue;
        const auto want = line.substr(space + 1);
        const auto input = line.substr(0, space);
        const auto got = registrable_domain(input == "null" ? "" : input);
        const auto wanted = mail::Domain::parse(want);
        const bool is_right = want == "null" ? !got : got && wanted && *got == wanted->ascii();
        score.add(is_right, line + ": " + got.value_or("null"));
    }
}

} // namespace
} // namespace maild::policy::dmarc
