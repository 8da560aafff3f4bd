#include "maild/smtp/trace.hpp"

#include "maild/mail/date.hpp"

namespace maild::smtp {
namespace {

// The one address without a domain is <postmaster>.
std::string format_path(const mail::Address& address) {
    return address.domain.empty() ? address.localpart : address.format();
}

// TCP-info = address-literal, RFC 5321 §4.4. None for a Unix socket.
void append_tcp_info(std::string& out, const net::Peer& peer) {
    const bool is_v6 = peer.address.contains(':');
    if (!is_v6 && !peer.address.contains('.')) return;
    out += is_v6 ? " ([IPv6:" : " ([";
    out += peer.address;
    out += "])";
}

struct Words {
    std::string_view plain, tls, login, tls_login;
};
constexpr Words kEsmtp = {"ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"};
constexpr Words kLmtp = {"LMTP", "LMTPS", "LMTPA", "LMTPSA"};
constexpr Words kUtf8Smtp = {"UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"};
constexpr Words kUtf8Lmtp = {"UTF8LMTP", "UTF8LMTPS", "UTF8LMTPA", "UTF8LMTPSA"};

// A comment (RFC 5322 §3.2.2) for what the kernel says.
void append_local_user(std::string& out, const LocalUser& user) {
    out += " (local user " + user.name + ", uid " + std::to_string(user.uid) + ')';
}

} // namespace

std::string_view protocol_word(const Client& client, const Envelope& envelope) {
    const bool is_lmtp = client.service == Service::lmtp;
    if (!client.is_extended && !is_lmtp) return "SMTP";
    const auto& ascii = is_lmtp ? kLmtp : kEsmtp;
    const auto& utf8 = is_lmtp ? kUtf8Lmtp : kUtf8Smtp;
    const auto& words = envelope.mail.smtputf8 ? utf8 : ascii;
    if (client.tls) return client.identity ? words.tls_login : words.tls;
    return client.identity ? words.login : words.plain;
}

std::string format_received(const Client& client, const Envelope& envelope,
                            std::string_view hostname, WallTime now) {
    std::string out = "Received: from ";
    out += client.hello;
    append_tcp_info(out, client.peer);
    if (client.local) append_local_user(out, *client.local);
    out += "\r\n\tby ";
    out += hostname;
    out += " with ";
    out += protocol_word(client, envelope);
    if (client.tls) {
        out += " (";
        out += client.tls->version;
        out += ' ';
        out += client.tls->cipher;
        out += ')';
    }
    out += "\r\n\tid ";
    out += envelope.id;
    if (envelope.recipients.size() == 1) {
        out += "\r\n\tfor <";
        out += format_path(envelope.recipients.front().forward_path);
        out += '>';
    }
    out += ";\r\n\t";
    out += mail::format_date_time(now);
    out += "\r\n";
    return out;
}

} // namespace maild::smtp
