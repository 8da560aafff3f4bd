#!/usr/bin/env python3
"""What the host tells its admin by mail: the summary of a day, alerts, and the figures behind them."""
import datetime
import email
import imaplib
import os
import smtplib
import subprocess
import time

import host
import zone


class NoticesTest(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zone = zone.Zone({"example.org": [("MX", "10 mail.example.org")], "mail.example.org": [("A", "192.0.2.25")]})
        path = cls.host.root / "etc/maild.toml"
        path.write_text(path.read_text() + f'\n[dns]\nservers = ["{cls.zone.address}"]\n')
        cls.host.mailctl("server", "reload")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.zone.close()

    def mails(self, subject):
        """Those in the admin's INBOX whose subject has this in it."""
        with imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls()) as client:
            client.login(self.host.address, self.host.password)
            client.select("INBOX", readonly=True)
            _, found = client.search(None, "SUBJECT", f'"{subject}"')
            out = []
            for number in found[0].split():
                _, parts = client.fetch(number, "(BODY.PEEK[])")
                out.append(email.message_from_bytes(parts[0][1]))
            return out

    def receive(self, *recipients):
        with smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="client.example") as client:
            try:
                client.sendmail("bob@client.example", recipients, host.message())
            except smtplib.SMTPException:
                pass

    def restarted(self, change):
        """The daemon anew, with something changed while it is down."""
        self.host.stop()
        change()
        self.host.start()

    def note(self, name):
        return self.host.root / "var/lib/trace" / f"{name}.note"

    def test_1_summary_of_now_is_shown_and_sent(self):
        self.receive(self.host.address)
        self.receive("nobody@example.org")

        def is_counted():
            volume = self.host.mailctl("report", "volume", "--since", "24h", as_json=True)["rows"]
            return sum(row["received"] for row in volume) >= 1 and sum(row["refused"] for row in volume) >= 1
        host.wait_for(is_counted, 10, "the counts")
        text = self.host.mailctl("report", "summary")
        for words in ("What wants attention", "received           1  messages", "refused            1  messages", "Queue\n", "certificate"):
            self.assertIn(words, text)
        sent = self.host.mailctl("report", "summary", "--send")
        self.assertIn(f"in INBOX of {self.host.address}", sent)
        letters = self.mails("mail of the last 24 hours")
        self.assertEqual(len(letters), 1)
        self.assertEqual(letters[0]["Auto-Submitted"], "auto-generated")
        self.assertEqual(letters[0]["Return-Path"], "<>")
        self.assertIn("received           1  messages", letters[0].get_payload(decode=True).decode())

    def test_2_volume_is_by_domain_and_hour(self):
        rows = self.host.mailctl("report", "volume", "example.org", "--by", "hour", as_json=True)["rows"]
        self.assertGreaterEqual(sum(row["delivered"] for row in rows), 1)
        self.assertEqual(self.host.mailctl("report", "volume", "other.example", as_json=True)["rows"][0]["delivered"], 0)
        self.host.mailctl("report", "volume", "--by", "year", exit_code=64)
        self.host.mailctl("report", "volume", "--by", "hour", "--since", "60d", exit_code=64)   # more rows than are kept

    def test_3_deliverability_is_empty_where_nothing_was_sent(self):
        self.assertEqual(self.host.mailctl("report", "deliverability", as_json=True)["rows"], [])

    def test_4_summary_of_yesterday_comes_by_itself_and_once(self):
        today = datetime.datetime.now(datetime.timezone.utc)
        day = (today - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).days
        host.wait_for(lambda: self.note("summary").exists(), 30, "the first day to be noted")
        if today.hour == 0 and today.minute < 15:
            self.skipTest("the summary is not due in the first minutes of a day")

        def change():
            path = self.note("summary")
            owner = path.stat()
            path.write_text(f"{day - 2}\nqueue held\n")
            os.chown(path, owner.st_uid, owner.st_gid)
            settings = self.host.root / "etc/maild.toml"
            settings.write_text(settings.read_text() + '\n[notices]\nat = "10 min"\n')
        self.restarted(change)
        subject = f"mail on {(today - datetime.timedelta(days=1)):%Y-%m-%d}"
        host.wait_for(lambda: self.mails(subject), 60, "the summary")
        text = self.mails(subject)[0].get_payload(decode=True).decode().replace("\r\n", "\n")
        self.assertIn("Settled since the last summary\n  queue held", text)
        self.assertIn("new: example.org: spf-missing", text)
        host.wait_for(lambda: self.note("summary").read_text().startswith(f"{day - 1}\n"), 10, "the note")
        self.restarted(lambda: None)
        log = self.host.log().count("summary_delivered")
        host.wait_for(lambda: self.status_since_start() > 17, 60, "further looks")
        self.assertEqual(self.host.log().count("summary_delivered"), log)
        self.assertEqual(len(self.mails(subject)), 1)

    def status_since_start(self):
        return time.time() - self.host.status()["started"]

    def test_5_alert_comes_once(self):
        def change():
            tls = self.host.root / "etc/soon"
            tls.mkdir()
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tls / "key.pem", "-out", tls / "cert.pem",
                            "-days", "1", "-subj", "/CN=mail.example.org", "-addext", "subjectAltName=DNS:mail.example.org"],
                           check=True, capture_output=True)
            path = self.host.root / "etc/maild.toml"
            self.assertNotIn("\n[tls]", path.read_text())
            path.write_text(path.read_text() + f'\n[tls]\ncertificate = "{tls / "cert.pem"}"\nkey = "{tls / "key.pem"}"\n')
        self.restarted(change)
        host.wait_for(lambda: self.mails("alert"), 60, "the alert")
        letters = self.mails("alert")
        self.assertEqual(len(letters), 1)
        self.assertIn("expires at", letters[0].get_payload(decode=True).decode())
        self.assertRegex(self.host.log(), r" error control\[\d+\] alert matter=.*expires at")
        self.restarted(lambda: None)
        host.wait_for(lambda: self.status_since_start() > 17, 60, "further looks")
        self.assertEqual(len(self.mails("alert")), 1)
        matters = self.host.mailctl("report", "summary", as_json=True)["matters"]
        self.assertIn(True, [m["urgent"] for m in matters])


if __name__ == "__main__":
    host.main()
