// What --check and the start say of this host: users, directories, certificates.
#include "daemon/config_file.hpp"
#include "support/client_authority.hpp"
#include "support/temp_dir.hpp"

#include "maild/base/clock.hpp"
#include "maild/net/certificate.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

const HostDefaults kNamed{.hostname = "mx.example.net", .cores = 3};

class HostCheckTest : public testing::Test {
protected:
    void SetUp() override {
        std::filesystem::create_directory(dir_ / "data");
        std::filesystem::create_directory(dir_ / "run");
        ::chmod((dir_ / "data").c_str(), 0755);
        ::chmod((dir_ / "run").c_str(), 0755);
        ::chmod(dir_.path().c_str(), 0755);
    }
    std::string text(const std::string& more = {}) {
        const std::string users = "[users]\ncontrol = \"mail\"\nworker = \"nobody\"\nauth = "
                                  "\"daemon\"\nstore = \"bin\"\nsender = \"news\"\n";
        return "hostname = \"a.example\"\n[paths]\ndata = \"" + (dir_ / "data") + "\"\nrun = \"" +
               (dir_ / "run") + "\"\n" + users + more;
    }
    std::string faults(const std::string& config) {
        std::ofstream(dir_ / "maild.toml") << config;
        const auto got = load_config(dir_ / "maild.toml");
        return got ? "" : format_faults("m.toml", got.error());
    }

    test::TempDir dir_;
};

TEST_F(HostCheckTest, GoodHost) { EXPECT_EQ(faults(text()), ""); }

TEST_F(HostCheckTest, MissingFile) {
    const auto got = load_config(dir_ / "absent.toml");
    ASSERT_FALSE(got);
    EXPECT_NE(format_faults("m.toml", got.error()).find("cannot be read"), std::string::npos);
}

TEST_F(HostCheckTest, MissingUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root changes users";
    auto config = text();
    config.replace(config.find("\"mail\""), 6, "\"maild-nobody-here\"");
    const auto got = faults(config);
    EXPECT_TRUE(got.starts_with("m.toml:6:11: users.control")) << got;
    EXPECT_NE(got.find("useradd"), got.npos) << got;
}

TEST_F(HostCheckTest, UserThatIsRootOrHasTwoRoles) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root changes users";
    auto config = text();
    config.replace(config.find("\"mail\""), 6, "\"root\"");
    config.replace(config.find("\"bin\""), 5, "\"daemon\"");
    const auto got = faults(config);
    EXPECT_NE(got.find("users.control: is root, who is root"), got.npos) << got;
    EXPECT_NE(got.find("users.store: is daemon, who has another role"), got.npos) << got;
}

TEST_F(HostCheckTest, DirectoryAboveTheDataThatRolesCannotPass) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root changes users";
    ::chmod(dir_.path().c_str(), 0700);
    EXPECT_NE(faults(text()).find("chmod o+x " + dir_.path()), std::string::npos);
}

TEST_F(HostCheckTest, DataDirectoryThatOthersCanWrite) {
    ::chmod((dir_ / "data").c_str(), 0757);
    const auto got = faults(text());
    EXPECT_TRUE(got.starts_with("m.toml:3:8: paths.data")) << got;
    EXPECT_NE(got.find("chmod go-w"), got.npos) << got;
}

TEST_F(HostCheckTest, DataDirectoryThatIsASymbolicLink) {
    std::filesystem::remove(dir_ / "data");
    std::filesystem::create_symlink("/tmp", dir_ / "data");
    EXPECT_NE(faults(text()).find("is no directory"), std::string::npos);
}

TEST_F(HostCheckTest, DataDirectoryIsCreatedLaterButNotItsParent) {
    std::filesystem::remove(dir_ / "data");
    EXPECT_EQ(faults(text()), "");
    std::filesystem::remove(dir_ / "run");
    auto config = text();
    config.replace(config.find("/run\""), 5, "/no/run\"");
    EXPECT_NE(faults(config).find("mkdir -p"), std::string::npos);
}

TEST_F(HostCheckTest, UnreadableCertificateAndOpenKey) {
    std::ofstream(dir_ / "key.pem") << "x";
    ::chmod((dir_ / "key.pem").c_str(), 0644);
    const auto got = faults(text("[tls]\ncertificate = \"" + (dir_ / "no.pem") + "\"\nkey = \"" +
                                 (dir_ / "key.pem") + "\"\n"));
    EXPECT_NE(got.find("tls.certificate: "), got.npos) << got;
    EXPECT_NE(got.find("chmod o="), got.npos) << got;
}

TEST_F(HostCheckTest, ClientAuthoritiesThatAreNone) {
    const auto check = [&](const std::string& pem) {
        std::ofstream(dir_ / "clients.pem") << pem;
        return faults(text("[tls]\nclient_ca = \"" + (dir_ / "clients.pem") + "\"\n"));
    };
    test::ClientAuthority authority;
    EXPECT_EQ(check(authority.pem() + authority.crl({})).find("client_ca"), std::string::npos);
    EXPECT_NE(check(authority.issue().pem).find("tls.client_ca: "), std::string::npos);
    EXPECT_NE(check("none").find("clients.pem: client authorities: no certificate"),
              std::string::npos);
    const auto missing = faults(text("[tls]\nclient_ca = \"" + (dir_ / "no.pem") + "\"\n"));
    EXPECT_NE(missing.find("tls.client_ca: "), missing.npos) << missing;
}

TEST_F(HostCheckTest, CertificateThatIsNotValidNow) {
    using std::chrono::days;
    const auto check = [&](const net::CertificateAndKey& pair) {
        std::ofstream(dir_ / "certificate.pem") << pair.certificate;
        std::ofstream(dir_ / "key.pem") << pair.key;
        ::chmod((dir_ / "key.pem").c_str(), 0600);
        return faults(text("[tls]\ncertificate = \"" + (dir_ / "certificate.pem") + "\"\nkey = \"" +
                           (dir_ / "key.pem") + "\"\n"));
    };
    const auto made = [](days begin) {
        return net::make_self_signed({"a.example"}, 5, SystemClock().now() + begin).value();
    };
    EXPECT_EQ(check(made(days(0))), "");
    const auto expired = check(made(days(-20)));
    EXPECT_NE(expired.find("certificate.pem: expired on "), expired.npos) << expired;
    EXPECT_NE(expired.find("renew it"), expired.npos) << expired;
    const auto early = check(made(days(20)));
    EXPECT_NE(early.find("certificate.pem: not valid before "), early.npos) << early;
    const auto none = check({"no certificate", "no key"});
    EXPECT_NE(none.find("tls.certificate: "), none.npos) << none;
    EXPECT_NE(none.find("in PEM"), none.npos) << none;
    const auto foreign = check({made(days(0)).certificate, made(days(0)).key});
    EXPECT_NE(foreign.find("tls.key: "), foreign.npos) << foreign;
    EXPECT_NE(foreign.find("does not belong to the certificate"), foreign.npos) << foreign;
}

TEST_F(HostCheckTest, CertificatesForNames) {
    const auto pair =
        net::make_self_signed({"*.example.net", "mail.example.org"}, 5, SystemClock().now())
            .value();
    std::ofstream(dir_ / "certificate.pem") << pair.certificate;
    std::ofstream(dir_ / "key.pem") << pair.key;
    ::chmod((dir_ / "key.pem").c_str(), 0600);
    const auto check = [&](const std::string& certificate, const std::string& names) {
        return faults(text("[[tls.certificates]]\ncertificate = \"" + (dir_ / certificate) +
                           "\"\nkey = \"" + (dir_ / "key.pem") + "\"\n" + names));
    };
    EXPECT_EQ(check("certificate.pem", ""), "");
    EXPECT_EQ(check("certificate.pem", "names = [\"a.example.net\", \"*.Example.net\"]\n"), "");
    for (const auto* name : {"example.net", "a.b.example.net", "*.example.org", "example.org"}) {
        const auto got = check("certificate.pem", "names = [\"" + std::string(name) + "\"]\n");
        EXPECT_NE(got.find("tls.certificates[0].names: " + std::string(name)), got.npos) << got;
    }
    const auto missing = check("no.pem", "");
    EXPECT_NE(missing.find("tls.certificates[0].certificate: "), missing.npos) << missing;
}

TEST_F(HostCheckTest, IssuerOfTokens) {
    const auto secret = dir_ / "secret";
    std::ofstream(secret) << "s3cret\n";
    ::chmod(secret.c_str(), 0600);
    const auto check = [&](const std::string& more) {
        return faults(
            text("[oauth]\nintrospection = \"https://id.example/i\"\nclient_id = \"m\"\n" +
                 ("client_secret_file = \"" + secret) + "\"\n" + more));
    };
    const auto ca = [&](const std::string& pem) {
        std::ofstream(dir_ / "ca.pem") << pem;
        return check("ca = \"" + (dir_ / "ca.pem") + "\"\n");
    };
    EXPECT_EQ(ca(test::ClientAuthority().pem()), "");
    EXPECT_NE(ca("none").find("oauth.ca: "), std::string::npos);
    EXPECT_NE(check("ca = \"" + (dir_ / "no.pem") + "\"\n").find("oauth.ca: "), std::string::npos);
    ::chmod(secret.c_str(), 0644);
    EXPECT_NE(ca(test::ClientAuthority().pem()).find("secret can be read or written by everyone"),
              std::string::npos);
    ::unlink(secret.c_str());
    EXPECT_NE(ca(test::ClientAuthority().pem()).find("oauth.client_secret_file: "),
              std::string::npos);
}

} // namespace
} // namespace maild::daemon
