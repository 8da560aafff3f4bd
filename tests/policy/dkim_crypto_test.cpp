// Keys as key records have them.
#include "policy/dkim_crypto.hpp"
#include "policy/dkim_key.hpp"
#include "policy/dkim_keys.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dkim {
namespace {

using policy::test::rsa_key;

std::string octets_of(const policy::test::TestKey& key) {
    return parse_key_record(key.record).value().key;
}

std::string element(char kind, const std::string& contents) {
    std::string out(1, kind);
    if (contents.size() > 255) {
        out += '\x82';
        out += static_cast<char>(contents.size() >> 8);
    } else if (contents.size() > 127) {
        out += '\x81';
    }
    out += static_cast<char>(contents.size() & 255);
    return out + contents;
}

const std::string kOid("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
const std::string kNull("\x05\x00", 2);

std::string info_of(const std::string& algorithm, const std::string& key) {
    return element('\x30',
                   element('\x30', algorithm) + element('\x03', std::string(1, '\0') + key));
}

TEST(DkimCrypto, ReadsRsaKeys) {
    const auto info = octets_of(rsa_key());
    const auto plain = info.substr(info.size() - 140); // RSAPublicKey of 1024 bits
    ASSERT_EQ(info_of(kOid + kNull, plain), info);
    for (const auto& good : {info, plain, info_of(kOid, plain)}) {
        const auto key = public_key(KeyKind::rsa, good);
        ASSERT_TRUE(key);
        EXPECT_EQ(bits_of(**key), 1024U);
        EXPECT_EQ(kind_of(**key), KeyKind::rsa);
    }
    auto other_oid = kOid;
    other_oid.back() = '\x0a'; // RSASSA-PSS
    auto open_ended = info;
    open_ended[1] = '\x80';
    const auto without_exponent = element('\x30', plain.substr(3, 132));
    for (const auto& bad :
         {std::string(), info + "x", plain + "x", info.substr(0, info.size() - 1),
          info_of(other_oid + kNull, plain), info_of(kOid + kNull, plain + "x"),
          info_of(kOid + kNull, info), info_of("", plain), open_ended, without_exponent,
          std::string("\x30\x00", 2), std::string("\x30\x84\xff\xff\xff\xff", 6),
          octets_of(policy::test::ed25519_key())})
        EXPECT_FALSE(public_key(KeyKind::rsa, bad));
    for (std::size_t size = 0; size < info.size(); ++size)
        EXPECT_FALSE(public_key(KeyKind::rsa, info.substr(0, size))) << size;
}

TEST(DkimCrypto, ReadsEd25519Keys) {
    const auto octets = octets_of(policy::test::ed25519_key());
    EXPECT_TRUE(public_key(KeyKind::ed25519, octets));
    EXPECT_FALSE(public_key(KeyKind::ed25519, octets + "x"));
    EXPECT_FALSE(public_key(KeyKind::ed25519, octets.substr(1)));
    EXPECT_FALSE(public_key(KeyKind::ed25519, octets_of(rsa_key())));
}

} // namespace
} // namespace maild::policy::dkim
