#include "maild/policy/authres.hpp"

#include "policy/authres_syntax.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::policy {
namespace {

struct KnownMethod {
    std::string_view method;
    std::string_view results; // each between spaces
    bool folds_case;          // RFC 4408 wrote "Pass"
};
// RFC 8601 §2.7, RFC 7489 §11.2, RFC 8617 §10.
constexpr std::string_view kSignatureResults =
    " none pass fail policy neutral temperror permerror ";
constexpr std::string_view kSenderResults =
    " none pass fail softfail policy neutral temperror permerror ";
constexpr std::string_view kPlainResults = " none pass fail temperror permerror ";
constexpr KnownMethod kMethods[] = {{"dkim", kSignatureResults, false},
                                    {"domainkeys", kSignatureResults, false},
                                    {"spf", kSenderResults, true},
                                    {"sender-id", kSenderResults, true},
                                    {"iprev", " pass fail temperror permerror ", false},
                                    {"auth", kPlainResults, false},
                                    {"dmarc", kPlainResults, false},
                                    {"arc", " none pass fail ", false}};

const KnownMethod* known_method(std::string_view method) {
    const auto* known = std::ranges::find(kMethods, method, &KnownMethod::method);
    return known == std::end(kMethods) ? nullptr : known;
}

// Of methods that are not known everything is.
bool is_result_of(const KnownMethod* method, const std::string& result) {
    return method == nullptr || method->results.contains(" " + result + " ");
}

using Fault = std::unexpected<SyntaxError>;

class Parser {
public:
    Parser(std::string_view body, mail::Utf8 utf8) : in_(body), utf8_(utf8) {}
    Result<AuthenticationResults, SyntaxError> parse();

private:
    Result<void, SyntaxError> space();
    Result<void, SyntaxError> version(unsigned& out);
    Result<MethodResult, SyntaxError> resinfo();
    Result<void, SyntaxError> methodspec(MethodResult& out);
    Result<void, SyntaxError> method_result(MethodResult& out);
    // reasonspec or propspec.
    Result<void, SyntaxError> item(MethodResult& out);
    Result<void, SyntaxError> propspec(MethodResult& out, std::string_view type);
    bool take_none();
    bool take_sign(char sign);

    Cursor in_;
    mail::Utf8 utf8_;
};

Result<void, SyntaxError> Parser::space() {
    if (!skip_cfws(in_)) return in_.expected("end of a comment");
    return {};
}

// [CFWS] sign [CFWS]
bool Parser::take_sign(char sign) { return skip_cfws(in_) && in_.take(sign) && skip_cfws(in_); }

Result<void, SyntaxError> Parser::version(unsigned& out) {
    const auto number = in_.take_number(kMaxVersion);
    if (!number || ascii::is_digit(in_.peek())) return in_.expected("version");
    out = static_cast<unsigned>(*number);
    return space();
}

// no-result = [CFWS] ";" [CFWS] "none"
bool Parser::take_none() {
    auto probe = *this;
    if (!probe.take_sign(';') || !ascii::equals_icase(take_keyword(probe.in_), "none"))
        return false;
    if (!skip_cfws(probe.in_) || !probe.in_.at_end()) return false;
    *this = probe;
    return true;
}

// authres-payload = [CFWS] authserv-id [ CFWS authres-version ] ( no-result / 1*resinfo ) [CFWS]
Result<AuthenticationResults, SyntaxError> Parser::parse() {
    AuthenticationResults out;
    if (const auto spaced = space(); !spaced) return Fault(spaced.error());
    auto id = take_value(in_, utf8_);
    if (!id) return in_.expected("authserv-id");
    out.authserv_id = std::move(*id);
    if (const auto spaced = space(); !spaced) return Fault(spaced.error());
    if (ascii::is_digit(in_.peek())) {
        if (const auto good = version(out.version); !good) return Fault(good.error());
    }
    if (take_none()) return out;
    do {
        if (out.results.size() == kMaxMethodResults) return in_.expected("at most 100 results");
        auto result = resinfo();
        if (!result) return Fault(result.error());
        out.results.push_back(std::move(*result));
    } while (!in_.at_end());
    return out;
}

// resinfo = [CFWS] ";" methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]
Result<MethodResult, SyntaxError> Parser::resinfo() {
    MethodResult out;
    if (!in_.take(';')) return in_.expected("\";\"");
    if (const auto good = methodspec(out); !good) return Fault(good.error());
    while (true) {
        const auto before = in_.offset();
        if (const auto spaced = space(); !spaced) return Fault(spaced.error());
        if (in_.at_end() || in_.next_is(';')) return out;
        if (in_.offset() == before) return in_.expected("white space");
        if (const auto good = item(out); !good) return Fault(good.error());
    }
}

// methodspec = [CFWS] method [CFWS] "=" [CFWS] result
Result<void, SyntaxError> Parser::methodspec(MethodResult& out) {
    if (const auto spaced = space(); !spaced) return spaced;
    const auto method = take_keyword(in_);
    if (method.empty()) return in_.expected("method");
    out.method = ascii::to_lower(method);
    if (const auto spaced = space(); !spaced) return spaced;
    if (take_sign('/')) {
        if (const auto good = version(out.version); !good) return good;
    }
    if (!take_sign('=')) return in_.expected("\"=\"");
    return method_result(out);
}

Result<void, SyntaxError> Parser::method_result(MethodResult& out) {
    const auto result = take_keyword(in_);
    if (result.empty()) return in_.expected("result");
    const auto* known = known_method(out.method);
    const bool keeps_case = known != nullptr && !known->folds_case;
    out.result = keeps_case ? std::string(result) : ascii::to_lower(result);
    if (!is_result_of(known, out.result)) return in_.expected("a result of this method");
    return {};
}

// reasonspec = "reason" [CFWS] "=" [CFWS] value: once, before the properties.
Result<void, SyntaxError> Parser::item(MethodResult& out) {
    const auto name = take_keyword(in_);
    if (name.empty()) return in_.expected("property type");
    auto probe = *this;
    const bool is_reason = ascii::equals_icase(name, "reason") && probe.take_sign('=');
    if (!is_reason) return propspec(out, name);
    in_ = probe.in_;
    auto reason = take_value(in_, utf8_);
    if (!reason || !out.reason.empty() || !out.properties.empty())
        return in_.expected("one reason");
    out.reason = std::move(*reason);
    return {};
}

// propspec = ptype [CFWS] "." [CFWS] property [CFWS] "=" pvalue
Result<void, SyntaxError> Parser::propspec(MethodResult& out, std::string_view type) {
    if (out.properties.size() == kMaxProperties) return in_.expected("at most 100 properties");
    if (!take_sign('.')) return in_.expected("\".\"");
    const auto name = take_keyword(in_);
    if (name.empty()) return in_.expected("property");
    if (!take_sign('=')) return in_.expected("\"=\"");
    auto value = take_pvalue(in_, utf8_);
    if (!value) return in_.expected("value");
    out.properties.push_back({ascii::to_lower(type), ascii::to_lower(name), std::move(*value)});
    return {};
}

} // namespace

bool is_writable(const MethodResult& result) {
    if (!is_name(result.method) || !is_name(result.result) || result.version > kMaxVersion)
        return false;
    const auto* known = known_method(ascii::to_lower(result.method));
    const bool folds_case = known != nullptr && known->folds_case;
    return is_result_of(known, folds_case ? ascii::to_lower(result.result) : result.result);
}

Result<AuthenticationResults, SyntaxError> parse_authentication_results(std::string_view body,
                                                                        mail::Utf8 utf8) {
    return Parser(body, utf8).parse();
}

} // namespace maild::policy
