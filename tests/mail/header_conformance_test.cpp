// Structured and unstructured header fields against the expectations of mime-stalwart. A line of a
// table below names a case that is left out, and why; everything else is compared.
#include "support/conformance.hpp"
#include "support/json.hpp"

#include "maild/mail/address_list.hpp"
#include "maild/mail/date.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"
#include "maild/mail/text.hpp"

#include <gtest/gtest.h>

namespace maild::mail {
namespace {

using test::Json;
using test::Score;

constexpr std::string_view kSuite = "mime-stalwart";

// Their inputs are the rest of a message from behind a field's colon.
std::string body_of(const std::string& header) {
    const auto content = "X:" + header;
    const auto section = parse_header(content);
    return section.fields.empty() ? "" : std::string(section.fields.front().body);
}

struct LeftOut {
    std::string_view header; // how it begins; with a line end behind it, the whole of it
    std::string_view reason;
};

template <std::size_t n> bool is_left_out(const LeftOut (&table)[n], std::string_view header) {
    return std::ranges::any_of(table, [header](const LeftOut& entry) {
        return entry.header.ends_with('\n') ? header == entry.header
                                            : header.starts_with(entry.header);
    });
}

template <std::size_t n, class Compare>
void run(const char* file, const LeftOut (&left_out)[n], Compare compare) {
    Score score(std::string(kSuite) + " " + file);
    const auto path = test::conformance_suite(kSuite) / "headers" / file;
    const auto cases = test::JsonReader::read(test::read_whole(path));
    for (const auto& c : cases.array()) {
        const auto& header = c["header"].text();
        if (is_left_out(left_out, header)) continue;
        const auto difference = compare(body_of(header), c["expected"]);
        score.add(difference.empty(), header + "\n" + difference);
    }
}

std::string differing(const std::string& got, const std::string& want) {
    return got == want ? "" : "got  " + got + "\nwant " + want;
}

std::string show_mailbox(const std::string& name, const std::string& address) {
    return name + "<" + address + ">";
}

std::string show_expected(const Json& expected) {
    std::string out;
    const auto show_list = [&out](const Json& list) {
        for (const auto& a : list.array())
            out += show_mailbox(a.text_of("name"), a.text_of("address")) + " ";
    };
    if (const auto* list = expected.find("List")) show_list(*list);
    if (const auto* groups = expected.find("Group")) {
        for (const auto& group : groups->array()) {
            if (!group["name"].is_null())
                out += group["name"].text() + ": "; // they put the others in one without
            show_list(group["addresses"]);
        }
    }
    return out;
}

std::string show_ours(const AddressList& list) {
    std::string out;
    const auto show_one = [&out](const NamedAddress& a) {
        const auto address = a.domain.empty() ? a.localpart : a.localpart + "@" + a.domain;
        out += show_mailbox(decoded_header_text(a.name), address) + " ";
    };
    for (const auto& item : list) {
        if (const auto* mailbox = std::get_if<NamedAddress>(&item)) {
            show_one(*mailbox);
            continue;
        }
        const auto& group = std::get<AddressGroup>(item);
        out += decoded_header_text(group.name) + ": ";
        for (const auto& member : group.members) show_one(member);
    }
    return out;
}

TEST(HeaderConformance, Addresses) {
    MAILD_NEEDS_SUITE(kSuite);
    constexpr LeftOut left_out[] = {
        {"Pete(A nice", "they keep comments as part of the name, RFC 5322 §3.2.2 drops them"},
        {"A Group(Some people)", "likewise"},
        {"John Doe <jdoe@machine(comment)", "likewise"},
        {"(Use this command", "likewise"},
        {"Mary Smith <@node.test:", "they leave the route in the address and spaces in the domain"},
        {"\"  James Smythe\"", "they keep white space at a name's ends"},
        {"<a@b.com> =?utf-8?q?Doe?=", "they take words behind an address as its name"},
    };
    run("address.json", left_out, [](const std::string& body, const Json& expected) {
        return differing(show_ours(parse_address_list(body)), show_expected(expected));
    });
}

TEST(HeaderConformance, ContentTypes) {
    MAILD_NEEDS_SUITE(kSuite);
    constexpr LeftOut left_out[] = {
        {"malicious/attempt", "no RFC says what such parameters mean"},
        {"image/jpeg;\n   name=\"=?iso-8859-1?B?4Q==?= =?utf-8",
         "they keep white space between encoded-words"},
        {"inva/lid; name=\"   \n", "white space that nothing closes is the line's end here"},
        {"test/encoded", "likewise; they keep NUL and join unnumbered parts"},
    };
    run("content_type.json", left_out,
        [](const std::string& body, const Json& expected) -> std::string {
            const auto field = parse_parameterized(body);
            const auto slash = field.value.find('/');
            if (expected.is_null())
                return ""; // they refuse; a Part then has the default type, see mime_test
            const auto subtype = slash == std::string::npos ? "" : field.value.substr(slash + 1);
            auto got = field.value.substr(0, slash) + "/" + subtype;
            auto want = expected["c_type"].text() + "/" + expected.text_of("c_subtype");
            for (const auto& [name, value] : decode_parameters(field.parameters)) {
                if (!value.empty()) got += ";" + name + "=" + value;
            }
            const auto* attributes = expected.find("attributes");
            if (attributes != nullptr && !attributes->is_null()) {
                for (const auto& attribute : attributes->array()) {
                    const auto& name = attribute.array()[0].text();
                    if (!name.ends_with("-language"))
                        want += ";" + name + "=" + attribute.array()[1].text();
                }
            }
            return differing(got, want);
        });
}

std::string show_date(const Json& expected) {
    if (expected.is_null()) return "none";
    using namespace std::chrono;
    const auto number = [&](const char* name) { return static_cast<int>(expected[name].number()); };
    const auto offset = hours(number("tz_hour")) + minutes(number("tz_minute"));
    const auto zone = expected["tz_before_gmt"].boolean() ? -offset : offset;
    const auto day = year(number("year")) / number("month") / number("day");
    const auto time = sys_days(day) + hours(number("hour")) + minutes(number("minute")) +
                      seconds(number("second"));
    return format_date_time(time - zone, zone);
}

TEST(HeaderConformance, Dates) {
    MAILD_NEEDS_SUITE(kSuite);
    constexpr LeftOut left_out[] = {
        {"20 11 (some", "a month as a number is in no grammar"},
        {" 4 8 15 16 23 42", "likewise"},
        {"by 2002:aa7", "a whole Received field"},
    };
    run("date.json", left_out, [](const std::string& body, const Json& expected) {
        const auto date = parse_date_time(body);
        return differing(date ? format_date_time(date->time, date->zone) : "none",
                         show_date(expected));
    });
}

TEST(HeaderConformance, MessageIds) {
    MAILD_NEEDS_SUITE(kSuite);
    constexpr LeftOut left_out[] = {
        {"<1234   @   local(blah)", "they keep white space and comments inside of the brackets"},
    };
    run("id.json", left_out, [](const std::string& body, const Json& expected) {
        std::string got;
        for (const auto& id : parse_message_ids(body)) got += id + " ";
        std::string want;
        if (!expected.is_null()) {
            for (const auto& id : expected.array()) want += id.text() + " ";
        }
        return differing(got, want);
    });
}

// They show a fold as one space; unfolding keeps what stands there (RFC 5322 §2.2.3), so runs of it
// are compared as one.
std::string single_spaced(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool is_space = c == ' ' || c == '\t';
        if (!is_space || !out.ends_with(' ')) out += is_space ? ' ' : c;
    }
    return out;
}

TEST(HeaderConformance, UnstructuredText) {
    MAILD_NEEDS_SUITE(kSuite);
    constexpr LeftOut left_out[] = {
        {"[SUSPECTED SPAM]=?utf-8?B?", "they add a space before a word that has none"},
    };
    run("unstructured.json", left_out, [](const std::string& body, const Json& expected) {
        return differing(single_spaced(decoded_header_text(body)), single_spaced(expected.text()));
    });
}

} // namespace
} // namespace maild::mail
