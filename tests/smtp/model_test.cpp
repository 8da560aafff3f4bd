// Random dialogues beside a reference machine that knows only RFC 5321 §4.1.4: the same answers,
// and no recipient that outlives a reset (HARDENING 15; the bugs of this kind in other servers were
// states that two commands forgot).
#include "smtp/conversation.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace maild::smtp {
namespace {

using test::Conversation;

enum class Say {
    ehlo,
    helo,
    lhlo,
    mail,
    bad_mail,
    rcpt,
    unknown_rcpt,
    relay_rcpt,
    bad_rcpt,
    data,
    chunk,
    last_chunk,
    rset,
    noop,
    vrfy,
    nonsense,
    starttls,
    auth,
    count
};

struct Line {
    std::string_view text;
    int code; // when nothing is out of order
};
constexpr Line kLines[] = {
    {"EHLO client.example", 250},
    {"HELO client.example", 250},
    {"LHLO client.example", 500},
    {"MAIL FROM:<eve@remote.example>", 250},
    {"MAIL FROM:<eve", 501},
    {"RCPT TO:<ada@example.org>", 250},
    {"RCPT TO:<nobody@example.org>", 550},
    {"RCPT TO:<ada@elsewhere.example>", 554},
    {"RCPT TO:<ada@>", 501},
    {"DATA", 354},
    {"BDAT 12", 250},
    {"BDAT 12 LAST", 250},
    {"RSET", 250},
    {"NOOP", 250},
    {"VRFY ada", 252},
    {"XYZZY", 500},
    {"STARTTLS", 220},
    {"AUTH PLAIN", 502},
};
static_assert(std::size(kLines) == static_cast<std::size_t>(Say::count));

class Model {
public:
    // The code that has to come.
    int on(Say what) {
        const auto& line = kLines[static_cast<std::size_t>(what)];
        const bool is_chunk = what == Say::chunk || what == Say::last_chunk;
        if (!is_in_order(what)) {
            if (is_chunk) has_failed_chunk = has_mail;
            return 503;
        }
        has_chunk = has_chunk || is_chunk;
        if (what == Say::ehlo || what == Say::helo || what == Say::rset)
            recipients.clear(), has_mail = has_chunk = has_failed_chunk = false;
        if (what == Say::ehlo || what == Say::helo) has_hello = true;
        if (what == Say::mail) has_mail = true;
        if (what == Say::rcpt) recipients.emplace_back("ada@example.org");
        return line.code;
    }
    void on_content() {
        has_mail = has_chunk = has_failed_chunk = false;
        recipients.clear();
    }
    void on_tls() {
        *this = Model();
        has_tls = true;
    }

    bool has_hello = false;
    bool has_tls = false;
    bool has_mail = false;
    bool has_chunk = false; // of the content
    bool has_failed_chunk = false;
    std::vector<std::string> recipients;

private:
    bool is_in_order(Say what) const {
        switch (what) {
        case Say::mail: return has_hello && !has_mail;
        case Say::rcpt:
        case Say::unknown_rcpt:
        case Say::relay_rcpt: return has_hello && has_mail && !has_chunk && !has_failed_chunk;
        case Say::data:
            return has_hello && has_mail && !recipients.empty() && !has_chunk && !has_failed_chunk;
        case Say::chunk:
        case Say::last_chunk:
            return has_hello && has_mail && !recipients.empty() && !has_failed_chunk;
        case Say::starttls: return has_hello && !has_mail && !has_tls;
        case Say::auth: return has_hello && !has_mail;
        default: return true; // any time, or no command at all
        }
    }
};

void without_limits(Server& server) {
    server.limits.bad_commands = server.limits.idle_commands = server.limits.rcpt_failures =
        1'000'000;
}

// One dialogue; false as soon as something differs.
void converse(std::mt19937& random) {
    Conversation with(Service::relay_in, without_limits);
    Model model;
    std::string said;
    for (int step = 0; step < 40; ++step) {
        const auto what = static_cast<Say>(random() % static_cast<unsigned>(Say::count));
        const auto line = kLines[static_cast<std::size_t>(what)].text;
        (said += line) += '\n';
        const bool is_refused = random() % 2 == 0;
        with.backend().accept_errors.clear();
        if (is_refused) with.backend().accept_errors[""] = Errc::unavailable;
        const auto before = with.backend().accepted.size();
        with.send(line);
        if (with.session().expects() == Expects::chunk) {
            const bool is_last = what == Say::last_chunk;
            const auto code = model.on(what);
            with.octets(is_last ? "\r\nRSET\r\nEHLO" : "MAIL: FROM\r\n");
            const bool is_taken = is_last && code == 250;
            ASSERT_EQ(with.reply().substr(0, 3),
                      is_taken && is_refused ? "451" : std::to_string(code))
                << said;
            ASSERT_EQ(with.backend().accepted.size(), before + (is_taken && !is_refused ? 1 : 0));
            if (is_taken && !is_refused) {
                ASSERT_EQ(with.backend().accepted.back().recipients, model.recipients) << said;
            }
            if (is_taken) model.on_content();
            ASSERT_EQ(with.session().in_transaction(), model.has_mail) << said;
            continue;
        }
        ASSERT_EQ(with.reply().substr(0, 3), std::to_string(model.on(what))) << said;
        ASSERT_EQ(with.session().in_transaction(), model.has_mail) << said;
        if (with.session().expects() == Expects::tls_handshake) {
            with.start_tls();
            model.on_tls();
        }
        if (with.session().expects() != Expects::content) continue;
        with.content("Subject: x\r\n\r\n.\r\n").expect(is_refused ? "451" : "250");
        ASSERT_EQ(with.backend().accepted.size(), before + (is_refused ? 0 : 1));
        if (!is_refused) {
            ASSERT_EQ(with.backend().accepted.back().recipients, model.recipients) << said;
        }
        model.on_content();
    }
}

TEST(SmtpModel, AgreesOnRandomDialogues) {
    std::mt19937 random(20);
    for (int round = 0; round < 500; ++round) ASSERT_NO_FATAL_FAILURE(converse(random));
}

} // namespace
} // namespace maild::smtp
