#pragma once
// The field Authentication-Results (RFC 8601): written, read strictly by its grammar, and taken out
// of mail that comes in with our own name in it. Pure, total over all bytes, linear.

#include "maild/base/cursor.hpp"
#include "maild/base/error.hpp"
#include "maild/mail/address.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy {

inline constexpr std::size_t kMaxMethodResults = 100; // of one field
inline constexpr std::size_t kMaxProperties = 100;    // of one result
inline constexpr unsigned kMaxVersion = 999'999;
// Octets that are written of one value, which may be an address (RFC 5321 §4.5.3.1); of a reason or
// comment; and of a name.
inline constexpr std::size_t kMaxValue = 320;
inline constexpr std::size_t kMaxRemark = 200;
inline constexpr std::size_t kMaxName = 64;

// propspec: "smtp.mailfrom=example.org" is {"smtp", "mailfrom", "example.org"}.
struct AuthenticationProperty {
    std::string type;
    std::string name;
    std::string value; // decoded
    friend bool operator==(const AuthenticationProperty&, const AuthenticationProperty&) = default;
};

// resinfo. Names are keywords: ASCII letters, digits, hyphens; the parser makes them lower case.
struct MethodResult {
    std::string method;
    unsigned version = 1;
    std::string result;
    std::string reason{};  // decoded
    std::string comment{}; // written behind the result; comments that are read are left out
    std::vector<AuthenticationProperty> properties{};
    friend bool operator==(const MethodResult&, const MethodResult&) = default;
};

struct AuthenticationResults {
    std::string authserv_id; // decoded
    unsigned version = 1;
    std::vector<MethodResult> results{}; // empty: "none"
    friend bool operator==(const AuthenticationResults&, const AuthenticationResults&) = default;
};

// A field's body. With Utf8::allowed the domains and local parts that stand without quotes may have
// octets above 0x7f (RFC 8601 §2.2, §2.3); quoted strings may in any case where it is allowed.
// Results of methods that RFC 8601 knows must be those it lists (§2.7).
Result<AuthenticationResults, SyntaxError>
parse_authentication_results(std::string_view body, mail::Utf8 utf8 = mail::Utf8::allowed);

// Whether the parser would read it: names are keywords, the result is one of its method's.
bool is_writable(const MethodResult& result);

// The whole field with folds and CRLF. Whatever stands in `results`, it is one field that the
// parser reads, with that authserv-id; lines have 78 octets at most where there is a place to fold,
// and never more than 998 (RFC 5322 §2.1.1). Values end at their limits, control characters and
// what is no UTF-8 are "?". Results that are not writable are left out, and so is what goes beyond
// kMaxMethodResults or 60,000 octets.
std::string format_authentication_results(const AuthenticationResults& results);

// One result as it stands there, on one line.
std::string format_method_result(const MethodResult& result);

// Octets of a content: a field with its last line end.
struct FieldRange {
    std::size_t begin = 0;
    std::size_t end = 0;
    friend bool operator==(const FieldRange&, const FieldRange&) = default;
};

// The fields that say they are ours, which nobody but us may add (§5): those with our authserv-id,
// in whatever case or spelling, and those whose authserv-id cannot be read, because somebody else
// may read ours there. In their order; the header section is searched to its end.
std::vector<FieldRange> forged_results(std::string_view content, std::string_view authserv_id);

} // namespace maild::policy
