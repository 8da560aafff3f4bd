#!/usr/bin/env python3
"""Mail programs that keep a copy of a mailbox and programs with a mind of their own, as Debian and npm ship them, against the real
daemon: what they believe afterwards is what is there, in both directions and with deletions."""
import imaplib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import host

MANY = 10_000


class MailPrograms(host.HostTest):
    def setUp(self):
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.port, self.address, self.password = self.host.port, self.host.address, self.host.password
        self.certificate = self.home / "certificate"
        host.run_client("sh", "-c", f"echo | openssl s_client -connect 127.0.0.1:{self.port(993)} 2>/dev/null | openssl x509 > {self.certificate}")

    def imap(self, mailbox=None):
        client = imaplib.IMAP4_SSL("127.0.0.1", self.port(993), ssl_context=host.insecure_tls())
        self.addCleanup(client.shutdown)
        client.login(self.address, self.password)
        if mailbox:
            client.create(mailbox)
            self.assertEqual(client.select(mailbox)[0], "OK")
        return client

    def fill(self, client, mailbox, subjects):
        """Many messages by MULTIAPPEND (RFC 3502), a thousand in one command."""
        for begin in range(0, len(subjects), 1000):
            parts = [b"APPEND %s" % mailbox.encode()]
            for subject in subjects[begin:begin + 1000]:
                content = host.message(subject, message_id=f"<{subject}@client.example>")
                parts.append(b" {%d+}\r\n%s" % (len(content), content))
            tag = client._new_tag()
            client.send(tag + b" " + b"".join(parts) + b"\r\n")
            while not (line := client.readline()).startswith(tag):
                pass
            self.assertIn(b"OK", line)

    def subjects(self, client, mailbox):
        """Subject → flags."""
        self.assertEqual(client.select(mailbox, readonly=True)[0], "OK")
        found = {}
        if client.response("EXISTS")[1] == [b"0"]:
            return found
        for part in client.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])")[1]:
            if isinstance(part, tuple):
                subject = part[1].decode().split(": ", 1)[1].strip()
                found[subject] = set(flag.decode() for flag in imaplib.ParseFlags(part[0])) - {"\\Recent"}
        return found

    def files(self, directory):
        """Subject → file of a Maildir."""
        found = {}
        for path in [*directory.glob("cur/*"), *directory.glob("new/*")]:
            subject = next(line for line in path.read_bytes().splitlines() if line.startswith(b"Subject: "))
            self.assertNotIn(subject, found)
            found[subject[9:].decode()] = path
        return found

    def run_mbsync(self):
        host.run_client("mbsync", "-c", self.home / "mbsyncrc", "-a", env={"HOME": str(self.home)})

    def test_mbsync_ten_thousand_both_ways(self):
        client = self.imap("Mirror")
        self.fill(client, "Mirror", [f"far{number}" for number in range(MANY)])
        (self.home / "mail").mkdir()
        (self.home / "mbsyncrc").write_text(
            f"IMAPStore far\nHost 127.0.0.1\nPort {self.port(993)}\nUser {self.address}\nPass \"{self.password}\"\nSSLType IMAPS\nCertificateFile {self.certificate}\n\n"
            f"MaildirStore near\nPath {self.home}/mail/\nInbox {self.home}/mail/INBOX\nSubFolders Verbatim\n\n"
            "Channel c\nFar :far:\nNear :near:\nPatterns Mirror\nCreate Both\nExpunge Both\nSyncState *\n")
        self.run_mbsync()
        near = self.files(self.home / "mail/Mirror")
        self.assertEqual(len(near), MANY)
        # There: a hundred deleted and one flagged. Here: another hundred deleted, one seen, ten new.
        client.select("Mirror")
        client.store("1:100", "+FLAGS.SILENT", r"(\Deleted)")
        client.store("5000", "+FLAGS.SILENT", r"(\Flagged)")
        client.expunge()
        for number in range(200, 300):
            near[f"far{number}"].unlink()
        seen = near["far7000"]
        seen.rename(seen.parent.parent / "cur" / (seen.name.split(":")[0] + ":2,S"))
        for number in range(10):
            (self.home / f"mail/Mirror/new/{number}.near").write_bytes(host.message(f"near{number}").replace(b"\r\n", b"\n"))
        self.run_mbsync()
        wanted = {f"far{number}" for number in range(MANY) if number >= 100 and not 200 <= number < 300} | {f"near{number}" for number in range(10)}
        far, near = self.subjects(client, "Mirror"), self.files(self.home / "mail/Mirror")
        self.assertEqual((far.keys() ^ wanted, near.keys() ^ wanted), (set(), set()))
        self.assertIn("\\Seen", far["far7000"])
        self.assertIn("F", near["far4999"].name.split(":2,")[1])

    def test_offlineimap_both_ways(self):
        client = self.imap("Offline")
        self.fill(client, "Offline", [f"far{number}" for number in range(50)])
        config = self.home / "offlineimaprc"
        config.write_text(
            f"[general]\naccounts = a\nmetadata = {self.home}/metadata\n[Account a]\nlocalrepository = near\nremoterepository = far\n"
            f"[Repository near]\ntype = Maildir\nlocalfolders = {self.home}/mail\n"
            f"[Repository far]\ntype = IMAP\nremotehost = localhost\nremoteport = {self.port(993)}\nremoteuser = {self.address}\nremotepass = {self.password}\n"
            f"ssl = yes\ncert_fingerprint = {self.fingerprint()}\nfolderfilter = lambda name: name == 'Offline'\nauth_mechanisms = PLAIN\n")

        def synchronise():
            host.run_client("offlineimap", "-c", config, "-u", "basic", "-o", env={"HOME": str(self.home)})
        synchronise()
        near = self.files(self.home / "mail/Offline")
        self.assertEqual(near.keys(), {f"far{number}" for number in range(50)})
        client.select("Offline")
        client.store("1", "+FLAGS.SILENT", r"(\Deleted)")
        client.expunge()
        near["far10"].unlink()
        (self.home / "mail/Offline/new/1234567890.near").write_bytes(host.message("near").replace(b"\r\n", b"\n"))
        synchronise()
        wanted = {f"far{number}" for number in range(1, 50) if number != 10} | {"near"}
        self.assertEqual((self.subjects(client, "Offline").keys() ^ wanted, self.files(self.home / "mail/Offline").keys() ^ wanted), (set(), set()))

    def fingerprint(self):
        said = host.run_client("openssl", "x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha1").decode()
        return said.split("=")[1].strip().replace(":", "").lower()

    def test_neomutt_tags_copies_and_deletes(self):
        client = self.imap("Neo")
        client.create("Neo-copy")
        self.fill(client, "Neo", [f"neo{number}" for number in range(5)])
        config = self.home / "muttrc"
        config.write_text(
            f"set ssl_force_tls=yes ssl_verify_host=no ssl_verify_dates=no\nset certificate_file={self.certificate}\nset imap_user='{self.address}'\n"
            f"set imap_pass='{self.password}'\nset folder='imaps://127.0.0.1:{self.port(993)}/'\nset spoolfile='+Neo'\nset imap_qresync=yes imap_condstore=yes\n"
            "set quit=yes confirmappend=no delete=yes move=no resolve=no sort=date-received wait_key=no\n"
            "push '<first-entry><flag-message><copy-message>=Neo-copy<enter><last-entry><delete-message><sync-mailbox><exit>'\n")
        host.run_client("script", "-qec", f"neomutt -F {config}", "/dev/null", env={"TERM": "xterm", "HOME": str(self.home)})
        left = self.subjects(client, "Neo")
        self.assertEqual(left.keys(), {f"neo{number}" for number in range(4)})
        self.assertIn("\\Flagged", left["neo0"])
        self.assertEqual(self.subjects(client, "Neo-copy").keys(), {"neo0"})

    def test_alpine_saves_and_expunges(self):
        """Over STARTTLS, on a terminal, as somebody would who has it open."""
        client = self.imap("Alpine")
        client.create("Alpine-saved")
        self.fill(client, "Alpine", [f"alpine{number}" for number in range(5)])
        server = f'{{127.0.0.1:{self.port(143)}/tls/novalidate-cert/user="{self.address}"}}'
        config = self.home / "pinerc"
        config.write_text(
            f"personal-name=Ada\ninbox-path={server}Alpine\nfolder-collections=Mail {server}[]\nsort-key=arrival\nlast-version-used=9.99alpine\n"
            "feature-list=quit-without-confirm,expunge-without-confirm,expunge-without-confirm-everywhere,quell-folder-internal-msg,"
            "disable-password-caching,disable-password-file-saving\n")
        host.type_into(
            ["alpine", "-p", str(config), "-i", "-n", "1"],
            [(rb"(?i)password", self.password.encode() + b"\r"),
             (rb"alpine4", b"s"),   # the list is there: save the first
             (rb"(?i)folder", b"\x15Alpine-saved\r"),
             (rb"DONE|and deleted", b"x"),
             (rb"(?i)expunged", b"q")],
            self.home)
        left = self.subjects(client, "Alpine")
        self.assertEqual(left.keys(), {f"alpine{number}" for number in range(1, 5)})
        self.assertEqual(self.subjects(client, "Alpine-saved").keys(), {"alpine0"})

    def test_imapflow(self):
        modules = host.BUILD / "npm/node_modules"
        if not shutil.which("node") or not (modules / "imapflow").is_dir():
            self.skipTest("no Node.js or imapflow (tests/run gets it where npm is)")
        client = self.imap("Flow")
        self.fill(client, "Flow", [f"flow{number}" for number in range(20)])
        run = subprocess.run(["node", pathlib.Path(__file__).parent / "imapflow.js", str(self.port(993)), self.address, self.password, "Flow"],
                             env={**os.environ, "NODE_PATH": str(modules)}, capture_output=True, text=True, timeout=60)
        self.assertEqual((run.returncode, run.stdout), (0, "done\n"), run.stderr)
        self.assertEqual(self.subjects(client, "Flow").keys(), {f"flow{number}" for number in range(1, 19)} | {"appended"})
        self.assertEqual(self.subjects(client, "Flow-moved").keys(), {"flow0"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
