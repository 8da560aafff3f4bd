#include "smtp/conversation.hpp"

#include "maild/smtp/trace.hpp"

#include <gtest/gtest.h>

namespace maild::smtp {
namespace {

mail::Address address(std::string_view text) {
    return *mail::parse_address(text, mail::Utf8::allowed);
}

Envelope envelope_to(std::initializer_list<std::string_view> recipients) {
    Envelope envelope;
    envelope.id = "0S.1";
    for (const auto text : recipients) envelope.recipients.push_back({address(text), nullptr});
    return envelope;
}

const WallTime kNow = from_unix_seconds(1'700'000'000);

TEST(Trace, WritesReceived) { // RFC 5321 §4.4
    auto client = test::client_of(Service::submission);
    client.hello = "client.example";
    client.is_extended = true;
    client.tls = net::TlsState{"TLSv1.3", "TLS_AES_256_GCM_SHA384", ""};
    client.identity.emplace();
    EXPECT_EQ(format_received(client, envelope_to({"ada@example.org"}), "mx.example.org", kNow),
              "Received: from client.example ([192.0.2.7])\r\n"
              "\tby mx.example.org with ESMTPSA (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
              "\tid 0S.1\r\n"
              "\tfor <ada@example.org>;\r\n"
              "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

TEST(Trace, NamesNoRecipientBesideOthers) { // §7.6
    auto client = test::client_of(Service::relay_in);
    client.hello = "[192.0.2.7]";
    client.peer.address = "2001:db8::1";
    const auto got = format_received(client, envelope_to({"ada@example.org", "bob@example.org"}),
                                     "mx.example.org", kNow);
    EXPECT_EQ(got, "Received: from [192.0.2.7] ([IPv6:2001:db8::1])\r\n"
                   "\tby mx.example.org with SMTP\r\n"
                   "\tid 0S.1;\r\n"
                   "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

TEST(Trace, HasNoAddressOfAUnixSocket) {
    auto client = test::client_of(Service::lmtp);
    client.hello = "localhost";
    client.peer.address = "local";
    EXPECT_TRUE(format_received(client, envelope_to({"ada@example.org"}), "mx.example.org", kNow)
                    .starts_with("Received: from localhost\r\n\tby mx.example.org with LMTP\r\n"));
}

TEST(Trace, NamesTheLocalUser) {
    auto client = test::client_of(Service::local);
    client.hello = "host.example.org";
    client.is_extended = true;
    client.peer.address = "local";
    client.local = LocalUser{33, "www-data", "example.org"};
    EXPECT_TRUE(format_received(client, envelope_to({"ada@example.org"}), "mx.example.org", kNow)
                    .starts_with("Received: from host.example.org (local user www-data, uid 33)\r\n"
                                 "\tby mx.example.org with ESMTP\r\n"));
}

TEST(Trace, ChoosesTheProtocolsWord) { // RFC 3848 §1, RFC 6531 §4.3
    auto client = test::client_of(Service::relay_in);
    Envelope envelope;
    EXPECT_EQ(protocol_word(client, envelope), "SMTP");
    client.is_extended = true;
    EXPECT_EQ(protocol_word(client, envelope), "ESMTP");
    client.identity.emplace();
    EXPECT_EQ(protocol_word(client, envelope), "ESMTPA");
    envelope.mail.smtputf8 = true;
    EXPECT_EQ(protocol_word(client, envelope), "UTF8SMTPA");
    client.identity.reset();
    client.tls.emplace();
    EXPECT_EQ(protocol_word(client, envelope), "UTF8SMTPS");
}

} // namespace
} // namespace maild::smtp
