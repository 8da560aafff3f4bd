#!/usr/bin/env python3
"""What users submit, by the programs that submit it: what is added, what is taken out, as whom they may write, the copy of what was
sent, and how much may go in a day."""
import imaplib
import os
import pathlib
import re
import shutil
import signal
import smtplib
import tempfile
import unittest

import host

BOB = "bob@example.org"


class SubmissionTest(host.HostTest):
    """A host with two accounts, of which ada submits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.add_account(BOB, cls.host.password)

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.address, self.password = self.host.address, self.host.password

    def login(self):
        client = smtplib.SMTP("127.0.0.1", self.host.port(587))
        client.starttls(context=host.insecure_tls())
        client.login(self.address, self.password)
        return client

    def submit(self, content, recipients=(BOB,), sender=None):
        """What end of data was answered: 250, or what refused it."""
        client = self.login()
        try:
            client.sendmail(self.address if sender is None else sender, list(recipients), content)
            return 250, b""
        except smtplib.SMTPDataError as refused:
            return refused.smtp_code, refused.smtp_error
        finally:
            client.close()

    def imap(self, address):
        client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls())
        client.login(address, self.password)
        return client

    def found(self, address, mailbox, subject, items="(BODY.PEEK[])"):
        """What FETCH says of each message with this subject."""
        client = self.imap(address)
        self.assertEqual(client.select(mailbox, readonly=True)[0], "OK")
        uids = client.uid("SEARCH", None, "SUBJECT", f'"{subject}"')[1][0].split()
        out = []
        for uid in uids:
            data = client.uid("FETCH", uid, items)[1]
            out.append(data[0][1] if isinstance(data[0], tuple) else data[0])
        client.logout()
        return out

    def one(self, address, mailbox, subject, items="(BODY.PEEK[])"):
        found = self.found(address, mailbox, subject, items)
        self.assertEqual(len(found), 1, f"{subject} in {mailbox}")
        return found[0]

    def set(self, *options, address=None):
        self.host.mailctl("account", "set", address or self.address, *options)


def header_of(content):
    return content.partition(b"\r\n\r\n")[0] + b"\r\n"


class FixUps(SubmissionTest):
    def test_date_and_message_id_are_added_above_what_was_written(self):
        sent = f"From: {self.address}\r\nTo: {BOB}\r\nSubject: bare\r\n\r\nHello.\r\n".encode()
        self.assertEqual(self.submit(sent)[0], 250)
        got = self.one(BOB, "INBOX", "bare")
        self.assertTrue(got.endswith(sent), got)
        added = got[:-len(sent)].decode()
        self.assertRegex(added, r"(?m)^Date: \w{3}, \d{2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\r$")
        message_id = re.search(r"(?m)^Message-ID: (<[^@<> ]+@mail\.example\.org>)\r$", added).group(1)
        envelope = self.one(BOB, "INBOX", "bare", "ENVELOPE").decode()
        self.assertIn(message_id, envelope)
        self.assertRegex(envelope, r'ENVELOPE \("\w{3}, ')
        self.assertEqual(self.submit(sent.replace(b"bare", b"again"))[0], 250)
        self.assertNotIn(message_id.encode(), self.one(BOB, "INBOX", "again"))

    def test_what_is_there_is_left_alone(self):
        sent = host.message("whole", message_id="<whole@client.example>", sender=self.address)
        self.assertEqual(self.submit(sent)[0], 250)
        got = self.one(BOB, "INBOX", "whole")
        self.assertTrue(got.endswith(sent), got)
        self.assertEqual(len(re.findall(rb"(?mi)^(?:date|message-id):", header_of(got))), 2)

    def test_sender_is_added_for_several_authors(self):
        sent = f"From: {self.address}, ada+x@example.org\r\nSubject: several\r\n\r\nx\r\n".encode()
        self.assertEqual(self.submit(sent)[0], 250)
        self.assertIn(f"\r\nSender: {self.address}\r\n".encode(), self.one(BOB, "INBOX", "several"))

    def test_nobody_sees_blind_recipients(self):
        sent = (f"Bcc: first@example.net\r\nFrom: {self.address}\r\nBCC: {BOB},\r\n\tsecret@example.net\r\nSubject: blind\r\n"
                f"Resent-Bcc: other@example.net\r\n\r\nBcc: in the body\r\n").encode()
        self.assertEqual(self.submit(sent)[0], 250)
        got = self.one(BOB, "INBOX", "blind")
        self.assertNotRegex(header_of(got).lower(), rb"(?m)^(?:resent-)?bcc")
        self.assertNotIn(b"secret", got)
        self.assertTrue(got.endswith(f"From: {self.address}\r\nSubject: blind\r\n\r\nBcc: in the body\r\n".encode()), got)

    def test_msmtp_reads_recipients_and_leaves_bcc_to_us(self):
        if shutil.which("msmtp") is None:
            self.skipTest("msmtp is not installed")
        (self.home / "rc").write_text(f"defaults\nauth on\ntls on\ntls_certcheck off\naccount default\nhost 127.0.0.1\nport {self.host.port(587)}\n"
                                      f"from {self.address}\nuser {self.address}\npassword {self.password}\nremove_bcc_headers off\n"
                                      "set_date_header off\nset_msgid_header off\n")
        os.chmod(self.home / "rc", 0o600)
        host.run_client("msmtp", "-C", self.home / "rc", "-t",
                        stdin=f"From: Ada <{self.address}>\nTo: {self.address}\nBcc: {BOB}\nSubject: by msmtp\n\nHello.\n".encode())
        for address in (self.address, BOB):
            got = self.one(address, "INBOX", "by msmtp")
            self.assertNotIn(b"Bcc", got)
            self.assertIn(b"\r\nMessage-ID: <", got)

    def test_mail_from_others_is_not_touched(self):
        sent = b"From: eve@client.example\r\nBcc: x@client.example\r\nSubject: relayed\r\n\r\nx\r\n"
        with smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="client.example") as client:
            client.sendmail("eve@client.example", [BOB], sent)
        got = self.one(BOB, "INBOX", "relayed")
        self.assertTrue(got.endswith(sent), got)
        self.assertNotRegex(header_of(got), rb"(?m)^(?:Date|Message-ID):")


class Ownership(SubmissionTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.mailctl("alias", "add", "team@example.org", cls.host.address, BOB)
        cls.host.mailctl("alias", "add", "shop-*@example.org", cls.host.address)

    def test_from_and_sender_must_be_ones_own(self):
        ada = self.address
        cases = [
            (f"From: {ada}", 250),
            (f"From: ADA@Example.ORG", 250),
            (f"From: \"The Team\" <team@example.org>", 250),
            (f"From: shop-tea@example.org", 250),
            (f"From: ada+tag@example.org", 250),
            (f"From: \"ceo@bank.example\" <{ada}>", 250),
            (f"From: {ada}\r\nSender: team@example.org", 250),
            (f"From: {BOB}", 550),
            ("From: ceo@bank.example", 550),
            (f"From: {ada}, {BOB}", 550),
            (f"From: {ada}\r\nSender: {BOB}", 550),
            ("Subject: nobody", 554),
            (f"From: ceo@bank.example <{ada}>", 554),
            (f"From: {ada}\r\nFrom: {ada}", 554),
            (f"From: {ada}\r\nX: y\r\n from: {BOB}\r\nFROM: {BOB}", 554),
            (f"From: friends: {ada};", 554),
            (f"From: {ada}\r\nSender: {ada}\r\nSender: {ada}", 554),
        ]
        for header, want in cases:
            code, text = self.submit(f"{header}\r\nTo: {BOB}\r\n\r\nx\r\n".encode())
            self.assertEqual(code, want, f"{header}: {text}")
            if want == 550:
                self.assertTrue(text.startswith(b"5.7.1 "), text)

    def test_mail_from_must_be_ones_own(self):
        for sender, want in ((BOB, 553), ("x@bank.example", 553), ("team@example.org", 250), ("", 250)):
            client = self.login()
            self.assertEqual(client.mail(sender)[0], want, sender)
            client.close()

    def test_swaks_hears_why(self):
        run = host.run_client("swaks", "--server", "127.0.0.1", "--port", self.host.port(587), "--tls", "--auth-user", self.address, "--auth-password",
                              self.password, "--from", self.address, "--to", BOB, "--header", f"From: {BOB}", exit_code=26)
        self.assertIn(b"550 5.7.1 From or Sender has an address that is not yours", run)

    def test_it_can_be_switched_off(self):
        self.host.configure('[limits]', '[submission]\nfrom = "any"\n\n[limits]')
        try:
            self.assertEqual(self.submit(b"From: ceo@bank.example\r\nBcc: x@y.example\r\nSubject: free\r\n\r\nx\r\n")[0], 250)
            self.assertNotIn(b"Bcc", self.one(BOB, "INBOX", "free"))
            self.assertEqual(self.login().mail(BOB)[0], 553)
        finally:
            self.host.configure('[submission]\nfrom = "any"\n\n[limits]', '[limits]')


class SentCopy(SubmissionTest):
    def message(self, subject, more=""):
        return f"From: {self.address}\r\nTo: {BOB}\r\n{more}Subject: {subject}\r\n\r\nHello.\r\n".encode()

    def test_the_copy_is_the_accounts_choice(self):
        self.assertEqual(self.submit(self.message("unkept"))[0], 250)
        self.assertEqual(self.found(self.address, "Sent", "unkept"), [])
        self.set("--save-sent", "on")
        self.assertTrue(self.host.mailctl("account", "show", self.address, as_json=True)["save_sent"])
        self.assertEqual(self.submit(self.message("chosen", f"Bcc: hidden@example.net\r\n"), (BOB, "hidden@example.net", self.address))[0], 250)
        copy = self.one(self.address, "Sent", "chosen")
        self.assertIn(b"\r\nBcc: hidden@example.net\r\n", copy)
        self.assertNotIn(b"Received:", copy)
        self.assertRegex(self.one(self.address, "Sent", "chosen", "FLAGS"), rb"FLAGS \([^)]*\\Seen")
        for address in (BOB, self.address):
            got = self.one(address, "INBOX", "chosen")
            self.assertNotIn(b"hidden", got)
            self.assertEqual(re.findall(rb"(?m)^Message-ID: .*\r$", got), re.findall(rb"(?m)^Message-ID: .*\r$", copy))
        self.set("--save-sent", "off")

    def test_the_mailbox_is_found_by_its_use(self):
        self.set("--save-sent", "on", address=self.address)
        client = self.imap(self.address)
        self.assertEqual(client.rename("Sent", "Gesendet")[0], "OK")
        self.assertEqual(self.submit(self.message("renamed"))[0], 250)
        self.one(self.address, "Gesendet", "renamed")
        self.assertEqual(client.rename("Gesendet", "Sent")[0], "OK")
        client.logout()
        self.set("--save-sent", "off")

    def test_a_full_account_sends_and_keeps_nothing(self):
        self.set("--save-sent", "on")
        self.host.mailctl("account", "quota", "set", self.address, "1K")
        try:
            content = self.message("full") + b"x" * 2000 + b"\r\n"
            self.assertEqual(self.submit(content)[0], 250)
            self.one(BOB, "INBOX", "full")
            self.assertEqual(self.found(self.address, "Sent", "full"), [])
            self.assertRegex(self.host.log(), r"sent_copy_not_kept.*too_large")
        finally:
            self.host.mailctl("account", "quota", "set", self.address, "0")
            self.set("--save-sent", "off")


class Limits(SubmissionTest):
    def message(self):
        return f"From: {self.address}\r\nTo: {BOB}\r\nSubject: counted\r\n\r\nx\r\n".encode()

    def test_a_days_messages_are_counted_for_all_workers(self):
        self.set("--messages-per-day", "3")
        self.assertEqual(self.submit(self.message())[0], 250)
        self.assertEqual(self.submit(b"From: eve@bank.example\r\n\r\nx\r\n")[0], 550)   # is not counted
        for pid in self.host.pids("worker"):
            os.kill(pid, signal.SIGKILL)
        host.wait_for(self.is_served, 20, "workers that serve again")
        self.assertEqual(self.submit(self.message())[0], 250)
        self.host.stop()
        self.host.start()
        host.wait_for(self.is_served, 20, "a host that serves again")
        self.assertEqual(self.submit(self.message())[0], 250)
        code, text = self.submit(self.message())
        self.assertEqual(code, 450)
        self.assertRegex(text.decode(), r"^4\.7\.0 Your account may send no more than 3 messages a day; the next day begins in \d+ h \d+ min$")
        self.set("--messages-per-day", "default")
        self.assertEqual(self.submit(self.message())[0], 250)

    def is_served(self):
        try:
            self.login().close()
            return True
        except (OSError, smtplib.SMTPException):
            return False

    def test_a_days_recipients_are_counted(self):
        self.set("--recipients-per-day", "2", address=BOB)
        client = smtplib.SMTP("127.0.0.1", self.host.port(587))
        client.starttls(context=host.insecure_tls())
        client.login(BOB, self.password)
        with self.assertRaises(smtplib.SMTPDataError) as refused:
            client.sendmail(BOB, [BOB, self.address, "x@example.net"], f"From: {BOB}\r\n\r\nx\r\n".encode())
        self.assertEqual(refused.exception.smtp_code, 450)
        client.sendmail(BOB, [BOB, self.address], f"From: {BOB}\r\n\r\nx\r\n".encode())
        client.close()


if __name__ == "__main__":
    host.main()
