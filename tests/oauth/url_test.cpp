#include "maild/oauth/url.hpp"

#include <gtest/gtest.h>

namespace maild::oauth {
namespace {

TEST(ParseUrl, TakesWhatARequestNeeds) {
    const struct {
        const char* text;
        const char* want; // authority, target; nullptr: refused
        bool is_loopback = false;
    } cases[] = {
        {"https://id.example.org/introspect", "id.example.org /introspect"},
        {"HTTPS://ID.Example.ORG/introspect", "id.example.org /introspect"},
        {"https://id.example.org", "id.example.org /"},
        {"https://id.example.org?a=b", "id.example.org /?a=b"},
        {"https://id.example.org:443/x", "id.example.org /x"},
        {"https://id.example.org:8443/x?y=z/%20", "id.example.org:8443 /x?y=z/%20"},
        {"http://id.example.org/", "id.example.org /"},
        {"http://id.example.org:443/", "id.example.org:443 /"},
        {"http://localhost:8080/x", "localhost:8080 /x", true},
        {"http://127.0.0.1/x", "127.0.0.1 /x", true},
        {"http://127.200.0.1/x", "127.200.0.1 /x", true},
        {"http://[::1]:9000/x", "[::1]:9000 /x", true},
        {"https://[2001:DB8::1]/x", "[2001:db8::1] /x"},
        {"http://127.0.0.1.example/x", "127.0.0.1.example /x"},
        {"http://localhost.example/x", "localhost.example /x"},
        {"", nullptr},
        {"id.example.org/x", nullptr},
        {"ftp://id.example.org/x", nullptr},
        {"https:///x", nullptr},
        {"https://user:pw@id.example.org/", nullptr},
        {"https://id.example.org:/x", nullptr},
        {"https://id.example.org:0/x", nullptr},
        {"https://id.example.org:65536/x", nullptr},
        {"https://id.example.org:8x/", nullptr},
        {"https://id.example.org/#part", nullptr},
        {"https://id.example.org/a b", nullptr},
        {"https://id.example.org/a\r\nX: y", nullptr},
        {"https://id.example.org\\@evil/", nullptr},
        {"https://[::1/x", nullptr},
        {"https://[id]/x", nullptr},
        {"https://\xc3\xa4.example/x", nullptr},
    };
    for (const auto& c : cases) {
        const auto url = parse_url(c.text);
        ASSERT_EQ(url.has_value(), c.want != nullptr) << c.text;
        if (!url) continue;
        EXPECT_EQ(url->authority() + " " + url->target, c.want) << c.text;
        EXPECT_EQ(is_loopback(*url), c.is_loopback) << c.text;
        EXPECT_EQ(parse_url(url->text()).value().text(), url->text()) << c.text;
    }
    EXPECT_FALSE(parse_url("https://a.example/" + std::string(1'024, 'x')).has_value());
}

} // namespace
} // namespace maild::oauth
