// Vectors of the RFCs, from the public collection beside the source tree.
#include "support/source_dir.hpp"

#include "maild/auth/sasl.hpp"
#include "maild/base/encoding.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace maild::auth {
namespace {

// The string behind `key` in the object named `object`: enough JSON for this one flat file.
std::string value_of(const std::string& json, const std::string& object, const std::string& key) {
    const auto start = json.find('"' + object);
    const auto at = json.find('"' + key + "\": \"", start);
    if (start == std::string::npos || at == std::string::npos) return "missing " + key;
    const auto begin = at + key.size() + 5;
    return json.substr(begin, json.find('"', begin) - begin);
}

std::string vectors() {
    std::ifstream in(maild::test::source_dir() / "../shared/conformance/sasl-vectors/vectors.json");
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

TEST(SaslVectors, Plain) {
    const auto json = vectors();
    if (json.empty()) GTEST_SKIP() << "conformance/sasl-vectors is not here";
    const auto message = base64_decode(value_of(json, "PLAIN (RFC 4616", "message_base64"));
    ASSERT_TRUE(message.has_value());
    const auto parsed = parse_plain(*message);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->authzid, value_of(json, "PLAIN (RFC 4616", "authzid"));
    EXPECT_EQ(parsed->authcid, value_of(json, "PLAIN (RFC 4616", "authcid"));
    EXPECT_EQ(parsed->password, value_of(json, "PLAIN (RFC 4616", "password"));
}

struct ScramVector {
    const char* name;
    ScramHash hash;
    const char* salt;
    const char* mechanism;
};
constexpr ScramVector kScram[] = {
    {"SCRAM-SHA-1 (RFC 5802", ScramHash::sha1, "QSXCR+Q6sek8bf92", "SCRAM-SHA-1"},
    {"SCRAM-SHA-256 (RFC 7677", ScramHash::sha256, "W22ZaJ0SNY7soEsUEjb6gQ==", "SCRAM-SHA-256"},
};

TEST(SaslVectors, ScramKeys) {
    const auto json = vectors();
    if (json.empty()) GTEST_SKIP() << "conformance/sasl-vectors is not here";
    for (const auto& v : kScram) {
        const auto keys = make_scram_keys(v.hash, value_of(json, v.name, "password"),
                                          base64_decode(v.salt).value());
        const auto stored = value_of(json, v.name, "stored_key");
        const auto server = value_of(json, v.name, "server_key");
        EXPECT_EQ(base64_encode(keys.stored_key), stored) << v.name;
        EXPECT_EQ(base64_encode(keys.server_key), server) << v.name;
        const auto text = format_scram_keys(keys);
        EXPECT_EQ(text, std::string(v.mechanism) + "$4096:" + v.salt + "$" + stored + ":" + server);
        EXPECT_EQ(format_scram_keys(parse_scram_keys(text).value()), text);
    }
}

// The conversations of RFC 5802 §5 and RFC 7677 §3, the server's side.
TEST(SaslVectors, ScramConversations) {
    const auto json = vectors();
    if (json.empty()) GTEST_SKIP() << "conformance/sasl-vectors is not here";
    for (const auto& v : kScram) {
        const auto keys = make_scram_keys(v.hash, value_of(json, v.name, "password"),
                                          base64_decode(v.salt).value());
        const auto challenge = value_of(json, v.name, "server_first");
        const auto first = parse_scram_first(value_of(json, v.name, "client_first"));
        const auto final = parse_scram_final(value_of(json, v.name, "client_final"));
        ASSERT_TRUE(first && final) << v.name;
        EXPECT_EQ(first->authcid, value_of(json, v.name, "username"));
        EXPECT_EQ(format_scram_challenge(final->nonce, keys), challenge);
        EXPECT_EQ(check_scram_binding(*first, *final, {}), nullptr);
        EXPECT_EQ(verify_scram(keys, *first, challenge, *final),
                  value_of(json, v.name, "server_final"));
    }
}

} // namespace
} // namespace maild::auth
