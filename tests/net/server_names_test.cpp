// Which certificate a client gets for the name that it asks for (SNI, RFC 6066 §3).
#include "tls_meeting.hpp"

#include "maild/net/server_names.hpp"

#include <gtest/gtest.h>

namespace maild::net {
namespace {

CertificateAndKey made_for(const std::vector<std::string>& names) {
    return make_self_signed(names, 1, SystemClock().now()).value();
}

// Signs with whichever key is asked for, as `auth` does.
class ManySigners final : public KeySigner {
public:
    std::uint32_t add(const CertificateAndKey& pair) {
        signers_.push_back(LocalSigner::create(pair.key).value());
        return static_cast<std::uint32_t>(signers_.size() - 1);
    }
    Result<std::string> sign(std::uint32_t certificate, SignatureKind kind,
                             std::string_view input) override {
        return signers_.at(certificate)->sign(certificate, kind, input);
    }

private:
    std::vector<std::unique_ptr<LocalSigner>> signers_;
};

struct NamedHost {
    ManySigners signer;
    std::vector<NamedCertificate> certificates;
    Meeting meeting;

    void add(const CertificateAndKey& pair, std::vector<std::string> names) {
        certificates.push_back({pair.certificate, signer.add(pair), std::move(names)});
    }
    void serve(const CertificateAndKey& own) {
        TlsSettings settings;
        settings.certificate_chain = own.certificate;
        settings.certificate = signer.add(own);
        meeting.context = TlsContext::create(settings, signer).value();
        use_names(*meeting.context, ServerNames::create(certificates, signer).value());
    }
    // The certificate that who asks for `name` sees, and that it was told that its name counts.
    std::string seen(const std::string& name, TlsClientOptions options = {}) {
        std::string out;
        options.server_name = name;
        const auto state = meeting.meet<Result<TlsState>>(
            [this](Stream& stream) { return meeting.shake(stream); },
            [&](UniqueFd fd) {
                TlsClient client(std::move(fd), options);
                const auto error = client.handshake();
                out = error.empty() ? client.server_certificate() : error;
            });
        EXPECT_TRUE(state || !out.empty());
        return out;
    }
};

TEST(ServerNames, EachNameHasItsCertificate) {
    NamedHost host;
    host.add(made_for({"a.example"}), {"mail.a.example", "imap.a.example"});
    host.add(made_for({"*.b.example"}), {"*.b.example"});
    host.add(made_for({"c.b.example"}), {"c.b.example", "mail.a.example"});
    host.serve(made_for({"mx.example"}));
    const struct {
        const char* name;
        const char* want;
    } cases[] = {
        {"", "mx.example"},
        {"mail.a.example", "a.example"}, // the first that has it
        {"MAIL.a.Example", "a.example"},
        {"imap.a.example", "a.example"},
        {"a.example", "mx.example"},
        {"x.b.example", "*.b.example"},
        {"b.example", "mx.example"},
        {"x.y.b.example", "mx.example"}, // "*" is one label
        {"c.b.example", "c.b.example"},  // as it stands goes before "*"
        {".b.example", "mx.example"},
        {"*.b.example", "mx.example"},
        {"mail.a.example.", "mx.example"},
        {"unknown.example", "mx.example"},
        {"192.0.2.1", "mx.example"},
    };
    for (const auto& c : cases) EXPECT_EQ(host.seen(c.name), c.want) << c.name;
}

// A context that offered both would let the client's algorithms choose the wrong name.
TEST(ServerNames, OneNameHasOneKindOfKey) {
    NamedHost host;
    host.add(rsa(), {"rsa.example"});
    host.serve(made_for({"mx.example"}));
    EXPECT_EQ(host.seen("rsa.example"), "mail.example");
    EXPECT_EQ(host.seen("other.example"), "mx.example");
    TlsClientOptions old;
    old.max_version = TLS1_2_VERSION;
    EXPECT_EQ(host.seen("rsa.example", old), "mail.example");
    TlsClientOptions ecdsa_alone;
    ecdsa_alone.signature_algorithms = "ECDSA+SHA256";
    EXPECT_NE(host.seen("rsa.example", ecdsa_alone), "mx.example") << "no handshake at all";
}

TEST(ServerNames, BindsToTheCertificateThatWasShown) { // RFC 5929 §4
    NamedHost host;
    host.add(made_for({"a.example"}), {"a.example"});
    host.serve(made_for({"mx.example"}));
    TlsClientOptions options;
    std::vector<std::string> bindings;
    for (const auto* name : {"a.example", "b.example", "a.example"}) {
        options.server_name = name;
        bindings.push_back(host.meeting.handshake(options)->binding.end_point);
    }
    EXPECT_NE(bindings[0], bindings[1]);
    EXPECT_EQ(bindings[0], bindings[2]);
}

TEST(ServerNames, SaysWhatIsWrongWithACertificate) {
    ManySigners signer;
    const auto made = ServerNames::create({{"no PEM", 0, {"a.example"}}}, signer);
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().internal.contains("no PEM certificate")) << made.error().internal;
}

TEST(ServerNames, CoversNames) {
    const struct {
        const char* certified;
        const char* name;
        bool want;
    } cases[] = {
        {"a.example", "a.example", true},      {"a.example", "b.example", false},
        {"*.a.example", "b.a.example", true},  {"*.a.example", "a.example", false},
        {"*.a.example", "*.a.example", true},  {"*.a.example", "c.b.a.example", false},
        {"b.a.example", "*.a.example", false}, {"*.a.example", ".a.example", false},
        {"*.a.example", "*.b.example", false},
    };
    for (const auto& c : cases)
        EXPECT_EQ(covers_name(c.certified, c.name), c.want) << c.certified << ' ' << c.name;
}

TEST(ServerNames, ReadsTheExtension) {
    using namespace std::string_literals;
    const struct {
        std::string extension;
        const char* want;
    } cases[] = {
        {"\0\x0c\0\0\x09"s + "a.example", "a.example"},
        {"\0\x0c\0\0\x09"s + "A.Example", "a.example"},
        {"", ""},
        {"\0"s, ""},
        {"\0\0"s, ""},
        {"\0\x01\0"s, ""},
        {"\0\x0c\0\0\x0a"s + "a.example", ""},                   // name longer than the list
        {"\0\x0c\0\0\x08"s + "a.example", ""},                   // octets behind the name
        {"\0\x0b\0\0\x09"s + "a.example", ""},                   // octets behind the list
        {"\0\x0c\1\0\x09"s + "a.example", ""},                   // no host name
        {"\0\x18\0\0\x09"s + "a.example\0\0\x09b.example"s, ""}, // two of one type
        {"\0\x0c\0\0\x09"s + "a\0example"s, ""},
    };
    for (const auto& c : cases) EXPECT_EQ(parse_server_name(c.extension), c.want);
}

} // namespace
} // namespace maild::net
