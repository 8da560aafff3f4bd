#include "control/setup.hpp"

namespace maild::control {
namespace {

struct StandardListener {
    const char* service;
    std::uint16_t port;
    const char* tls;
    const char* use;
    bool is_local = false; // on loopback also system-wide
};

// RFC 5321 §4.5.4.2, RFC 2033, RFC 6409, RFC 8314 §7, RFC 9051 §2.1, RFC 1939 §3
constexpr StandardListener kListeners[] = {
    {"smtp", 25, "starttls", "mail from other hosts"},
    {"lmtp", 24, "none", "mail from local programs", true},
    {"submission", 587, "starttls", "mail from users' programs"},
    {"submission", 465, "implicit", "the same, TLS from the start"},
    {"imap", 143, "starttls", "reading mail"},
    {"imap", 993, "implicit", "the same, TLS from the start"},
    {"pop3", 110, "starttls", "fetching mail"},
    {"pop3", 995, "implicit", "the same, TLS from the start"},
};

std::string listeners(const SetupPlan& plan) {
    std::string out;
    for (const auto& listener : kListeners) {
        const bool on_loopback = !plan.root.empty() || listener.is_local;
        out += "\n[[listener]]   # " + std::string(listener.use) + "\nservice = \"" +
               listener.service + "\"\naddress = \"" + (on_loopback ? "127.0.0.1" : "*") +
               "\"\nport = " + std::to_string(plan.port(listener.port)) + "\ntls = \"" +
               listener.tls + "\"\n";
    }
    const std::string run = plan.root.empty() ? "/run/maild" : plan.root + "/run";
    return out +
           "\n[[listener]]   # mail from programs of this host, by a Unix socket\nservice = "
           "\"lmtp\"\npath = \"" +
           run + "/lmtp.sock\"\n";
}

} // namespace

std::string initial_config(const SetupPlan& plan) {
    std::string out = "# Maild's configuration: what must be known before the directory opens. "
                      "Everything else is set with mailctl.\n"
                      "# conf/maild.toml in the sources explains every key. After a change: "
                      "mailctl server reload\n\n"
                      "hostname = \"" +
                      plan.hostname + "\"\n\n";
    out += "[local]   # mail from programs of this host: the command sendmail\ndomain = \"" +
           plan.domain + "\"\n\n";
    if (!plan.log_file.empty()) out += "[log]\nto = \"" + plan.log_file + "\"\n\n";
    if (!plan.root.empty()) {
        out += "[paths]\ndata = \"" + plan.root + "/var/lib\"\nrun = \"" + plan.root +
               "/run\"\n\n"
               "[auth]   # a trial on loopback: programs without TLS may log in too\nplaintext = "
               "\"loopback\"\n\n"
               "[limits]   # all connections of a trial come from this one "
               "address\nconnections_per_address = 10000\n\n"
               "[store]\nmin_free = \"64 MiB\"\n";
    } else {
        out += "# Without certificate and key the daemon makes a self-signed pair for itself.\n"
               "#[tls]\n#certificate = \"/etc/maild/tls/fullchain.pem\"\n#key = "
               "\"/etc/maild/tls/privkey.pem\"\n";
    }
    return out + listeners(plan);
}

std::string setup_summary(const SetupPlan& plan, const std::string& password,
                          const std::string& zone) {
    const std::string mailctl = plan.root.empty() ? "mailctl" : plan.root + "/bin/mailctl";
    const auto port = [&](std::uint16_t standard) { return std::to_string(plan.port(standard)); };
    std::string out = "account    " + plan.account() + "\n";
    if (!password.empty()) out += "password   " + password + "   (shown once)\n";
    out += "host       " + plan.hostname +
           (plan.root.empty() ? "" : " (trial, on 127.0.0.1 only)") + "\n";
    out += "ports      SMTP " + port(25) + ", submission " + port(587) + " (STARTTLS) and " +
           port(465) + " (TLS), IMAP " + port(143) + " (STARTTLS) and " + port(993) +
           " (TLS), POP3 " + port(110) + " (STLS) and " + port(995) + " (TLS), LMTP " + port(24) +
           "\n";
    out += "\nDNS records to publish:\n" + zone;
    out += "\nnext       " + mailctl + " account add NAME@" + plan.domain + "\n           " +
           mailctl + " server status\n           " + mailctl + " --help\n";
    if (plan.root.empty()) {
        out += "           put a certificate that clients trust into [tls] of " +
               plan.config_path() + ", then: mailctl server reload\n";
    }
    out += "stop       " + mailctl + " --yes server stop\n";
    return out;
}

} // namespace maild::control
