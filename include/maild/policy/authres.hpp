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

// The whole field with folds and CRLF. What needs quotes gets them; control octets are left out.
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
