#!/usr/bin/env python3
"""Who may be believed, on port 25 of a real host, with a DNS of this test's own: SPF, DKIM, DMARC and ARC as they are written
on top of a message, and what becomes of it."""
import concurrent.futures
import email
import imaplib
import os
import signal
import smtplib
import subprocess
import time
import unittest

import host
import zone

BODY = "Hello.\r\n"


def mail(sender, subject, above=""):
    return (f"{above}From: <{sender}>\r\nTo: <ada@example.org>\r\nSubject: {subject}\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{subject.replace(' ', '.')}@client.example>\r\n\r\n{BODY}").encode()


class Reception(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = {
            "good.example": [("TXT", "v=spf1 ip4:127.0.0.1 -all")],
            "_dmarc.good.example": [("TXT", "v=DMARC1; p=reject")],
            "bad.example": [("TXT", "v=spf1 ip4:192.0.2.1 -all")],
            "_dmarc.reject.example": [("TXT", "v=DMARC1; p=reject")],
            "_dmarc.junk.example": [("TXT", "v=DMARC1; p=quarantine")],
            "_dmarc.none.example": [("TXT", "v=DMARC1; p=none")],
            "null.example": [("MX", "0 .")],
            "silent.example": [("TXT", "v=spf1 -all")],
            "_dmarc.silent.example": [("TXT", "v=DMARC1; p=reject")],
        }
        cls.key = cls.host.root / "dkim.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", cls.key],
                       check=True, capture_output=True)
        cls.key.chmod(0o600)
        public = subprocess.run(["openssl", "pkey", "-in", cls.key, "-pubout"], check=True, capture_output=True, text=True).stdout
        p = "".join(public.splitlines()[1:-1])
        cls.records["s._domainkey.reject.example"] = [("TXT", f"v=DKIM1; p={p}")]
        cls.zone = zone.Zone(cls.records)
        path = cls.host.root / "etc/maild.toml"
        path.write_text(path.read_text() + f"\n[dns]\nservers = [\"{cls.zone.address}\"]\n[verify]\nexempt = []\n")
        cls.host.mailctl("server", "reload")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.zone.close()

    def send(self, content, sender, to="ada@example.org"):
        """The last reply."""
        with smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="client.example", timeout=60) as client:
            client.ehlo()
            client.mail(sender)
            client.rcpt(to)
            return client.data(content)

    def find(self, subject, mailbox="INBOX"):
        with imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls()) as client:
            client.login(self.host.address, self.host.password)
            client.select(mailbox, readonly=True)
            found = client.search(None, "SUBJECT", f'"{subject}"')[1][0].split()
            if not found:
                return None
            data = client.fetch(found[-1], "(FLAGS BODY.PEEK[])")[1][0]
            return data[0].decode(), email.message_from_bytes(data[1])

    def results(self, subject, mailbox="INBOX"):
        found = self.find(subject, mailbox)
        self.assertIsNotNone(found, f"{subject} in {mailbox}\n{self.host.log_tail()}")
        return " ".join(found[1].get_all("Authentication-Results")[0].split())

    def test_spf_and_dmarc_pass(self):
        code, text = self.send(mail("a@good.example", "spf pass"), "a@good.example")
        self.assertEqual(code, 250, text)
        results = self.results("spf pass")
        self.assertTrue(results.startswith("mail.example.org; iprev="), results)
        self.assertIn("spf=pass", results)
        self.assertIn("dmarc=pass", results)
        message = self.find("spf pass")[1]
        self.assertTrue(message["Received-SPF"].startswith("pass"))
        self.assertEqual(message.keys()[:5], ["Return-Path", "Delivered-To", "Authentication-Results", "Received-SPF", "Received"])

    def test_dmarc_rejects(self):
        code, text = self.send(mail("a@reject.example", "to be refused"), "a@bad.example")
        self.assertEqual((code, text[:6]), (550, b"5.7.26"))
        self.assertIsNone(self.find("to be refused"))

    def test_a_domain_that_takes_no_mail_sends_none(self):
        with smtplib.SMTP("127.0.0.1", self.host.port(25), timeout=60) as client:
            client.ehlo()
            code, text = client.mail("a@null.example")
            self.assertEqual((code, text[:6]), (550, b"5.7.27"))
            self.assertEqual(client.mail("a@good.example")[0], 250)

    def test_dmarc_quarantines_into_junk(self):
        code, text = self.send(mail("a@junk.example", "put aside"), "a@bad.example")
        self.assertEqual(code, 250, text)
        self.assertIsNone(self.find("put aside"))
        self.assertIn("dmarc=fail", self.results("put aside", "Junk"))
        self.assertIn("$Junk", self.find("put aside", "Junk")[0])

    def test_dmarc_without_a_policy_marks(self):
        self.assertEqual(self.send(mail("a@none.example", "marked"), "a@bad.example")[0], 250)
        results = self.results("marked")
        self.assertIn("dmarc=fail", results)
        self.assertIn("spf=fail", results)

    def test_a_forged_sender_hears_of_no_success(self):
        for sender in ("told@bad.example", "told@good.example"):
            with smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="client.example", timeout=60) as client:
                client.sendmail(sender, ["ada@example.org"], mail("a@none.example", f"from {sender}"), ["ENVID=told"], ["NOTIFY=SUCCESS"])
        told = [row["recipient"] for row in self.host.mailctl("queue", "list", as_json=True)["rows"]]
        self.assertIn("told@good.example", told)
        self.assertNotIn("told@bad.example", told)

    def sign(self, content):
        return subprocess.run([host.BUILD / "mailctl", "message", "sign", "--domain", "reject.example", "--selector", "s", "--key", self.key, "-"],
                              input=content, capture_output=True, check=True).stdout

    def test_a_signature_is_enough(self):
        code, text = self.send(self.sign(mail("a@reject.example", "signed")), "a@bad.example")
        self.assertEqual(code, 250, text)
        results = self.results("signed")
        self.assertIn("dkim=pass", results)
        self.assertIn("header.d=reject.example", results)
        self.assertIn("dmarc=pass", results)

    def test_a_broken_signature_is_none(self):
        signed = self.sign(mail("a@reject.example", "broken")).replace(b"Hello.", b"Hallo.")
        self.assertEqual(self.send(signed, "a@bad.example")[0], 550)

    def test_forged_results_go(self):
        forged = "Authentication-Results: mail.example.org;\r\n\tdmarc=pass header.from=bank.example\r\n"
        other = "Authentication-Results: mx.elsewhere.example; spf=pass\r\n"
        self.assertEqual(self.send(mail("a@good.example", "forged", forged + other + forged), "a@good.example")[0], 250)
        message = self.find("forged")[1]
        fields = [" ".join(each.split()) for each in message.get_all("Authentication-Results")]
        self.assertEqual(len(fields), 2)
        self.assertNotIn("bank.example", " ".join(fields))
        self.assertEqual(fields[1], "mx.elsewhere.example; spf=pass")
        self.assertEqual(message.get_payload(), BODY)

    def test_no_answer_defers_what_could_be_refused(self):
        self.zone.silent = {"silent.example"}
        try:
            code, text = self.send(mail("a@silent.example", "later"), "a@silent.example")
        finally:
            self.zone.silent = set()
        self.assertEqual((code, text[:5]), (451, b"4.7.0"))

    def test_a_dead_dns_holds_up_nobody_else(self):
        self.zone.is_dead = True
        try:
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                sent = [pool.submit(self.send, mail(f"a@dead{i}.example", f"dead {i}"), f"a@dead{i}.example") for i in range(8)]
                host.wait_for(lambda: len(self.zone.asked) > 0, 20, "a question")
                began = time.monotonic()
                self.find("nothing")
                self.assertLess(time.monotonic() - began, 5, "a mail program waits for no DNS")
                for each in sent:
                    self.assertEqual(each.result()[0], 451)
            told = [p["text"] for p in self.host.status()["processes"] if p["role"] == "resolver"]
            self.assertIn("the DNS does not answer", " ".join(told))
        finally:
            self.zone.is_dead = False

    def test_long_records_come_by_tcp(self):
        self.records["long.example"] = [("TXT", "v=spf1 " + "ip4:192.0.2.7 " * 120 + "ip4:127.0.0.1 -all")]
        self.assertEqual(self.send(mail("a@none.example", "long"), "a@long.example")[0], 250)
        self.assertIn("spf=pass", self.results("long"))

    def test_a_new_resolver_takes_the_place_of_a_dead_one(self):
        def ready():
            return next((p["pid"] for p in self.host.status()["processes"] if p["role"] == "resolver" and p["state"] == "ready"), None)
        pid = host.wait_for(ready, 20, "the resolver")
        os.kill(pid, signal.SIGKILL)
        host.wait_for(lambda: ready() not in (None, pid), 20, "a new resolver")
        self.records["again.example"] = [("TXT", "v=spf1 ip4:127.0.0.1 -all")]
        self.assertEqual(self.send(mail("a@none.example", "again"), "a@again.example")[0], 250)
        self.assertIn("spf=pass", self.results("again"))

    def test_new_servers_are_asked_after_a_reload(self):
        with_other = zone.Zone({"other.example": [("TXT", "v=spf1 ip4:127.0.0.1 -all")]})
        try:
            self.host.configure(self.zone.address, with_other.address)
            host.wait_for(lambda: self.send(mail("a@none.example", "other"), "a@other.example")[0] == 250
                          and "spf=pass" in self.results("other"), 20, "the other servers to be asked")
        finally:
            self.host.configure(with_other.address, self.zone.address)
            with_other.close()

    def test_lmtp_and_submission_are_not_asked_about(self):
        asked = len(self.zone.asked)
        with smtplib.SMTP("127.0.0.1", self.host.port(587), timeout=60) as client:
            client.starttls(context=host.insecure_tls())
            client.login(self.host.address, self.host.password)
            forged = "Authentication-Results: mail.example.org; dmarc=pass header.from=bank.example\r\n"
            client.sendmail(self.host.address, ["ada@example.org"], mail(self.host.address, "from here", forged))
        self.assertEqual(len(self.zone.asked), asked)
        self.assertIsNone(self.find("from here")[1]["Authentication-Results"])


if __name__ == "__main__":
    host.main()
