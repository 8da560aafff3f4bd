#!/usr/bin/env python3
"""The programs that people use, as Debian ships them, against the real daemon: every byte that went in comes out."""
import imaplib
import os
import pathlib
import signal
import smtplib
import tempfile
import zlib

import host


class Clients(host.HostTest):
    def setUp(self):
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) if hasattr(self, "enterContext") else pathlib.Path(tempfile.mkdtemp())
        self.port, self.address, self.password = self.host.port, self.host.address, self.host.password

    def imap(self, tls=True):
        if tls:
            client = imaplib.IMAP4_SSL("127.0.0.1", self.port(993), ssl_context=host.insecure_tls())
        else:
            client = imaplib.IMAP4("127.0.0.1", self.port(143))
            client.starttls(host.insecure_tls())
        client.login(self.address, self.password)
        return client

    def fetch_by_id(self, message_id, mailbox="INBOX"):
        client = self.imap()
        self.assertEqual(client.select(mailbox)[0], "OK")
        found = client.uid("SEARCH", None, "HEADER", "Message-ID", f'"{message_id}"')[1][0].split()
        self.assertEqual(len(found), 1, f"{message_id} in {mailbox}")
        content = client.uid("FETCH", found[0], "(BODY.PEEK[])")[1][0][1]
        client.logout()
        return content

    def assert_same_below_trace(self, got, sent):
        """Our trace fields stand above; below them every byte is as it was sent."""
        self.assertTrue(got.endswith(sent), got[:2000])
        trace = got[:len(got) - len(sent)].decode("ascii")
        self.assertTrue(trace.startswith("Return-Path: <"), trace)
        self.assertIn("Received: from", trace)

    def test_swaks_starttls_then_curl_imaps(self):
        message_id = "<swaks-1@client.example>"
        sent = host.message("swaks", "one\r\n..two dots\r\n.\u00e4 8-bit\r\n".replace("\u00e4", "ae"), message_id)
        (self.home / "m.eml").write_bytes(sent[:-2])   # swaks ends the last line itself
        host.run_client("swaks", "--server", "127.0.0.1", "--port", self.port(25), "--tls", "--to", self.address, "--from", "bob@client.example",
                        "--helo", "client.example", "--data", f"@{self.home}/m.eml")
        url = f"imaps://127.0.0.1:{self.port(993)}/INBOX"
        (self.home / "login").write_text(f'user = "{self.address}:{self.password}"\n')
        found = host.run_client("curl", "-sS", "-k", "-K", self.home / "login", url, "-X", f"UID SEARCH HEADER Message-ID {message_id}")
        uid = found.decode().split()[-1]
        got = host.run_client("curl", "-sS", "-k", "-K", self.home / "login", f"{url};UID={uid}")
        self.assert_same_below_trace(got, sent)

    def test_imaplib_in_utf8(self):
        """Names in UTF-8 for who enables it (RFC 9755), in modified UTF-7 for the others; a part without its encoding (RFC 3516)."""
        client, other = self.imap(), self.imap()
        self.assertEqual(client.enable("UTF8=ACCEPT")[0], "OK")
        name = "B\u00fccher/\u672c"
        self.assertEqual(client.create(f'"{name}"')[0], "OK")
        self.assertIn(f'"{name}"', client.list()[1][-1].decode() + client.list('""', f'"{name}"')[1][0].decode())
        self.assertIn(b"B&APw-cher/&Zyw-", other.list('""', "B&APw-cher/*")[1][0])
        sent = b"Subject: decoded\r\nContent-Transfer-Encoding: base64\r\n\r\nAGJpbmFyeQD/\r\n"
        self.assertEqual(other.append("B&APw-cher/&Zyw-", None, None, sent)[0], "OK")
        self.assertEqual(client.select(f'"{name}"')[0], "OK")
        self.assertEqual(client.search(None, "SUBJECT", '"DECODED"')[1][0], b"1")
        self.assertIn(b"BINARY.SIZE[1] 9", client.fetch("1", "(BINARY.SIZE[1])")[1][0])
        other.logout()
        client.logout()

    def test_imaplib_compressed(self):
        """COMPRESS=DEFLATE (RFC 4978), with zlib between imaplib and its socket."""
        class Packed:
            def __init__(self, socket):
                self.socket, self.out, self.into, self.buffer = socket, zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15), b""

            def sendall(self, octets):
                self.socket.sendall(self.out.compress(octets) + self.out.flush(zlib.Z_SYNC_FLUSH))

            def more(self):
                octets = self.socket.recv(65536)
                self.buffer += self.into.decompress(octets)
                return bool(octets)

            def read(self, size):
                while len(self.buffer) < size and self.more():
                    pass
                octets, self.buffer = self.buffer[:size], self.buffer[size:]
                return octets

            def readline(self, _limit=None):
                while b"\n" not in self.buffer and self.more():
                    pass
                line, newline, self.buffer = self.buffer.partition(b"\n")
                return line + newline

        imaplib.Commands["COMPRESS"] = ("AUTH", "SELECTED")
        sent = host.message("packed", "compressible " * 100_000, "<packed@client.example>")
        client = self.imap()
        self.assertIn("COMPRESS=DEFLATE", client.capability()[1][0].decode())
        self.assertEqual(client._simple_command("COMPRESS", "DEFLATE")[0], "OK")
        packed = Packed(client.sock)
        client.send, client.read, client.readline = packed.sendall, packed.read, packed.readline
        self.assertEqual(client.append("Archive", None, None, sent)[0], "OK")
        client.select("Archive")
        uid = client.uid("SEARCH", None, "HEADER", "Message-ID", '"<packed@client.example>"')[1][0].split()[0]
        self.assertEqual(client.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1], sent)
        client.logout()

    def test_smtplib_imaplib_every_octet(self):
        body = b"".join(bytes([c]) * 3 for c in range(1, 256) if c not in (10, 13)) + b"\r\n.\r\n..\r\n.x\r\n\r\n"
        sent = host.message("octets", "", "<octets@client.example>") + body
        with smtplib.SMTP("127.0.0.1", self.port(25), local_hostname="client.example") as client:
            client.starttls(context=host.insecure_tls())
            client.sendmail("bob@client.example", [self.address], sent, mail_options=["BODY=8BITMIME"])
        self.assert_same_below_trace(self.fetch_by_id("<octets@client.example>"), sent)

    def test_submission_needs_login_and_own_address(self):
        with smtplib.SMTP("127.0.0.1", self.port(587)) as client:
            client.starttls(context=host.insecure_tls())
            with self.assertRaises(smtplib.SMTPSenderRefused) as refused:
                client.sendmail(self.address, [self.address], host.message())
            self.assertEqual(refused.exception.smtp_code, 530)
            client.login(self.address, self.password)
            with self.assertRaises(smtplib.SMTPSenderRefused) as refused:
                client.sendmail("eve@example.org", [self.address], host.message())
            self.assertEqual(refused.exception.smtp_code, 553)
            client.sendmail(self.address, [self.address], host.message("own", message_id="<own@client.example>", sender=self.address))
        self.fetch_by_id("<own@client.example>")

    def test_large_messages_and_many(self):
        """What travels between the processes outside of the frames: a body of megabytes, a mailbox of thousands."""
        body = "".join(f"{i:070d}\r\n" for i in range(70_000))
        sent = host.message("large", body, "<large@client.example>")
        with smtplib.SMTP("127.0.0.1", self.port(25), local_hostname="client.example") as client:
            client.sendmail("bob@client.example", [self.address], sent)
        self.assert_same_below_trace(self.fetch_by_id("<large@client.example>"), sent)
        client = self.imap()
        client.create("Large")
        self.assertEqual(client.append("Large", None, None, sent)[0], "OK")
        self.assertEqual(self.fetch_by_id("<large@client.example>", "Large"), sent)
        client.create("Many")
        small = host.message("small", "x\r\n")
        for _ in range(50):
            client.append("Many", None, None, small)
        client.select("Many")
        while len(client.search(None, "ALL")[1][0].split()) < 12_800:
            self.assertEqual(client.copy("1:*", "Many")[0], "OK")
            client.noop()
        self.assertEqual(int(client.select("Many")[1][0]), 12_800)
        fetched = client.fetch("1:*", "(UID FLAGS ENVELOPE)")[1]
        self.assertEqual(len(fetched), 12_800)
        self.assertEqual(client.store("1:*", "+FLAGS.SILENT", r"(\Seen)")[0], "OK")
        self.assertEqual(client.search(None, "UNSEEN")[1], [b""])
        client.logout()

    def test_implicit_tls_submission(self):
        with smtplib.SMTP_SSL("127.0.0.1", self.port(465), context=host.insecure_tls()) as client:
            client.login(self.address, self.password)
            client.sendmail(self.address, [self.address], host.message("465", message_id="<s465@client.example>", sender=self.address))
        self.fetch_by_id("<s465@client.example>")

    def test_no_open_relay(self):
        with smtplib.SMTP("127.0.0.1", self.port(25), local_hostname="client.example") as client:
            with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
                client.sendmail("bob@client.example", ["eve@elsewhere.example"], host.message())
            self.assertEqual(refused.exception.recipients["eve@elsewhere.example"][0], 554)
            with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
                client.sendmail("bob@client.example", ["nobody@example.org"], host.message())
            code, text = refused.exception.recipients["nobody@example.org"]
            self.assertEqual(code, 550)
            self.assertTrue(text.startswith(b"5.1.1"), text)

    def test_mail_for_elsewhere_is_held_durably(self):
        with smtplib.SMTP("127.0.0.1", self.port(587)) as client:
            client.starttls(context=host.insecure_tls())
            client.login(self.address, self.password)
            client.sendmail(self.address, ["eve@elsewhere.example"], host.message("away", sender=self.address))
        rows = self.host.mailctl("queue", "list", as_json=True)["rows"]
        mine = [row for row in rows if row["recipient"] == "eve@elsewhere.example"]
        self.assertEqual(len(mine), 1, rows)
        self.assertEqual((mine[0]["state"], mine[0]["reverse_path"]), ("held", self.address))

    def test_lmtp_one_reply_per_recipient(self):
        with smtplib.LMTP("127.0.0.1", self.port(24), local_hostname="client.example") as client:
            refused = client.sendmail("bob@client.example", [self.address, "nobody@example.org"],
                                      host.message("lmtp", message_id="<lmtp@client.example>"))
            self.assertEqual(list(refused), ["nobody@example.org"])
        self.fetch_by_id("<lmtp@client.example>")
        with smtplib.LMTP(str(self.host.root / "run/lmtp.sock"), local_hostname="client.example") as client:
            client.sendmail("bob@client.example", [self.address], host.message("unix", message_id="<lmtp-unix@client.example>"))
        self.fetch_by_id("<lmtp-unix@client.example>")

    def test_msmtp(self):
        config = self.home / "msmtprc"
        config.write_text(f"account default\nhost 127.0.0.1\nport {self.port(587)}\ntls on\ntls_starttls on\ntls_certcheck off\nauth plain\n"
                          f"user {self.address}\npasswordeval echo {self.password}\nfrom {self.address}\n")
        config.chmod(0o600)
        host.run_client("msmtp", "-C", config, self.address, stdin=host.message("msmtp", message_id="<msmtp@client.example>", sender=self.address).replace(b"\r\n", b"\n"))
        self.fetch_by_id("<msmtp@client.example>")

    def test_mutt_reads_and_moves(self):
        client = self.imap()
        client.create("Muttbox")
        client.append("Muttbox", None, None, host.message("mutt", message_id="<mutt@client.example>"))
        config = self.home / "muttrc"
        config.write_text(f"set ssl_force_tls=yes ssl_verify_host=no ssl_verify_dates=no\nset certificate_file={self.home}/certs\nset imap_user='{self.address}'\n"
                          f"set imap_pass='{self.password}'\nset folder='imaps://127.0.0.1:{self.port(993)}/'\nset spoolfile='+Muttbox'\nset quit=yes\nset confirmappend=no delete=yes move=no\n"
                          "push '<delete-message><sync-mailbox><exit>'\n")
        accept = f"echo | openssl s_client -connect 127.0.0.1:{self.port(993)} 2>/dev/null | openssl x509 > {self.home}/certs"
        host.run_client("sh", "-c", accept)
        host.run_client("script", "-qec", f"mutt -F {config}", "/dev/null", env={"TERM": "xterm", "HOME": str(self.home)})
        client.select("Muttbox")
        self.assertEqual(client.search(None, "ALL")[1], [b""])
        client.logout()

    def test_mbsync_mirrors_both_ways(self):
        client = self.imap()
        client.create("Mirror")
        sent = host.message("mirror", message_id="<mirror@client.example>")
        client.append("Mirror", r"(\Flagged)", None, sent)
        certificate = self.home / "certs"
        host.run_client("sh", "-c", f"echo | openssl s_client -connect 127.0.0.1:{self.port(993)} 2>/dev/null | openssl x509 > {certificate}")
        (self.home / "mail").mkdir()
        config = self.home / "mbsyncrc"
        config.write_text(f"IMAPStore far\nHost 127.0.0.1\nPort {self.port(993)}\nUser {self.address}\nPass \"{self.password}\"\nSSLType IMAPS\nCertificateFile {certificate}\n\n"
                          f"MaildirStore near\nPath {self.home}/mail/\nInbox {self.home}/mail/INBOX\nSubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns Mirror\nCreate Both\nExpunge Both\nSyncState *\n")
        host.run_client("mbsync", "-c", config, "-a", env={"HOME": str(self.home)})
        files = [p for p in (self.home / "mail/Mirror").rglob("*") if p.is_file() and p.parent.name in ("cur", "new")]
        self.assertEqual(len(files), 1)
        self.assertIn("F", files[0].name.split(":2,")[1])
        (self.home / "mail/Mirror/new/1.local").write_bytes(host.message("back", message_id="<back@client.example>").replace(b"\r\n", b"\n"))
        host.run_client("mbsync", "-c", config, "-a", env={"HOME": str(self.home)})
        client.logout()
        self.fetch_by_id("<back@client.example>", "Mirror")

    def test_idle_hears_of_a_delivery_on_another_worker(self):
        client = self.imap()
        client.select("INBOX")
        tag = client._new_tag()
        client.send(tag + b" IDLE\r\n")
        self.assertTrue(client.readline().startswith(b"+"))
        with smtplib.LMTP("127.0.0.1", self.port(24), local_hostname="client.example") as sender:
            sender.sendmail("bob@client.example", [self.address], host.message("idle"))
        client.sock.settimeout(5)
        self.assertIn(b"EXISTS", client.readline())
        client.send(b"DONE\r\n")
        client.sock.close()

    def test_annotations_survive_the_store_and_are_told_on_another_worker(self):
        """METADATA (RFC 5464): who idles hears of it; what was answered OK is there when the store was killed."""
        def say(client, words):
            tag = client._new_tag().decode()
            client.send(f"{tag} {words}\r\n".encode())
            lines = []
            while not lines or not lines[-1].startswith(tag):
                lines.append(client.readline().decode().rstrip("\r\n"))
            return lines
        client, listener = self.imap(), self.imap(tls=False)
        say(listener, "ENABLE METADATA")
        listener.send(b"i IDLE\r\n")
        self.assertTrue(listener.readline().startswith(b"+"))
        self.assertIn(" OK ", say(client, 'SETMETADATA "" (/private/vendor/acme/color "blue")')[-1])
        listener.sock.settimeout(5)
        self.assertEqual(listener.readline(), b'* METADATA "" /private/vendor/acme/color\r\n')
        listener.sock.close()
        self.assertIn(" OK ", say(client, 'SETMETADATA Junk (/shared/comment "spam" /private/specialuse "\\\\Archive")')[-1])
        os.kill(self.host.pids("store")[0], signal.SIGKILL)
        host.wait_for(lambda: self.answers(), 20, "the store to come back")
        client = self.imap()
        told = say(client, 'LIST "" (Junk Archive) RETURN (METADATA (/shared/comment /private/specialuse))')
        self.assertIn('* METADATA Archive (/shared/comment NIL /private/specialuse NIL)', told)
        self.assertIn('* METADATA Junk (/shared/comment "spam" /private/specialuse "\\\\Archive")', told)
        self.assertIn('* METADATA "" (/private/vendor/acme/color "blue")', say(client, 'GETMETADATA "" /private/vendor/acme/color'))
        for mailbox, use in (("Archive", "Archive"), ("Junk", "Junk")):
            say(client, f'SETMETADATA {mailbox} (/private/specialuse "\\\\{use}" /shared/comment NIL)')
        client.logout()

    def test_notify_hears_of_other_mailboxes_without_idle(self):
        """RFC 5465: a delivery, a folder and a message in the selected mailbox, on whichever worker they happen."""
        client, listener = self.imap(), self.imap(tls=False)
        listener.select("INBOX")
        listener.send(b"n NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (Subject)]) MessageExpunge))"
                      b" (personal (MessageNew MessageExpunge MailboxName))\r\n")
        self.assertTrue(listener.readline().startswith(b"n OK"))
        listener.sock.settimeout(10)
        client.create("Heard")
        self.assertEqual(listener.readline(), b'* LIST (\\HasNoChildren) "/" Heard\r\n')
        client.append("Heard", "", None, host.message("elsewhere"))
        self.assertTrue(listener.readline().startswith(b"* STATUS Heard (MESSAGES 1 UIDNEXT 2 UIDVALIDITY "))
        with smtplib.LMTP("127.0.0.1", self.port(24), local_hostname="client.example") as sender:
            sender.sendmail("bob@client.example", [self.address], host.message("notified"))
        lines = [listener.readline() for _ in range(6)]
        self.assertIn(b" EXISTS", lines[0])
        self.assertIn(b"Subject: notified\r\n", lines)
        client.delete("Heard")
        rest = listener.readline()
        while b"NonExistent" not in rest:
            rest = listener.readline()
        self.assertIn(b'"/" Heard\r\n', rest)
        listener.sock.close()
        client.logout()

    def answers(self):
        try:
            return self.imap().logout()[0] == "BYE"
        except (imaplib.IMAP4.error, OSError):
            return False

    def test_what_the_server_says_of_itself(self):
        path = self.host.root / "etc/maild.toml"
        good = path.read_text()
        try:
            path.write_text(good + '\n[imap]\ncomment = "Sundays: maintenance"\nadmin = "mailto:ada@example.org"\n')
            self.host.mailctl("server", "reload")
            client = self.imap()
            client.send(b'a GETMETADATA "" (/shared/comment /shared/admin)\r\n')
            self.assertEqual(client.readline(), b'* METADATA "" (/shared/comment "Sundays: maintenance" /shared/admin "mailto:ada@example.org")\r\n')
            client.sock.close()
        finally:
            path.write_text(good)
            self.host.mailctl("server", "reload")

    def test_passwords_and_bodies_are_not_in_the_log(self):
        with self.assertRaises(imaplib.IMAP4.error):
            imaplib.IMAP4_SSL("127.0.0.1", self.port(993), ssl_context=host.insecure_tls()).login(self.address, "wrong-secret-77")
        self.assertNotIn(self.password, self.host.log())
        self.assertNotIn("wrong-secret-77", self.host.log())
        self.assertIn("imap_session_started", self.host.log())


if __name__ == "__main__":
    os.umask(0o022)
    host.main()
