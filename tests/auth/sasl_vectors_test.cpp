// Vectors of the RFCs, from the public collection beside the source tree.
#include "support/source_dir.hpp"

#include "maild/auth/password.hpp"
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

TEST(SaslVectors, ScramSha256Keys) {
    const auto json = vectors();
    if (json.empty()) GTEST_SKIP() << "conformance/sasl-vectors is not here";
    const std::string rfc7677 = "SCRAM-SHA-256 (RFC 7677";
    const auto salt = base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==");
    const auto keys = make_scram_keys(value_of(json, rfc7677, "password"), *salt, 4096);
    const auto stored = value_of(json, rfc7677, "stored_key");
    const auto server = value_of(json, rfc7677, "server_key");
    EXPECT_EQ(base64_encode(keys.stored_key), stored);
    EXPECT_EQ(base64_encode(keys.server_key), server);
    EXPECT_EQ(format_scram_keys(keys),
              "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$" + stored + ":" + server);
}

} // namespace
} // namespace maild::auth
