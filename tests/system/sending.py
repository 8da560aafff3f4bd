#!/usr/bin/env python3
"""Mail to other hosts from a real daemon: delivered, put off, refused and reported on, held and let go, and what outlives a crash. The hosts are this test's own,
and so is the DNS."""
import email
import imaplib
import json
import os
import signal
import smtplib
import subprocess
import time
import unittest

import host
import smtp_peer
import socks_proxy
import zone


class Sending(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = smtp_peer.SmtpPeer()
        cls.records = {
            "far.example": [("MX", "10 mx.far.example")],
            "mx.far.example": [("A", "127.0.0.1")],
            "plain.example": [("A", "127.0.0.1")],
            "second.example": [("MX", "10 dead.example"), ("MX", "20 mx.far.example")],
            "dead.example": [("A", "127.0.0.2")],
            "null.example": [("MX", "0 .")],
        }
        cls.zone = zone.Zone(cls.records)
        path = cls.host.root / "etc/maild.toml"
        path.write_text(path.read_text().replace('sending = "off"', f'port = {cls.peer.port}\nloopback = "allowed"\nretry_first = "10 s"') +
                        f"\n[dns]\nservers = [\"{cls.zone.address}\"]\n")
        cls.host.mailctl("server", "reload")
        host.wait_for(cls.sender, 20, "a sender")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.peer.close()
        cls.zone.close()

    @classmethod
    def sender(cls):
        return next((p["pid"] for p in cls.host.status()["processes"] if p["role"] == "sender" and p["state"] == "ready"), None)

    def setUp(self):
        self.peer.replies, self.peer.at_data, self.peer.at_mail, self.peer.drops_at, self.peer.on_dot = {}, None, None, None, None
        self.peer.greeting = "220 peer.example ESMTP"
        self.peer.taken.clear()
        self.subject = f"{self._testMethodName} {time.monotonic_ns()}"

    def tearDown(self):
        self.host.mailctl("--yes", "queue", "drop", "--all")

    def submit(self, *recipients, options=(), rcpt_options=(), body="Hello.\r\n"):
        with smtplib.SMTP("127.0.0.1", self.host.port(587), timeout=60) as client:
            client.starttls(context=host.insecure_tls())
            client.login(self.host.address, self.host.password)
            content = host.message(self.subject, body, sender=self.host.address)
            client.sendmail(self.host.address, list(recipients), content, list(options), list(rcpt_options))
            return content

    def taken(self):
        return [one for one in self.peer.taken if self.subject.encode() in one[2]]

    def queue(self):
        return self.host.mailctl("queue", "list", as_json=True)["rows"]

    def row(self, **wanted):
        rows = [row for row in self.queue() if all(row[key] == value for key, value in wanted.items())]
        return rows[0] if rows else None

    def report(self):
        """The report in INBOX about the message of this test, as (message, text)."""
        with imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls()) as client:
            client.login(self.host.address, self.host.password)
            client.select("INBOX", readonly=True)
            for number in client.search(None, "TEXT", f'"{self.subject}"')[1][0].split():
                content = self.raw = client.fetch(number, "(BODY.PEEK[])")[1][0][1]
                message = email.message_from_bytes(content)
                if message.get_content_type() == "multipart/report":
                    return message, content.decode("utf-8", "replace")
        return None

    def test_what_is_submitted_goes_out(self):
        content = self.submit("bob@far.example", "eve@far.example")
        host.wait_for(self.taken, 20, "the message")
        path, recipients, got = self.taken()[0]
        self.assertEqual((path, sorted(recipients)), (self.host.address, ["bob@far.example", "eve@far.example"]))
        self.assertTrue(got.endswith(content), got)
        self.assertTrue(got.startswith(b"Received: from "), got)
        host.wait_for(lambda: not self.queue(), 10, "an empty queue")
        self.assertEqual(len(self.taken()), 1)

    def test_a_domain_without_mx_is_its_own_host(self):
        self.submit("bob@plain.example")
        host.wait_for(self.taken, 20, "the message")

    def test_the_next_host_takes_it(self):
        self.submit("bob@second.example")
        host.wait_for(self.taken, 20, "the message")

    def test_a_large_message_goes_out_whole(self):
        content = self.submit("bob@far.example", body=".starts with a dot\r\n" * 100_000)
        host.wait_for(self.taken, 60, "the message")
        self.assertTrue(self.taken()[0][2].endswith(content))

    def test_zz_a_report_is_signed(self):
        """With the keys of the domain that the host's name stands below. The last one, because they sign everything from then on."""
        keys = self.host.mailctl("domain", "dkim", "list", "example.org", as_json=True)["rows"]
        self.records.update({key["record_name"]: [("TXT", key["record"])] for key in keys})
        if any(key["state"] == "published" for key in keys):
            self.host.mailctl("domain", "dkim", "rotate", "example.org", "--force")
        self.peer.replies["nobody"] = "550 5.1.1 We know no such person"
        self.submit("nobody@far.example")
        host.wait_for(self.report, 20, "a report")
        checked = json.loads(subprocess.run(
            [host.BUILD / "mailctl", "--json", "message", "verify", "--resolver", self.zone.address, "-"],
            input=self.raw, capture_output=True, check=True, timeout=60).stdout)["result"]
        self.assertEqual([(each["result"], each["domain"]) for each in checked["dkim"]], [("pass", "example.org")] * 2)

    def test_a_refusal_comes_back(self):
        self.peer.replies["nobody"] = "550 5.1.1 We know no such person"
        self.submit("nobody@far.example", "bob@far.example")
        host.wait_for(self.taken, 20, "the message for the other")
        self.assertEqual(self.taken()[0][1], ["bob@far.example"])
        message, text = host.wait_for(self.report, 20, "a report")
        for wanted in ("Action: failed", "Status: 5.1.1", "We know no such person", "rfc822;nobody@far.example", "mx.far.example"):
            self.assertIn(wanted, text)
        self.assertEqual(message["Return-Path"], "<>")
        host.wait_for(lambda: not self.queue(), 10, "an empty queue")

    def test_domains_that_are_not_there_or_take_no_mail(self):
        self.submit("a@nowhere.example", "b@null.example")
        host.wait_for(lambda: not self.queue(), 20, "an empty queue")
        text = host.wait_for(self.report, 20, "a report")[1]
        self.assertTrue("5.1.2" in text or "5.1.10" in text, text)

    def test_nobody_is_told_who_wants_none(self):
        self.peer.replies["nobody"] = "550 5.1.1 No"
        self.submit("nobody@far.example", rcpt_options=["NOTIFY=NEVER"])
        host.wait_for(lambda: not self.queue(), 20, "an empty queue")
        self.assertIsNone(self.report())

    def test_what_is_put_off_is_tried_again(self):
        self.peer.replies["busy"] = "450 4.2.1 Not just now"
        self.submit("busy@far.example")
        row = host.wait_for(lambda: self.row(attempts=1), 20, "an attempt")
        self.assertEqual((row["status"], row["host"]), ("4.2.1", "mx.far.example"))
        self.assertIn("Not just now", row["reason"])
        self.assertIn("Not just now", self.host.mailctl("queue", "show", str(row["id"])))
        self.peer.replies.clear()
        self.host.mailctl("queue", "retry", str(row["id"]))
        host.wait_for(self.taken, 20, "the message")
        host.wait_for(lambda: not self.queue(), 10, "an empty queue")

    def test_it_is_tried_again_by_itself(self):
        self.peer.greeting = "421 4.3.2 Closing"
        self.submit("bob@far.example")
        host.wait_for(lambda: self.row(attempts=1), 20, "an attempt")
        self.peer.greeting = "220 peer.example ESMTP"
        host.wait_for(self.taken, 60, "the message")

    def test_a_connection_that_breaks_loses_nothing(self):
        for place in ("MAIL", "RCPT", "DATA", "."):
            with self.subTest(place):
                self.subject = f"broken at {place} {time.monotonic_ns()}"
                self.peer.drops_at = place
                self.submit("bob@far.example")
                row = host.wait_for(lambda: next((r for r in self.queue() if r["attempts"] >= 1), None), 20, "an attempt")
                self.peer.drops_at = None
                self.host.mailctl("queue", "retry", str(row["id"]))
                host.wait_for(self.taken, 60, "the message")
                host.wait_for(lambda: not self.queue(), 10, "an empty queue")
                self.assertEqual(len(self.taken()), 1)

    def test_an_admin_holds_and_lets_go(self):
        self.peer.replies["busy"] = "450 4.2.1 Not just now"
        self.submit("busy@far.example")
        host.wait_for(lambda: self.row(attempts=1), 20, "an attempt")
        self.assertEqual(self.host.mailctl("queue", "hold", "--to", "far.example", "--reason", "on the phone with them"), "1 recipient held\n")
        self.assertEqual(self.row(recipient="busy@far.example")["reason"], "on the phone with them")
        self.assertEqual(self.host.mailctl("queue", "stats", as_json=True)["rows"][0]["held"], 1)
        self.peer.replies.clear()
        self.host.mailctl("queue", "retry", "--all")
        self.assertEqual(self.row(recipient="busy@far.example")["state"], "held")
        self.host.mailctl("queue", "release", "--held")
        host.wait_for(self.taken, 20, "the message")

    def test_an_admin_gives_up(self):
        self.peer.replies["busy"] = "450 4.2.1 Not just now"
        self.submit("busy@far.example")
        host.wait_for(lambda: self.row(attempts=1), 20, "an attempt")
        self.host.mailctl("--yes", "queue", "fail", "--recipient", "busy@far.example", "--reason", "they are gone")
        text = host.wait_for(self.report, 20, "a report")[1]
        self.assertIn("they are gone", text)
        self.assertEqual(self.queue(), [])

    def test_an_admin_leads_elsewhere(self):
        self.submit("bob@dead.example")
        host.wait_for(lambda: self.row(attempts=1), 60, "an attempt")
        self.host.mailctl("queue", "reroute", "far.example", "--to", "dead.example")
        host.wait_for(self.taken, 20, "the message")
        self.assertEqual(self.taken()[0][1], ["bob@dead.example"])

    def test_a_destination_is_suspended(self):
        self.host.mailctl("queue", "suspend", "far.example", "--for", "1h", "--reason", "they move")
        self.submit("bob@far.example", "eve@plain.example")
        host.wait_for(self.taken, 20, "the message for the other")
        self.assertEqual(self.taken()[0][1], ["eve@plain.example"])
        self.assertEqual(self.host.mailctl("queue", "suspended", as_json=True)["rows"][0]["reason"], "they move")
        self.host.mailctl("queue", "resume", "far.example")
        host.wait_for(lambda: len(self.taken()) == 2, 20, "the message")

    def test_an_address_is_suppressed(self):
        self.host.mailctl("queue", "suppress", "add", "eve@far.example", "--reason", "she has asked for it")
        try:
            self.submit("eve@far.example")
            self.assertIn("she has asked for it", host.wait_for(self.report, 20, "a report")[1])
            self.assertEqual(self.taken(), [])
        finally:
            self.host.mailctl("queue", "suppress", "rm", "eve@far.example")

    def test_a_route_leads_elsewhere(self):
        other = smtp_peer.SmtpPeer()
        before = (self.host.root / "etc/maild.toml").read_text()
        pid = self.sender()
        self.host.configure("[dns]", f"[[queue.routes]]\nto = \"*.routed.example\"\nvia = \"smtp:[127.0.0.1]:{other.port}\"\nhello = \"other.name.example\"\n[dns]")
        try:
            host.wait_for(lambda: self.sender() not in (None, pid), 20, "a new sender")
            self.submit("bob@some.routed.example", "eve@far.example")
            host.wait_for(lambda: other.taken and self.taken(), 20, "both messages")
            self.assertEqual((other.taken[0][1], self.taken()[0][1]), (["bob@some.routed.example"], ["eve@far.example"]))
            self.assertIn("EHLO other.name.example", other.commands)
        finally:
            (self.host.root / "etc/maild.toml").write_text(before)
            pid = self.sender()
            self.host.mailctl("server", "reload")
            host.wait_for(lambda: self.sender() not in (None, pid), 20, "a new sender")
            other.close()

    def test_a_route_leads_through_a_proxy(self):
        proxy = socks_proxy.SocksProxy()
        before = (self.host.root / "etc/maild.toml").read_text()
        pid = self.sender()
        self.host.configure("[dns]", f"[[queue.routes]]\nto = \"far.example\"\nproxy = \"socks5://127.0.0.1:{proxy.port}\"\n[dns]")
        try:
            host.wait_for(lambda: self.sender() not in (None, pid), 20, "a new sender")
            self.assertEqual(self.host.mailctl("route", "list", as_json=True)["rows"][0]["proxy"], f"socks5://127.0.0.1:{proxy.port}")
            self.assertIn("through the proxy", self.host.mailctl("route", "test", "--to", "bob@far.example"))
            self.submit("bob@far.example")
            host.wait_for(self.taken, 20, "the message")
            self.assertEqual(proxy.asked, [("127.0.0.1", self.peer.port)])
            proxy.refuses = True
            steps = self.host.mailctl("test", "mx", "far.example", as_json=True, exit_code=1)["rows"]
            self.assertIn("the proxy", next(row["text"] for row in steps if row["step"] == "connect"))
        finally:
            (self.host.root / "etc/maild.toml").write_text(before)
            pid = self.sender()
            self.host.mailctl("server", "reload")
            host.wait_for(lambda: self.sender() not in (None, pid), 20, "a new sender")
            proxy.close()

    def test_nobody_connects_where_nothing_is_sent(self):
        before = (self.host.root / "etc/maild.toml").read_text()
        self.host.configure("[queue]", "[queue]\nsending = \"off\"")
        try:
            with self.assertRaisesRegex(AssertionError, "No process may connect"):
                self.host.mailctl("test", "mx", "far.example")
        finally:
            (self.host.root / "etc/maild.toml").write_text(before)
            self.host.mailctl("server", "reload")
            host.wait_for(self.sender, 20, "a sender")

    def test_a_filter_is_needed(self):
        with self.assertRaisesRegex(AssertionError, "--all is for the whole queue"):
            self.host.mailctl("queue", "hold")

    def test_success_is_told(self):
        self.submit("bob@far.example", rcpt_options=["NOTIFY=SUCCESS"])
        host.wait_for(self.taken, 20, "the message")
        self.assertIn("Action: relayed", host.wait_for(self.report, 20, "a report")[1])

    def test_a_sender_that_is_killed_is_followed_by_another(self):
        pid = self.sender()
        self.peer.on_dot = lambda: os.kill(pid, signal.SIGKILL)
        self.submit("bob@far.example")
        host.wait_for(self.taken, 20, "the message")
        self.peer.on_dot = None
        host.wait_for(lambda: self.sender() not in (None, pid), 20, "a new sender")
        host.wait_for(lambda: not self.queue(), 60, "an empty queue")
        self.assertLessEqual(len(self.taken()), 2)   # taken, and the sender died before it knew: once more at most

    def test_a_store_that_is_killed_hears_of_it_once(self):
        killed = []

        def kill():
            if not killed:
                killed.append(self.host.pids("store")[0])
                os.kill(killed[0], signal.SIGKILL)
        self.peer.on_dot = kill
        self.submit("bob@far.example")
        host.wait_for(self.taken, 20, "the message")
        host.wait_for(lambda: self.host.pids("store") not in ([], killed), 20, "a new store")
        host.wait_for(lambda: not self.queue(), 60, "an empty queue")
        self.assertEqual(len(self.taken()), 1)   # the sender still knows, and tells the new one

    def test_there_is_time_to_think_again(self):
        self.host.mailctl("account", "set", self.host.address, "--hold-for", "1h")
        self.assertEqual(self.host.mailctl("account", "show", self.host.address, as_json=True)["hold_for"], 3600)
        try:
            self.submit("bob@far.example")
            row = self.row(recipient="bob@far.example")
            self.assertAlmostEqual(row["next_attempt_at"] - row["queued_at"], 3600, delta=2)
            self.host.mailctl("--yes", "queue", "drop", str(row["id"]))
            self.assertEqual((self.queue(), self.taken()), ([], []))
        finally:
            self.host.mailctl("account", "set", self.host.address, "--hold-for", "off")

    def test_what_was_tried_is_explained(self):
        self.peer.replies["stranger"] = "550 5.1.1 We know no such person"
        self.submit("stranger@far.example")
        host.wait_for(self.report, 20, "a report")
        rows = host.wait_for(lambda: [row for row in self.host.mailctl("message", "trace", "--to", "stranger@far.example", as_json=True)["rows"]
                                      if row["service"] == "sender" and "no such person" in row["reason"]], 10, "a trace")
        self.assertEqual(rows[0]["fate"], "failed")
        self.assertIn("We know no such person", self.host.mailctl("message", "explain", rows[0]["id"]))
        came = self.host.mailctl("message", "trace", "--to", "stranger@far.example", as_json=True)["rows"]
        first = next(row for row in came if row["service"] == "submission")
        self.assertIn("mx.far.example has not taken it for <stranger@far.example>: 550 5.1.1 We know no such person",
                      self.host.mailctl("message", "explain", first["id"]))


if __name__ == "__main__":
    unittest.main()
