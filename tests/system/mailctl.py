#!/usr/bin/env python3
"""mailctl against the running daemon: every example of the command table as it stands there, the exit codes, JSON, and
that a change holds at once."""
import email.message
import email.policy
import gzip
import imaplib
import json
import os
import re
import shlex
import signal
import smtplib
import socket
import subprocess
import time
import unittest

import host


class Examples(host.HostTest):
    def test_every_example_of_the_manual(self):
        self.host.mailctl("domain", "add", "example.net")
        manual = self.host.mailctl("man", "--all")
        examples = [line[len(".Dl "):].replace("\\-", "-").replace("\\&", "") for line in manual.splitlines() if line.startswith(".Dl mailctl")]
        self.assertGreater(len(examples), 25)
        for example in examples:
            words = shlex.split(example)
            run = subprocess.run([self.host.root / "bin/mailctl", *words[1:]], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
            if words[1:3] == ["server", "kick"]:   # the account of that example is another manual's
                self.assertIn(run.returncode, (0, 67), example + run.stderr)
            else:
                self.assertEqual(run.returncode, 0, f"{example}\n{run.stdout}{run.stderr}")


class Commands(host.HostTest):
    def login(self, address, password):
        client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls())
        try:
            client.login(address, password)
            return client
        except imaplib.IMAP4.error:
            client.shutdown()
            return None

    def accepts(self, recipient):
        with smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="client.example") as client:
            client.helo()
            client.mail("bob@client.example")
            return client.rcpt(recipient)[0]

    def test_mailboxes_are_shared(self):
        """RFC 4314: what mailctl and IMAP say of one list, and that what is taken away is gone."""
        for name in ("office", "clerk", "chief"):
            self.host.add_account(f"{name}@example.org", "secret")
        other = "other-domain.example"
        self.host.mailctl("domain", "add", other)
        self.host.add_account(f"clerk@{other}", "secret")
        self.host.mailctl("acl", "set", "office@example.org", "INBOX", "clerk@example.org", "lrswi")   # nobody has logged in there
        self.assertFalse(self.host.mailctl("acl", "set", "office@example.org", "INBOX", "clerk@example.org", "+lr", as_json=True)["changed"])
        self.host.mailctl("acl", "set", "office@example.org", "INBOX", "anyone", "l")
        rows = self.host.mailctl("acl", "get", "office@example.org", "INBOX", as_json=True)["rows"]
        self.assertEqual(sorted((row["who"], row["rights"]) for row in rows), [("anyone", "l"), ("clerk@example.org", "lrswi")])
        inbox = '"Other Users/office@example.org/INBOX"'
        clerk, chief, stranger = (self.login(address, "secret") for address in ("clerk@example.org", "chief@example.org", f"clerk@{other}"))
        self.assertEqual(clerk.select("INBOX")[0], "OK")
        self.assertEqual(clerk.append("INBOX", "(\\Seen)", None, b"Subject: to share\r\n\r\nwith all\r\n")[0], "OK")
        self.assertEqual(clerk.copy("1", inbox)[0], "OK")
        self.assertEqual(clerk.select(inbox), ("OK", [b"1"]))
        self.assertEqual(clerk.fetch("1", "(BODY.PEEK[])")[1][0][1], b"Subject: to share\r\n\r\nwith all\r\n")
        self.assertTrue(chief.myrights(inbox)[1][0].endswith(b" l"))
        self.assertEqual(chief.select(inbox)[0], "NO")
        chief.select("INBOX")
        self.assertEqual(stranger.myrights(inbox)[0], "NO")
        self.assertFalse(any(b"Other Users" in line for line in stranger.list()[1]))
        self.assertTrue(any(b"office@example.org/INBOX" in line for line in chief.list()[1]))
        os.kill(self.host.pids("store")[0], signal.SIGKILL)   # the lists outlive the process
        clerk = host.wait_for(lambda: self.login("clerk@example.org", "secret"), 20, "the store to come back")
        self.assertEqual(clerk.select(inbox)[0], "OK")
        clerk.send(b"i IDLE\r\n")
        self.assertTrue(clerk.readline().startswith(b"+"))
        self.host.mailctl("acl", "rm", "office@example.org", "INBOX", "clerk@example.org")
        clerk.sock.settimeout(10)
        self.assertTrue(clerk.readline().startswith(b"* BYE"))
        for client in (clerk, chief, stranger):
            client.shutdown()
        self.host.mailctl("acl", "set", "office@example.org", "INBOX", "clerk@example.org", "lr")
        self.host.mailctl("account", "rm", "clerk@example.org", "--yes")
        rows = self.host.mailctl("acl", "get", "office@example.org", "INBOX", as_json=True)["rows"]
        self.assertEqual([row["who"] for row in rows], ["anyone"])
        for refused in (("office@example.org", "INBOX", "office@example.org", "l"), ("office@example.org", "INBOX", "anyone", "lq")):
            self.host.mailctl("acl", "set", *refused, exit_code=64)

    def test_a_change_holds_at_once(self):
        self.host.add_account("now@example.org", "one")
        self.assertEqual(self.accepts("now@example.org"), 250)
        session = self.login("now@example.org", "one")
        self.assertIsNotNone(session)
        self.host.mailctl("account", "passwd", "now@example.org", "--password-stdin", stdin="two\n")
        self.assertIsNone(self.login("now@example.org", "one"))
        with self.assertRaises((imaplib.IMAP4.abort, imaplib.IMAP4.error, OSError)):
            for _ in range(10):   # the old session is told to go
                session.noop()
                time.sleep(0.1)
        self.assertIsNotNone(self.login("now@example.org", "two"))
        self.host.mailctl("account", "disable", "now@example.org", "--reason", "a test")
        self.assertIsNone(self.login("now@example.org", "two"))
        self.assertEqual(self.accepts("now@example.org"), 550)
        self.host.mailctl("account", "enable", "now@example.org")
        self.assertEqual(self.accepts("now@example.org"), 250)
        self.host.mailctl("account", "rename", "now@example.org", "later@example.org")
        self.assertEqual(self.accepts("now@example.org"), 550)
        self.assertEqual(self.accepts("later@example.org"), 250)
        self.host.mailctl("--yes", "account", "rm", "later@example.org")
        self.assertEqual(self.accepts("later@example.org"), 550)

    def test_a_generated_password_is_shown_and_works(self):
        shown = self.host.mailctl("account", "add", "made@example.org", "--generate")
        self.assertIsNotNone(self.login("made@example.org", shown.split()[1]), shown)
        again = self.host.mailctl("account", "passwd", "made@example.org", "--generate")
        self.assertIsNone(self.login("made@example.org", shown.split()[1]))
        self.assertIsNotNone(self.login("made@example.org", again.split()[1]))
        self.host.mailctl("account", "add", "made@example.org", "--generate", exit_code=73)   # it is there, with another password
        self.assertIsNotNone(self.login("made@example.org", again.split()[1]))

    def test_what_never_reaches_the_daemon_is_json_too(self):
        for words in (["--json", "domain"], ["--json", "domain", "rm", "example.org"], ["--json", "account", "quota", "set", "x@example.org", "10X"]):
            run = subprocess.run([self.host.root / "bin/mailctl", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            self.assertEqual(json.loads(run.stdout)["exit"], run.returncode, run.stdout + run.stderr)
            self.assertNotEqual(run.returncode, 0)
        self.host.mailctl("account", "list", "--limit", "many", exit_code=64)
        self.host.mailctl("server", "kick", "7", exit_code=68)

    def test_exit_codes(self):
        self.host.mailctl("account", "show", "nobody@example.org", exit_code=67)
        self.host.mailctl("domain", "show", "nowhere.example", exit_code=68)
        self.host.mailctl("domain", exit_code=64)
        self.host.mailctl("account", "add", "not an address", "--generate", exit_code=65)
        self.host.mailctl("account", "rm", self.host.address, exit_code=64)   # not confirmed
        self.host.mailctl("--socket", "/nonexistent/socket", "server", "status", exit_code=69)
        self.assertEqual(self.host.mailctl("domain", "add", "example.org", as_json=True)["changed"], False)

    def test_aliases_and_their_dry_run(self):
        self.host.mailctl("domain", "alias", "add", "example.com", "example.org")
        self.host.mailctl("alias", "add", "team-*@example.org", self.host.address)
        resolved = self.host.mailctl("address", "resolve", "team-x+y@example.com", as_json=True)
        self.assertEqual(resolved["verdict"], "accepted")
        self.assertEqual([t["address"] for t in resolved["targets"]], [self.host.address])
        self.assertEqual(self.accepts("team-x+y@example.com"), 250)
        self.assertEqual(self.accepts("teamx@example.com"), 550)

    def test_import(self):
        rows = "".join(f"user{i}@example.org,secret {i},1G\n" for i in range(50))
        path = self.host.root / "accounts.csv"
        path.write_text(rows + "wrong address,x,\nuser7@example.org,x,\n")
        out = self.host.mailctl("account", "import", str(path), exit_code=65)
        self.assertIn("line 51", out)
        self.host.mailctl("account", "show", "user1@example.org", exit_code=67)   # all or nothing
        path.write_text(rows)
        self.assertEqual(self.host.mailctl("account", "import", str(path), as_json=True)["added"], 50)
        self.assertIsNotNone(self.login("user49@example.org", "secret 49"))
        self.assertEqual(self.host.mailctl("account", "import", str(path), as_json=True)["unchanged"], 50)

    def test_mailboxes_and_quota(self):
        self.host.add_account("small@example.org", "pw")
        self.host.mailctl("account", "quota", "set", "small@example.org", "10K")
        with smtplib.LMTP("127.0.0.1", self.host.port(24), local_hostname="client.example") as client:
            client.sendmail("bob@client.example", ["small@example.org"], host.message(body=("x" * 70 + "\r\n") * 40))
            large = host.message(body=("x" * 70 + "\r\n") * 120)
            with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:      # at RCPT, by the size that MAIL says
                client.sendmail("bob@client.example", ["small@example.org"], large)
            code, text = refused.exception.recipients["small@example.org"]
            self.assertEqual((code, text[:5]), (452, b"4.2.2"))
            client.rset()
            for words in ("MAIL FROM:<bob@client.example>", "RCPT TO:<small@example.org>"):    # which need not be said
                self.assertEqual(client.docmd(words)[0], 250)
            code, text = client.data(large)
            self.assertEqual((code, text[:5]), (452, b"4.2.2"))
            with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:      # no room will ever be made for this
                client.sendmail("bob@client.example", ["small@example.org"], host.message(body=("x" * 70 + "\r\n") * 200))
            self.assertEqual(refused.exception.recipients["small@example.org"][0], 552)
            self.host.mailctl("account", "quota", "set", "small@example.org", "1M")
            client.sendmail("bob@client.example", ["small@example.org"], large)
            self.host.mailctl("account", "quota", "set", "small@example.org", "10K")
        rows = self.host.mailctl("mailbox", "list", "small@example.org", as_json=True)["rows"]
        self.assertEqual(sorted(row["name"] for row in rows), ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"])
        inbox = self.host.mailctl("mailbox", "status", "small@example.org", "INBOX", as_json=True)["rows"][0]
        self.assertEqual((inbox["messages"], inbox["unseen"]), (2, 2))
        shown = self.host.mailctl("account", "show", "small@example.org", as_json=True)
        self.assertEqual((shown["quota_bytes"], shown["messages"], shown["quota_messages"]), (10240, 2, 0))
        self.host.mailctl("account", "quota", "set", "small@example.org", "1M", "--messages", "2")
        with smtplib.LMTP("127.0.0.1", self.host.port(24), local_hostname="client.example") as client:
            with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
                client.sendmail("bob@client.example", ["small@example.org"], host.message(body="one more\r\n"))
            self.assertEqual(refused.exception.recipients["small@example.org"][0], 452)
        client = self.login("small@example.org", "pw")
        self.assertEqual(client.getquotaroot("INBOX")[1][1], [shown_quota := client.getquota("#user/small@example.org")[1][0]])
        self.assertRegex(shown_quota.decode(), r"^#user/small@example.org \(STORAGE \d+ 1024 MESSAGE 2 2\)$")
        self.assertEqual(client.setquota("#user/small@example.org", "(MESSAGE 100)"), ("NO", [b"[NOPERM] Quotas are set by the administrator"]))
        self.host.mailctl("account", "quota", "set", "small@example.org", "--messages", "0")
        self.assertEqual(self.host.mailctl("account", "quota", "get", "small@example.org", as_json=True)["quota_bytes"], 1 << 20)

    def test_sessions_and_kick(self):
        client = self.login(self.host.address, self.host.password)
        rows = self.host.mailctl("server", "sessions", "--service", "imap", as_json=True)["rows"]
        mine = [row for row in rows if row["account"] == self.host.address]
        self.assertTrue(mine, rows)
        self.host.mailctl("server", "kick", mine[0]["id"])
        with self.assertRaises((imaplib.IMAP4.abort, imaplib.IMAP4.error, OSError)):
            for _ in range(20):
                client.noop()
                time.sleep(0.1)

    def test_dns_records(self):
        text = self.host.mailctl("domain", "dns", "example.org")
        self.assertRegex(text, r"example\.org\.\s+IN MX\s+10 mail\.example\.org\.")
        self.assertIn("v=spf1", text)
        self.assertIn("_imaps._tcp", text)
        self.assertIn("_pop3s._tcp", text)

    def test_json_schema_is_named(self):
        run = subprocess.run([self.host.root / "bin/mailctl", "--json", "domain", "list"], capture_output=True, text=True)
        self.assertEqual(json.loads(run.stdout)["schema"], "mailctl/1")

    @unittest.skipUnless(os.geteuid() == 0, "needs another user to try as")
    def test_others_may_not(self):
        run = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", self.host.root / "bin/mailctl", "domain", "list"],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 77, run.stderr)
        self.assertTrue(re.search("not permitted", run.stderr))


class Bans(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.configure("[auth]", '[auth]\nfailures_allowed = 2\nfailure_delay_max = "1 s"\nban_after = 4\nban_time = "1 h"')

    def login_from(self, source, password):
        """What a login from that address hears, in one word."""
        with socket.create_connection(("127.0.0.1", self.host.port(993)), timeout=20, source_address=(source, 0)) as plain:
            with host.insecure_tls().wrap_socket(plain) as stream:
                lines = stream.makefile("rb")
                lines.readline()
                stream.sendall(f"a LOGIN {self.host.address} \"{password}\"\r\n".encode())
                return lines.readline().split()[1].decode()

    def bans(self):
        return self.host.mailctl("ban", "list", as_json=True)["rows"]

    def test_bans_hold_across_a_power_cut(self):
        self.assertEqual(self.login_from("127.0.9.2", self.host.password), "OK")
        self.assertEqual([self.login_from("127.0.9.1", f"guess {number}") for number in range(4)], ["NO"] * 4)
        self.assertEqual(self.login_from("127.0.9.1", self.host.password), "BYE")
        self.host.mailctl("ban", "add", "127.0.9.128/25", "--for", "2h", "--reason", "noise")
        before = self.bans()
        self.assertEqual([(row["network"], row["by"]) for row in before], [("127.0.9.128/25", "admin"), ("127.0.9.1", "guessing")])
        self.assertAlmostEqual(before[0]["until"] - before[0]["since"], 7200, delta=1)
        self.assertEqual(before[1]["until"] - before[1]["since"], 3600)
        pids = [self.host.supervisor()] + [process["pid"] for process in self.host.status()["processes"]]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        host.wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 40, "all processes to end")
        self.host.start()
        self.assertEqual(self.bans(), before)
        for source, want in (("127.0.9.1", "BYE"), ("127.0.9.200", "BYE"), ("127.0.9.2", "OK")):
            self.assertEqual(self.login_from(source, self.host.password), want, source)
        for network in ("127.0.9.1", "127.0.9.128/25"):
            self.assertEqual(self.host.mailctl("ban", "rm", network, as_json=True)["changed"], True)
        self.assertEqual(self.login_from("127.0.9.1", self.host.password), "OK")

    def test_what_is_no_network_or_cannot_be_banned(self):
        for words in (["192.0.2.1/24"], ["localhost"], ["0.0.0.0/0"], ["192.0.2.1", "--for", "soon"]):
            self.host.mailctl("ban", "add", *words, exit_code=65)
        self.assertEqual(self.host.mailctl("ban", "rm", "203.0.113.9", as_json=True)["changed"], False)

    def test_capabilities_are_hidden_from_one_account(self):
        def told(address, password):
            with imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls()) as client:
                client.login(address, password)
                return client.capability()[1][0].decode().split()
        self.host.add_account("old@example.org", "pw")
        hide = lambda *words, **more: self.host.mailctl("account", "capability", *words, **more)
        self.assertTrue(hide("hide", "old@example.org", "move", as_json=True)["changed"])
        self.assertFalse(hide("hide", "old@example.org", "MOVE", as_json=True)["changed"])
        self.assertEqual(hide("list", "old@example.org", as_json=True)["rows"], [{"capability": "MOVE"}])
        self.assertNotIn("MOVE", told("old@example.org", "pw"))
        self.assertIn("MOVE", told(self.host.address, self.host.password))
        hide("hide", "old@example.org", "IMAP4rev1", exit_code=64)
        hide("hide", "old@example.org", "MOVES", exit_code=64)
        hide("hide", "nobody@example.org", "MOVE", exit_code=67)
        self.host.stop()
        self.host.start()
        self.assertNotIn("MOVE", told("old@example.org", "pw"))
        self.assertTrue(hide("unhide", "old@example.org", "Move", as_json=True)["changed"])
        self.assertFalse(hide("unhide", "old@example.org", "MOVE", as_json=True)["changed"])
        self.assertIn("MOVE", told("old@example.org", "pw"))

    def test_where_an_account_logged_in(self):
        self.host.add_account("where@example.org", "one")
        client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls())
        with self.assertRaises(imaplib.IMAP4.error):
            client.login("where@example.org", "two")
        self.assertEqual([(row["what"], row["from"], row["count"]) for row in self.logins()], [("failed", "127.0.0.1", 1)])
        networks = {row["network"]: row["failures"] for row in self.host.mailctl("auth", "failures", as_json=True)["rows"]}
        self.assertEqual(networks["127.0.0.1"], 1)
        client.login("where@example.org", "one")
        self.assertEqual([(row["what"], row["service"], row["from"]) for row in self.logins()], [("logged in", "imap", "127.0.0.1")])
        self.host.mailctl("account", "logins", "nobody@example.org", exit_code=67)

    def logins(self):
        return self.host.mailctl("account", "logins", "where@example.org", as_json=True)["rows"]


class Reports(host.HostTest):
    """The mailbox that other hosts' reports come to: read in a worker, of that one account alone."""
    def send(self, message, count=1):
        with smtplib.SMTP("127.0.0.1", self.host.port(25)) as client:
            for _ in range(count):
                client.sendmail("", ["dmarc@example.org"], message)

    def complaint(self):
        run = subprocess.run([self.host.root / "bin/mailctl", "report", "dmarc"], capture_output=True, text=True, timeout=60)
        return run.returncode, run.stderr

    def dmarc(self, report_id, count):
        xml = (f"<feedback><report_metadata><org_name>R</org_name><report_id>{report_id}</report_id><date_range><begin>1700000000</begin>"
               f"<end>1700086399</end></date_range></report_metadata><policy_published><domain>example.org</domain><p>none</p></policy_published>"
               f"<record><row><source_ip>192.0.2.1</source_ip><count>{count}</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim>"
               f"<spf>pass</spf></policy_evaluated></row><identifiers><header_from>example.org</header_from></identifiers></record></feedback>")
        message = email.message.EmailMessage()
        message["Subject"] = "Report Domain: example.org"
        message.set_content("A report.")
        message.add_attachment(gzip.compress(xml.encode()), maintype="application", subtype="gzip", filename="r!example.org!1!2.xml.gz")
        return message.as_bytes(policy=email.policy.SMTP)

    def test_the_mailbox_of_reports(self):
        self.assertEqual(self.complaint(), (68, "mailctl: no mailbox of reports is configured: reports.mailbox in maild.toml.\n"))
        path = self.host.root / "etc/maild.toml"
        path.write_text(path.read_text() + '\n[reports]\nmailbox = "dmarc@example.org"\n')
        self.host.mailctl("server", "reload")
        host.wait_for(lambda: self.complaint()[0] == 67, 10, "the new configuration")
        self.host.add_account("dmarc@example.org", "secret")
        self.assertEqual(self.host.mailctl("report", "dmarc", as_json=True)["reports"], 0)
        self.send(self.dmarc("1", 7))
        self.send(b"Subject: no report\r\n\r\nat all\r\n", 60)   # more than a page
        self.send(self.dmarc("2", 5))
        self.send(self.dmarc("2", 5))
        self.send(b'Content-Type: application/tlsrpt+json\r\n\r\n{"organization-name":"S","report-id":"t","date-range":{"end-datetime":'
                    b'"2026-01-01T23:59:59Z"},"policies":[{"policy":{"policy-type":"sts","policy-domain":"example.org"},'
                    b'"summary":{"total-successful-session-count":3}}]}\r\n')
        result = self.host.mailctl("report", "dmarc", as_json=True)
        self.assertEqual((result["reports"], result["duplicates"], result["messages"], result["passed"]), (2, 1, 12, 12))
        self.assertEqual([row["source"] for row in result["rows"]], ["192.0.2.1"])
        self.assertEqual(self.host.mailctl("report", "dmarc", "--since", "7d", as_json=True)["reports"], 0)   # they are of 2023
        self.assertEqual(self.host.mailctl("report", "tls", as_json=True)["sessions"], 3)
        os.kill(self.host.pids("worker")[0], signal.SIGKILL)   # another one answers, or the next
        host.wait_for(lambda: self.host.mailctl("report", "dmarc", as_json=True)["reports"] == 2, 20, "a worker")

if __name__ == "__main__":
    host.main()
