#!/usr/bin/env python3
"""Each keyword that EHLO and LHLO tell, used by programs that others have written, through the real daemon and back out of it:

  swaks    PIPELINING, STARTTLS, AUTH, ENHANCEDSTATUSCODES
  msmtp    STARTTLS, AUTH, DSN
  curl     SIZE, STARTTLS, AUTH, SMTPUTF8
  smtplib  all: SIZE, 8BITMIME, SMTPUTF8, CHUNKING, BINARYMIME, DSN, DELIVERBY, MT-PRIORITY, LIMITS, REQUIRETLS, FUTURERELEASE
  Postfix  PIPELINING, SIZE, 8BITMIME, STARTTLS, ENHANCEDSTATUSCODES, DSN, SMTPUTF8; by SMTP and by LMTP
"""
import email
import email.policy
import imaplib
import pathlib
import random
import smtplib
import tempfile
import time
import unittest

import host
import postfix

KEYWORDS = {"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "BINARYMIME", "DSN", "DELIVERBY", "MT-PRIORITY", "LIMITS",
            "ENHANCEDSTATUSCODES"}


class Extensions(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.add_account("bob@example.org", "bob's own")
        cls.host.mailctl("alias", "add", "far@example.org", "eve@elsewhere.example")
        cls.host.mailctl("alias", "add", "team@example.org", "bob@example.org", "eve@elsewhere.example")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.home.chmod(0o755)   # for Postfix's own user
        self.port, self.ada, self.password = self.host.port, self.host.address, self.host.password
        self.id = f"<{random.getrandbits(64):x}@client.example>"

    # What came into a mailbox.

    def inbox(self, user=None, password=None):
        client = imaplib.IMAP4_SSL("127.0.0.1", self.port(993), ssl_context=host.insecure_tls())
        client.login(user or self.ada, password or self.password)
        client.enable("UTF8=ACCEPT")   # header fields as they came
        client.select("INBOX")
        return client

    def find(self, needle, user=None, password=None, key="TEXT"):
        """The messages of an INBOX whose text, or what else the key names, has `needle`."""
        client = self.inbox(user, password)
        found = client.uid("SEARCH", None, key, f'"{needle}"')[1][0].split()
        contents = [client.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1] for uid in found]
        client.logout()
        return contents

    def report(self, envelope_id):
        """The report on the message with this ENVID: its parts, and the fields of the second one."""
        def come():
            return [content for content in self.find("Your message was delivered", key="SUBJECT") if f"\nOriginal-Envelope-Id: {envelope_id}\r".encode() in content]
        content = host.wait_for(come, 20, f"a report of {envelope_id}")
        self.assertEqual(len(content), 1)
        message = email.message_from_bytes(content[0], policy=email.policy.default)
        parts = list(message.iter_parts())
        self.assertEqual([part.get_content_type() for part in parts][:2], ["text/plain", "message/delivery-status"])
        groups = parts[1].get_payload()
        self.assertEqual(groups[0]["Original-Envelope-Id"], envelope_id)
        self.assertEqual(message["Return-Path"], "<>")
        return parts, groups[1:]

    def queued(self, recipient, envelope_id=None):
        """What `mailctl queue show` tells of what waits for this recipient."""
        rows = [row for row in self.host.mailctl("queue", "list", as_json=True)["rows"] if row["recipient"] == recipient]
        shown = [self.host.mailctl("queue", "show", str(row["id"]), as_json=True) for row in rows]
        return [one for one in shown if envelope_id is None or one["envelope_id"] == envelope_id]

    # Those who say it.

    def submit(self):
        client = smtplib.SMTP("127.0.0.1", self.port(587), local_hostname="client.example")
        client.starttls(context=host.insecure_tls())
        client.ehlo()
        client.login(self.ada, self.password)
        return client

    def test_what_is_told(self):
        with smtplib.SMTP("127.0.0.1", self.port(25), local_hostname="client.example") as client:
            client.ehlo()
            self.assertEqual({name.upper() for name in client.esmtp_features}, KEYWORDS | {"STARTTLS"})
            client.starttls(context=host.insecure_tls())
            client.ehlo()
            self.assertEqual({name.upper() for name in client.esmtp_features}, KEYWORDS | {"REQUIRETLS"})
        with smtplib.LMTP("127.0.0.1", self.port(24), local_hostname="client.example") as client:
            client.ehlo()
            self.assertLessEqual(KEYWORDS, {name.upper() for name in client.esmtp_features})
        with self.submit() as client:
            client.ehlo()
            self.assertEqual({name.upper() for name in client.esmtp_features}, KEYWORDS | {"REQUIRETLS", "FUTURERELEASE"})
            self.assertEqual(client.esmtp_features["limits"], "RCPTMAX=1000")

    def test_swaks_pipelines(self):
        (self.home / "m.eml").write_bytes(host.message("swaks", message_id=self.id, sender=self.ada))
        out = host.run_client("swaks", "--server", "127.0.0.1", "--port", self.port(587), "--tls", "--pipeline", "--auth", "PLAIN", "--auth-user", self.ada,
                              "--auth-password", self.password, "--from", self.ada, "--to", f"{self.ada},bob@example.org", "--data", f"@{self.home}/m.eml").decode()
        self.assertIn("250 2.1.5 Ok", out)
        self.assertEqual(len(self.find(self.id)), 1)
        self.assertEqual(len(self.find(self.id, "bob@example.org", "bob's own")), 1)

    def test_msmtp_hears_of_success(self):
        config = self.home / "msmtprc"
        config.write_text(f"account default\nhost 127.0.0.1\nport {self.port(587)}\ntls on\ntls_starttls on\ntls_certcheck off\nauth plain\nuser {self.ada}\n"
                          f"passwordeval echo {self.password}\nfrom {self.ada}\ndsn_notify success\ndsn_return headers\n")
        config.chmod(0o600)
        host.run_client("msmtp", "-C", config, "bob@example.org", stdin=host.message("by msmtp", message_id=self.id, sender=self.ada).replace(b"\r\n", b"\n"))
        reports = [content for content in host.wait_for(lambda: self.find(self.id), 20, "the report") if b"Action: delivered" in content]
        self.assertEqual(len(reports), 1)
        self.assertIn(b"Final-Recipient: rfc822;bob@example.org", reports[0])
        self.assertIn(b"Subject: Your message was delivered", reports[0])
        self.assertNotIn(b"\r\nHello.", reports[0])   # RET=HDRS

    def test_curl_in_utf8(self):
        sent = host.message("curl", message_id=self.id, sender=self.ada).replace(b"Subject: curl", "Subject: Grüße".encode())
        (self.home / "m.eml").write_bytes(sent)
        (self.home / "login").write_text(f'user = "{self.ada}:{self.password}"\n')
        host.run_client("curl", "-sS", "-k", "-K", self.home / "login", "--ssl-reqd", f"smtp://127.0.0.1:{self.port(587)}/client.example", "--mail-from", self.ada,
                        "--mail-rcpt", self.ada, "-T", self.home / "m.eml")
        self.assertIn(sent, self.find(self.id)[0])

    def test_smtplib_in_utf8_and_8bit(self):
        sent = host.message("smtplib", "Grüße\r\n".encode().decode("latin-1"), self.id, sender=self.ada).decode("utf-8").encode("latin-1")
        with self.submit() as client:
            client.sendmail(self.ada, [self.ada], sent, mail_options=["SMTPUTF8", "BODY=8BITMIME"])   # it adds SIZE
        content = self.find(self.id)[0]
        self.assertTrue(content.endswith(sent))
        self.assertIn(b"with UTF8SMTPSA", content)

    def test_smtplib_too_large(self):
        with self.submit() as client:
            most = int(client.esmtp_features["size"])
            self.assertEqual(client.mail(self.ada, [f"SIZE={most + 1}"])[0], 552)

    def test_smtplib_in_chunks(self):
        text = host.message("in chunks", message_id=self.id, sender=self.ada)
        with self.submit() as client:
            self.assertEqual(client.mail(self.ada)[0], 250)
            self.assertEqual(client.rcpt(self.ada)[0], 250)
            for piece, last in ((text[:30], ""), (text[30:], " LAST")):
                client.send(f"BDAT {len(piece)}{last}\r\n".encode() + piece)
                self.assertEqual(client.getreply()[0], 250)
        self.assertTrue(self.find(self.id)[0].endswith(text))

    def test_smtplib_binary(self):
        binary = bytes(range(256)) * 40
        text = (f"From: {self.ada}\r\nMessage-ID: {self.id}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=bb\r\nContent-Transfer-Encoding: binary\r\n\r\n"
                "--bb\r\n\r\ntext\r\n--bb\r\nContent-Type: application/x-test\r\nContent-Transfer-Encoding: binary\r\n\r\n").encode() + binary + b"\r\n--bb--\r\n"
        with self.submit() as client:
            self.assertEqual(client.mail(self.ada, ["BODY=BINARYMIME"])[0], 250)
            self.assertEqual(client.rcpt(self.ada)[0], 250)
            self.assertEqual(client.docmd("DATA")[0], 503)
            client.send(f"BDAT {len(text)} LAST\r\n".encode() + text)
            self.assertEqual(client.getreply()[0], 250)
        content = self.find(self.id)[0]
        self.assertEqual(list(email.message_from_bytes(content).walk())[2].get_payload(decode=True), binary)
        self.assertNotIn(b"\0", content)
        self.assertNotIn(b"Encoding: binary", content)

    def send(self, mail_options, recipients, rcpt_options=()):
        with self.submit() as client:
            return client.sendmail(self.ada, recipients, host.message(message_id=self.id, sender=self.ada), mail_options=mail_options, rcpt_options=list(rcpt_options))

    def test_smtplib_delivered(self):
        self.send(["RET=FULL", "ENVID=d+2B1"], ["bob@example.org"], ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Bob@Example.org"])
        parts, recipients = self.report("d+1")
        self.assertEqual(dict(recipients[0].items()), {"Original-Recipient": "rfc822;Bob@Example.org", "Final-Recipient": "rfc822;bob@example.org",
                                                       "Action": "delivered", "Status": "2.1.5"})
        self.assertIn("It was put into the mailbox of:", parts[0].get_content())
        self.assertEqual(parts[2].get_content_type(), "text/rfc822-headers")
        self.assertIn(self.id, parts[2].get_content())

    def test_smtplib_in_utf8_delivered(self):
        self.host.add_account("jürgen@example.org", "his own")
        with self.submit() as client:
            client.command_encoding = "utf-8"
            self.assertEqual(client.mail(self.ada, ["SMTPUTF8", "ENVID=utf8"])[0], 250)
            self.assertEqual(client.rcpt("jürgen@example.org", ["NOTIFY=SUCCESS", r"ORCPT=utf-8;j\x{FC}rgen@example.org"])[0], 250)
            self.assertEqual(client.data(host.message(message_id=self.id, sender=self.ada))[0], 250)
        content = host.wait_for(lambda: [one for one in self.find("Your message was", key="SUBJECT") if b"global-delivery-status" in one], 20, "the report")[0]
        self.assertIn("Original-Recipient: utf-8;jürgen@example.org\r\nFinal-Recipient: utf-8;jürgen@example.org\r\nAction: delivered".encode(), content)

    def test_smtplib_not_told(self):
        for notify in ("NEVER", "FAILURE", "DELAY,FAILURE"):
            self.send(["ENVID=silent"], ["bob@example.org"], [f"NOTIFY={notify}"])
        self.send(["ENVID=last"], ["bob@example.org"], ["NOTIFY=SUCCESS"])
        self.report("last")
        self.assertEqual([one for one in self.find("Your message was", key="SUBJECT") if b"silent" in one], [])

    def test_smtplib_aliases(self):
        """RFC 3461 §5.2.7: to one address elsewhere the request goes along, of many the sender hears."""
        self.send(["RET=HDRS", "ENVID=one"], ["far@example.org"], ["NOTIFY=SUCCESS"])
        self.send(["ENVID=many"], ["team@example.org"], ["NOTIFY=SUCCESS,DELAY"])
        _, recipients = self.report("many")
        self.assertEqual([(one["Final-Recipient"], one["Action"]) for one in recipients], [("rfc822;team@example.org", "expanded")])
        self.assertEqual([one for one in self.find("Your message was", key="SUBJECT") if b"Original-Envelope-Id: one" in one], [])
        (one,), (many,) = self.queued("eve@elsewhere.example", "one"), self.queued("eve@elsewhere.example", "many")
        self.assertEqual(one["return_content"], "HDRS")
        self.assertEqual([(row["original_recipient"], row["notify"]) for row in one["recipients"]], [("rfc822;far@example.org", "SUCCESS")])
        self.assertEqual([(row["original_recipient"], row["notify"]) for row in many["recipients"]], [("rfc822;team@example.org", "DELAY")])

    def test_smtplib_report_to_elsewhere(self):
        """A report to a sender of another host waits in the queue, from nobody and to be answered by nobody."""
        with smtplib.SMTP("127.0.0.1", self.port(25), local_hostname="client.example") as client:
            client.sendmail("zoe@sender.example", ["bob@example.org"], host.message(message_id=self.id, sender=self.ada), ["ENVID=out"], ["NOTIFY=SUCCESS"])
        report, = host.wait_for(lambda: self.queued("zoe@sender.example"), 20, "the report")
        self.assertEqual((report["reverse_path"], report["recipients"][0]["notify"]), ("<>", "NEVER"))

    def test_smtplib_handling(self):
        """What a sender asks of hosts on the way stands in the queue."""
        before = int(time.time())
        self.send(["ENVID=asks", "REQUIRETLS", "HOLDFOR=3600", "BY=7200;RT", "MT-PRIORITY=4"], ["x1@elsewhere.example"])
        shown, = self.queued("x1@elsewhere.example", "asks")
        self.assertEqual((shown["tls"], shown["priority"], shown["behind_deadline"]), ("required", 4, "return, trace"))
        self.assertAlmostEqual(shown["not_before"] - before, 3600, delta=30)
        self.assertAlmostEqual(shown["deliver_by"] - before, 7200, delta=30)
        self.assertEqual(shown["recipients"][0]["next_attempt_at"], shown["not_before"])
        text = self.host.mailctl("queue", "show", str(shown["id"]))
        for word in ("asks", "required", "return, trace", "x1@elsewhere.example (held)"):
            self.assertIn(word, text)
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before + 900))
        self.send([f"HOLDUNTIL={until}"], ["x2@elsewhere.example"])
        self.assertEqual(self.queued("x2@elsewhere.example")[0]["not_before"], before + 900)
        with self.submit() as client:
            tls = b"TLS-Required: No\r\nMT-Priority: -2\r\n" + host.message(message_id=self.id, sender=self.ada)
            client.sendmail(self.ada, ["x3@elsewhere.example"], tls)
        shown, = self.queued("x3@elsewhere.example")
        self.assertEqual((shown["tls"], shown["priority"]), ("optional", -2))
        self.host.mailctl("queue", "show", "4711", exit_code=68)
        self.host.mailctl("queue", "show", "what", exit_code=64)

    def test_smtplib_holds_nothing_for_here(self):
        with self.submit() as client:
            self.assertEqual(client.mail(self.ada, ["HOLDFOR=60"])[0], 250)
            code, text = client.rcpt("bob@example.org")
            self.assertEqual((code, text[:5]), (554, b"5.3.3"))

    def test_smtplib_priority_of_strangers(self):
        with smtplib.LMTP("127.0.0.1", self.port(24), local_hostname="client.example") as client:
            client.sendmail("zoe@sender.example", ["bob@example.org"], host.message(message_id=self.id), ["MT-PRIORITY=9"])
        with smtplib.SMTP("127.0.0.1", self.port(25), local_hostname="client.example") as client:
            client.ehlo()
            client.mail("zoe@sender.example", ["MT-PRIORITY=9"])
            client.rcpt("bob@example.org")
            code, text = client.data(host.message(message_id=self.id))
            trusted = text.startswith(b"2.0.0")   # where loopback is a trusted network
            self.assertTrue(code == 250 and (trusted or text.startswith(b"2.3.6 0 ")), text)

    def relayed(self, transport, tls="none"):
        """Through Postfix, which is asked for everything that it knows."""
        peer = postfix.Postfix(self.home / "postfix", transport, tls)
        self.addCleanup(peer.close)
        name = transport.split(":")[0]
        sent = host.message("through Postfix", message_id=self.id, sender=self.ada).replace(b"Subject: ", "Subject: Grüße ".encode())
        with smtplib.SMTP("127.0.0.1", peer.port, local_hostname="client.example") as client:
            client.sendmail(self.ada, ["bob@example.org"], sent, mail_options=["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS", f"ENVID=by-{name}"],
                            rcpt_options=["NOTIFY=SUCCESS", "ORCPT=rfc822;Bob@example.org"])
        try:
            content, = host.wait_for(lambda: self.find(self.id, "bob@example.org", "bob's own"), 30, "the message")
            _, recipients = self.report(f"by-{name}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{peer.log()}") from error
        self.assertEqual((recipients[0]["Action"], recipients[0]["Original-Recipient"]), ("delivered", "rfc822;Bob@example.org"))
        return content

    @unittest.skipIf(postfix.missing(), postfix.missing())
    def test_postfix_relays(self):
        content = self.relayed(f"smtp:[127.0.0.1]:{self.port(25)}", "encrypt")
        self.assertIn(b"with UTF8SMTPS ", content)

    @unittest.skipIf(postfix.missing(), postfix.missing())
    def test_postfix_by_lmtp(self):
        content = self.relayed(f"lmtp:inet:127.0.0.1:{self.port(24)}")
        self.assertIn(b"with UTF8LMTP", content)


if __name__ == "__main__":
    host.main()
