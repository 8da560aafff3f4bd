#!/usr/bin/env python3
"""Every limit on clients, sessions and accounts: reached on a real daemon, seen in `mailctl ratelimit show`, forgotten by
`ratelimit reset`, and switched off. Clients have addresses of their own, because a proxy says so."""
import base64
import os
import signal
import smtplib
import socket

import host

PROXY = "127.0.0.250"
LATER = "450 4.7.0"
# What each key is here; all that can be off, but for failures_window.
LIMITS = {"connections_per_address": 3, "connections_per_minute": 8, "network_connections_per_minute": 12, "messages_per_hour": 2,
          "network_messages_per_hour": 3, "recipients_per_hour": 3, "network_recipients_per_hour": 5, "refused_per_hour": 2,
          "network_refused_per_hour": 3, "bad_commands": 2, "idle_commands": 5, "session_commands": 12, "imap_bad_commands": 3,
          "pop3_bad_commands": 3, "refused_recipients": 3, "smtp_auth_failures": 2, "imap_auth_failures": 2, "pop3_auth_failures": 2,
          "messages_per_day": 1, "recipients_per_day": 3}
GUESSES = {"failures_allowed": 2, "ban_after": 4}


class Client:
    """A connection of a client at this address: lines out, replies in."""

    def __init__(self, test, service, address):
        connection = socket.socket()
        connection.settimeout(20)
        test.addCleanup(connection.close)
        connection.bind((PROXY, 0))
        connection.connect(("127.0.0.1", test.host.port(service)))
        connection.sendall(f"PROXY TCP4 {address} 127.0.0.1 4000 {service}\r\n".encode())
        self.connection = host.insecure_tls().wrap_socket(connection) if service in (465, 993, 995) else connection
        test.addCleanup(self.connection.close)
        self.stream = self.connection.makefile("rwb")
        self.greeting = self.reply()

    def reply(self):
        """The last line of a reply, or "" when there is no more."""
        while True:
            try:
                line = self.stream.readline().decode(errors="replace").rstrip()
            except OSError:
                return ""
            if not (line[:3].isdigit() and line[3:4] == "-") and not line.startswith("* CAPABILITY"):
                return line

    def say(self, *lines):
        """What each is answered, as far as it goes."""
        out = []
        for line in lines:
            try:
                self.stream.write(line.encode() + b"\r\n")
                self.stream.flush()
            except OSError:
                break
            out.append(self.reply())
        return out

    def quit(self):
        """Until the other side has ended, too."""
        self.say("QUIT")
        while self.reply():
            pass
        self.close()

    def close(self):
        self.stream.close()
        self.connection.close()


class RateLimitTest(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = cls.host.root / "etc/maild.toml"
        cls.plain = cls.path.read_text()
        cls.set(LIMITS, GUESSES)

    @classmethod
    def set(cls, limits, guesses):
        lines = lambda values: "".join(f"{key} = {value}\n" for key, value in values.items())
        text = cls.plain.replace("connections_per_address = 10000\n", lines(limits))
        text = text.replace("[auth]", f'[network]\nproxies = ["{PROXY}"]\n\n[verify]\nsenders = "off"\n\n[smtp]\n'
                                      f'greeting_delay = "0 s"\n\n[auth]\n{lines(guesses)}', 1)
        cls.path.write_text(text)
        cls.host.mailctl("server", "reload")

    def row(self, name):
        rows = self.host.mailctl("ratelimit", "show", as_json=True)["rows"]
        return next(row for row in rows if row["name"] == name)

    def check(self, name, who, most, at_limit=1, refused=True):
        row = self.row(name)
        self.assertTrue(row["on"])
        self.assertIn({"who": who, "count": most}, row["top"], row)
        if at_limit is not None:
            self.assertGreaterEqual(row["at_limit"], at_limit, row)
        if refused:
            self.assertGreaterEqual(row["refused"], 1, row)

    def reset(self, who):
        return self.host.mailctl("ratelimit", "reset", who, as_json=True)

    def transaction(self, client, *rcpts):
        """The replies to MAIL and each RCPT, in a session of its own."""
        session = Client(self, 25, client)
        replies = session.say("EHLO client.example", "MAIL FROM:<bob@client.example>", *(f"RCPT TO:<{rcpt}>" for rcpt in rcpts))[1:]
        session.quit()
        return [reply[:9] for reply in replies]


class Clients(RateLimitTest):
    def test_connections_that_are_open(self):
        clients = [Client(self, 143, "203.0.113.1") for _ in range(3)]
        self.assertEqual([client.greeting[:4] for client in clients], ["* OK"] * 3)
        self.assertEqual(Client(self, 143, "203.0.113.1").greeting[:5], "* BYE", "on whichever worker")
        self.assertEqual(Client(self, 110, "203.0.113.1").greeting[:3], "+OK", "another service has its own")
        self.check("connections_per_address", "203.0.113.1 imap", 3)
        clients.pop().close()
        host.wait_for(lambda: Client(self, 143, "203.0.113.1").greeting.startswith("* OK"), 10, "a place that is free again")

    def test_a_worker_that_dies_leaves_no_connection_behind(self):
        client = Client(self, 143, "203.0.113.33")
        self.check("connections_per_address", "203.0.113.33 imap", 1, 0, False)
        for pid in self.host.pids("worker"):
            os.kill(pid, signal.SIGKILL)
        host.wait_for(lambda: "203.0.113.33 imap" not in self.open().get("who", ["203.0.113.33 imap"]), 20, "the count to go with it")
        client.close()

    def open(self):
        """Who has how many connections open; nothing while a process that was ended is being replaced."""
        try:
            top = self.row("connections_per_address")["top"]
        except AssertionError:
            return {}
        return {"who": [entry["who"] for entry in top], **{entry["who"]: entry["count"] for entry in top}}

    def test_another_auth_hears_of_connections_that_are_open(self):
        clients = [Client(self, 143, "203.0.113.44") for _ in range(2)]
        os.kill(self.host.pids("auth")[0], signal.SIGKILL)
        host.wait_for(lambda: self.open().get("203.0.113.44 imap") == 2, 20, "the new process to know of them")
        for client in clients:
            client.close()
        host.wait_for(lambda: "203.0.113.44 imap" not in self.open().get("who", ["203.0.113.44 imap"]), 10, "and of their end")

    def test_connections_a_minute(self):
        def knock(address):
            client = Client(self, 25, address)
            client.quit()
            return client.greeting[:3]
        self.assertEqual([knock("198.51.100.1") for _ in range(9)], ["220"] * 8 + ["421"])
        self.check("connections_per_minute", "198.51.100.1", 8)
        self.assertEqual([knock("198.51.100.2") for _ in range(5)], ["220"] * 4 + ["421"])
        self.check("network_connections_per_minute", "198.51.100.0/24", 12)
        self.reset("198.51.100.0/24")
        self.assertEqual(knock("198.51.100.1"), "220")

    def test_messages_an_hour(self):
        self.assertEqual([self.transaction("192.0.2.1") for _ in range(3)], [["250 2.1.0"], ["250 2.1.0"], [LATER]])
        self.check("messages_per_hour", "192.0.2.1", 2)
        self.assertEqual([self.transaction("192.0.2.2") for _ in range(2)], [["250 2.1.0"], [LATER]])
        self.check("network_messages_per_hour", "192.0.2.0/24", 3)
        self.assertTrue(self.reset("192.0.2.1")["changed"])
        self.assertEqual(self.transaction("192.0.2.1"), [LATER], "the network still has its share")
        self.assertTrue(self.reset("192.0.2.0/24")["changed"])
        self.assertFalse(self.reset("192.0.2.0/24")["changed"])
        self.assertEqual(self.transaction("192.0.2.1"), ["250 2.1.0"])
        self.assertIn("client_limit_reached", self.host.log())

    def test_recipients_an_hour(self):
        ada = self.host.address
        self.assertEqual(self.transaction("192.0.3.1", ada, ada, ada, ada), ["250 2.1.0"] + ["250 2.1.5"] * 3 + [LATER])
        self.check("recipients_per_hour", "192.0.3.1", 3)
        self.assertEqual(self.transaction("192.0.3.2", ada, ada, ada), ["250 2.1.0"] + ["250 2.1.5"] * 2 + [LATER])
        self.check("network_recipients_per_hour", "192.0.3.0/24", 5)
        self.reset("192.0.3.0/24")
        self.assertEqual(self.transaction("192.0.3.1", ada)[1], "250 2.1.5")

    def test_recipients_that_there_are_not(self):
        ada, nobody = self.host.address, "nobody@example.org"
        self.assertEqual(self.transaction("192.0.4.1", nobody, nobody, ada)[1:], ["550 5.1.1", "550 5.1.1", LATER])
        self.check("refused_per_hour", "192.0.4.1", 2)
        self.assertEqual(self.transaction("192.0.4.2", nobody, ada)[1:], ["550 5.1.1", LATER])
        self.check("network_refused_per_hour", "192.0.4.0/24", 3)
        self.reset("192.0.4.0/24")
        self.assertEqual(self.transaction("192.0.4.1", ada)[1], "250 2.1.5")

    def test_this_host_is_not_counted(self):
        with smtplib.SMTP("127.0.0.1", self.host.port(25)) as client:
            client.ehlo()
            self.assertEqual([client.mail("bob@client.example")[0]] + [client.rcpt(self.host.address)[0] for _ in range(6)], [250] * 7)


class Logins(RateLimitTest):
    def guess(self, client):
        """A wrong password by IMAP, in a session of its own."""
        session = Client(self, 993, client)
        session.say('a LOGIN "nobody@example.org" "wrong"')
        session.close()

    def test_failures_and_a_ban(self):
        for _ in range(3):
            self.guess("192.0.5.1")
        self.check("failures_allowed", "192.0.5.1", 3)
        self.assertTrue(self.reset("192.0.5.1")["changed"])
        self.assertNotIn("192.0.5.1", str(self.row("failures_allowed")["top"]))
        for _ in range(5):
            self.guess("192.0.5.1")
        self.assertGreaterEqual(self.row("ban_after")["refused"], 1)
        told = self.reset("192.0.5.1")
        self.assertIn("mailctl ban rm 192.0.5.1", str(told["warnings"]), "a ban is another matter")
        self.assertIn("192.0.5.1", self.host.mailctl("ban", "list"))

    def test_an_account_a_day(self):
        def submit(*recipients):
            with smtplib.SMTP("127.0.0.1", self.host.port(587)) as client:
                client.starttls(context=host.insecure_tls())
                client.login(self.host.address, self.host.password)
                try:
                    client.sendmail(self.host.address, recipients, host.message(sender=self.host.address))
                except smtplib.SMTPDataError as refused:
                    return refused.smtp_code
                return 250
        ada = self.host.address
        self.assertEqual([submit(ada), submit(ada)], [250, 450])
        self.check("messages_per_day", ada, 1, None)
        self.assertTrue(self.reset(ada)["changed"])
        many = [f"{ada.split('@')[0]}+{number}@example.org" for number in range(4)]
        self.assertEqual([submit(*many), submit(ada)], [450, 250])
        self.assertGreaterEqual(self.row("recipients_per_day")["refused"], 1)


class Sessions(RateLimitTest):
    """What a session counts for itself. Each case: a service, what is said, and what the last of it is answered."""
    CASES = {
        "bad_commands": (25, ["XYZZY"] * 3, "421 4.7.0"),
        "idle_commands": (25, ["EHLO x.example"] + ["NOOP"] * 5, "421 4.7.0"),
        "session_commands": (25, ["EHLO x.example", "MAIL FROM:<bob@x.example>"] + ["RCPT TO:<ada@example.org>"] * 11, "421 4.7.0"),
        "refused_recipients": (25, ["EHLO x.example", "MAIL FROM:<bob@x.example>"] + ["RCPT TO:<nobody@example.org>"] * 4, "421 4.7.0"),
        "imap_bad_commands": (143, ["x XYZZY"] * 3, "x BAD"),
        "pop3_bad_commands": (110, ["XYZZY"] * 3, "-ERR Too "),
    }

    def test_each(self):
        # From this host, which no other limit is for.
        for name, (service, lines, want) in self.CASES.items():
            with self.subTest(name):
                self.assertTrue(self.row(name)["on"])
                replies, ended = self.talk(service, lines)
                self.assertTrue(replies[-1].startswith(want), replies)
                self.assertTrue(ended)

    def talk(self, service, lines):
        session = Client(self, service, "127.0.0.9")
        replies = session.say(*lines)
        rest = session.say("x NOOP" if service == 143 else "NOOP")
        session.close()
        return replies, not rest or rest[-1] == "" or rest[-1].startswith("* BYE")

    def test_failed_logins(self):
        wrong = lambda name: base64.b64encode(f"\0{name}@example.org\0wrong".encode()).decode()
        for service, line, want in ((465, f"AUTH PLAIN {wrong('a')}", "421 4.7.0"), (993, 'a LOGIN "b@example.org" "x"', "* BYE"),
                                    (995, f"AUTH PLAIN {wrong('c')}", "-ERR")):
            with self.subTest(service=service):
                session = Client(self, service, f"192.0.6.{service % 256}")
                if service == 465:
                    session.say("EHLO x.example")
                replies = session.say(line, line, "NOOP", "NOOP")
                self.assertTrue(any(reply.startswith(want) for reply in replies), replies)
                self.assertEqual(replies[-1], "", "it has ended")


class Off(RateLimitTest):
    """All of them off: the same things pass."""

    def test_nothing_is_refused(self):
        self.set(dict.fromkeys(LIMITS, "false"), dict.fromkeys(GUESSES, 0))
        rows = self.host.mailctl("ratelimit", "show", as_json=True)["rows"]
        self.assertEqual(sorted(row["name"] for row in rows if not row["on"]), sorted([*LIMITS, *GUESSES]))
        self.assertEqual(sorted(row["name"] for row in rows if row["on"]), ["connections", "newcomers", "recipients"])
        clients = [Client(self, 143, "203.0.113.1") for _ in range(15)]
        self.assertEqual({client.greeting[:4] for client in clients}, {"* OK"})
        ada = self.host.address
        for _ in range(4):
            self.assertEqual(self.transaction("192.0.2.1", *[ada] * 8), ["250 2.1.0"] + ["250 2.1.5"] * 8)
        self.assertEqual(self.transaction("192.0.2.1", *["nobody@example.org"] * 6, ada)[1:], ["550 5.1.1"] * 6 + ["250 2.1.5"])
        for name, (service, lines, _) in Sessions.CASES.items():
            with self.subTest(name):
                session = Client(self, service, "192.0.2.9")
                session.say(*lines, *lines[-1:] * 3)
                self.assertNotIn(session.say("x NOOP" if service == 143 else "NOOP")[-1][:3], ("", "421", "* B"))


class Words(RateLimitTest):
    def test_the_table(self):
        shown = self.host.mailctl("ratelimit", "show")
        for word in ("SETTING", "limits.messages_per_hour", "auth.ban_after", "an hour, on port 25", "450 4.7.0"):
            self.assertIn(word, shown)

    def test_what_is_nobodys(self):
        self.host.mailctl("ratelimit", "reset", "somebody", exit_code=64)
        self.host.mailctl("ratelimit", "reset", "192.0.2.1/24", exit_code=64)
        self.host.mailctl("ratelimit", "reset", "nobody@example.org", exit_code=67)
        self.assertIn("unchanged", self.host.mailctl("ratelimit", "reset", "2001:db8::1"))


if __name__ == "__main__":
    host.main()
