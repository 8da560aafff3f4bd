#include "maild/oauth/introspection.hpp"

#include <gtest/gtest.h>

namespace maild::oauth {
namespace {

const std::vector<std::string> kNames = {"email", "username", "sub"};

std::string joined(const std::vector<std::string>& all) {
    std::string out;
    for (const auto& one : all) out += (out.empty() ? "" : "|") + one;
    return out;
}

// The claims in one line, or "refused".
std::string read(std::string_view json, const std::vector<std::string>& names = kNames) {
    const auto claims = parse_answer(json, names);
    if (!claims) {
        EXPECT_EQ(claims.error().code, Errc::protocol_error);
        return "refused";
    }
    if (!claims->active) return "inactive";
    auto out = claims->name + (claims->is_unverified ? " unverified" : "") +
               (claims->is_free ? " free" : "");
    if (claims->expires) out += " exp=" + std::to_string(*claims->expires);
    if (claims->not_before) out += " nbf=" + std::to_string(*claims->not_before);
    if (!claims->issuer.empty()) out += " iss=" + claims->issuer;
    if (!claims->audiences.empty()) out += " aud=" + joined(claims->audiences);
    if (!claims->scopes.empty()) out += " scope=" + joined(claims->scopes);
    return out;
}

TEST(ParseAnswer, ReadsEachClaim) {
    const struct {
        const char* json;
        const char* want;
    } cases[] = {
        // RFC 7662 §2.2
        {R"({"active": true, "client_id": "l238j323ds-23ij4", "username": "jdoe",
             "scope": "read write dolphin", "sub": "Z5O3upPC88QrAjx00dis",
             "aud": "https://protected.example.net/resource",
             "iss": "https://server.example.com/", "exp": 1419356238, "iat": 1419350238,
             "extension_field": "twenty-seven"})",
         "jdoe free exp=1419356238 iss=https://server.example.com/ "
         "aud=https://protected.example.net/resource scope=read|write|dolphin"},
        {R"({"active": false})", "inactive"},
        {R"({"active":false,"exp":"nonsense","email":7})", "inactive"},
        {R"({"active":true})", ""},
        {R"({"active":true,"email":"a@b","username":"c","sub":"d"})", "a@b"},
        {R"({"active":true,"sub":"d"})", "d free"},
        {R"({"active":true,"username":"a@b","sub":"d"})", "a@b free"},
        {R"({"active":true,"email":"","username":"c"})", ""},
        {R"({"active":true,"email":null,"username":"c"})", "c free"},
        {R"({"active":true,"email":"a@b","email_verified":true})", "a@b"},
        {R"({"active":true,"email":"a@b","email_verified":"true"})", "a@b"},
        {R"({"active":true,"email":"a@b","email_verified":false})", "a@b unverified"},
        {R"({"active":true,"email":"a@b","email_verified":"false"})", "a@b unverified"},
        {R"({"active":true,"email":"a@b","email_verified":null})", "a@b unverified"},
        {R"({"active":true,"username":"c","email_verified":false})", "c free"},
        {R"({"active":true,"aud":[],"scope":""})", ""},
        {R"({"active":true,"aud":["a","b"],"scope":" mail  imap "})", " aud=a|b scope=mail|imap"},
        {R"({"active":true,"exp":1.5e9,"nbf":1400000000.75})", " exp=1500000000 nbf=1400000000"},
        {R"({"active":true,"exp":-1})", " exp=-1"},
        {R"({"active":"true"})", "refused"},
        {R"({"active":1})", "refused"},
        {R"({"active":null})", "refused"},
        {R"({})", "refused"},
        {R"([])", "refused"},
        {R"("active")", "refused"},
        {R"()", "refused"},
        {R"({"active":true)", "refused"},
        {R"({"active":true} x)", "refused"},
        {R"({"active":true,"exp":"1500000000"})", "refused"},
        {R"({"active":true,"exp":true})", "refused"},
        {R"({"active":true,"exp":1e300})", "refused"},
        {R"({"active":true,"nbf":-1e300})", "refused"},
        {R"({"active":true,"iss":7})", "refused"},
        {R"({"active":true,"aud":7})", "refused"},
        {R"({"active":true,"aud":["a",7]})", "refused"},
        {R"({"active":true,"scope":["mail"]})", "refused"},
        {R"({"active":true,"email":7})", "refused"},
        {R"({"active":true,"email":["a@b"]})", "refused"},
    };
    for (const auto& c : cases) EXPECT_EQ(read(c.json), c.want) << c.json;
    using namespace std::string_literals;
    EXPECT_EQ(read(R"({"active":true,"sub":"\u0000\n"})"), "\0\n free"s) << "told as it is";
}

TEST(ParseAnswer, TakesOneClaimAloneAsItIs) {
    EXPECT_EQ(read(R"({"active":true,"username":"a@b"})", {"username"}), "a@b");
    EXPECT_EQ(read(R"({"active":true,"email":"a@b"})", {"email"}), "a@b");
    EXPECT_EQ(read(R"({"active":true,"username":"a@b"})", {"email"}), "");
    EXPECT_EQ(read(R"({"active":true,"username":"a","email":"a@b"})", {"username", "email"}),
              "a free");
    EXPECT_EQ(read(R"({"active":true,"email":"a@b"})", {"username", "email"}), "a@b");
}

TEST(ParseAnswer, IsBounded) {
    const std::string longest(kMaxClaim, 'x');
    EXPECT_EQ(read(R"({"active":true,"sub":")" + longest + "\"}"), longest + " free");
    EXPECT_EQ(read(R"({"active":true,"sub":"x)" + longest + "\"}"), "refused");
    EXPECT_EQ(read(R"({"active":true,"aud":"x)" + longest + "\"}"), "refused");
    EXPECT_EQ(read(R"({"active":true,"aud":["x)" + longest + "\"]}"), "refused");
    EXPECT_EQ(read(R"({"active":true,"scope":"x)" + longest + "\"}"), "refused");
    std::string many = "\"a\"";
    std::string scopes = "a";
    for (std::size_t i = 0; i < kMaxClaimValues; ++i) {
        many += ",\"a\"";
        scopes += " a";
    }
    EXPECT_EQ(read(R"({"active":true,"aud":[)" + many + "]}"), "refused");
    EXPECT_EQ(read(R"({"active":true,"scope":")" + scopes + "\"}"), "refused");
    EXPECT_EQ(read(R"({"active":true,"x":)" + std::string(60'000, '[')), "refused");
}

TEST(FormatRequest, ShowsWhoAsks) {
    const auto endpoint = parse_url("https://id.example:8443/oauth/introspect?x=1").value();
    const auto request = [&](ClientAuthentication authentication, const std::string& id) {
        return format_request(endpoint, {authentication, id, "p w:&%"}, "a+b/c==");
    };
    EXPECT_EQ(request(ClientAuthentication::basic, "ma:ild"),
              "POST /oauth/introspect?x=1 HTTP/1.1\r\nHost: id.example:8443\r\n"
              "User-Agent: Maild/" MAILD_VERSION "\r\nAccept: application/json\r\n"
              "Authorization: Basic bWElM0FpbGQ6cCUyMHclM0ElMjYlMjU=\r\n"
              "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\n"
              "token=a%2Bb%2Fc%3D%3D&token_type_hint=access_token");
    const auto post = request(ClientAuthentication::post, "maild");
    EXPECT_FALSE(post.contains("Authorization"));
    EXPECT_TRUE(post.ends_with("&client_id=maild&client_secret=p%20w%3A%26%25")) << post;
    const auto bearer = request(ClientAuthentication::bearer, "");
    EXPECT_TRUE(bearer.contains("\r\nAuthorization: Bearer p w:&%\r\n")) << bearer;
}

} // namespace
} // namespace maild::oauth
