#!/usr/bin/env python3
"""The command sendmail as other programs of a host use it: cron, PHP, mailx, mutt; with the daemon there, stopped, and full; by root
and by users whom nobody trusts."""
import concurrent.futures
import email
import imaplib
import os
import pathlib
import pwd
import re
import shutil
import signal
import smtplib
import subprocess
import tempfile
import unittest

import host

BOB = "bob@example.org"
IS_ROOT = os.geteuid() == 0
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
CRON = (b"From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> backup\nContent-Type: text/plain; charset=UTF-8\n"
        b"Auto-Submitted: auto-generated\nX-Cron-Env: <SHELL=/bin/sh>\n\n%s\n")


class SendmailTest(host.HostTest):
    """Two accounts: ada, who is the admin and so root's mail's reader, and bob. Whoever runs the tests is trusted, as root is."""
    trusted = "root" if IS_ROOT else pwd.getpwuid(os.geteuid()).pw_name

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.add_account(BOB, cls.host.password)
        cls.host.configure("[local]", f'[local]\ntrusted = ["{cls.trusted}"]\n')

    def send(self, *arguments, content=b"Subject: x\n\nx\n", exit_code=0, **who):
        """What it wrote on standard output and error."""
        run = subprocess.run([self.host.root / "bin/sendmail", *arguments], input=content, capture_output=True, timeout=120, cwd="/", **who)
        said = (run.stdout + run.stderr).decode(errors="replace")
        self.assertEqual(run.returncode, exit_code, f"{arguments}: {said}\n{self.host.log_tail()}")
        return said

    def imap(self, address):
        client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls())
        client.login(address, self.host.password)
        return client

    def found(self, subject, address=None, key="SUBJECT"):
        client = self.imap(address or self.host.address)
        client.select("INBOX", readonly=True)
        uids = client.uid("SEARCH", None, key, f'"{subject}"')[1][0].split()
        out = [client.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1] for uid in uids]
        client.logout()
        return out

    def one(self, subject, address=None):
        found = self.found(subject, address)
        self.assertEqual(len(found), 1, subject)
        return found[0]

    def arrives(self, subject, address=None, count=1):
        host.wait_for(lambda: len(self.found(subject, address)) >= count, 60, f"{count} of {subject}")
        return self.found(subject, address)

    def maildrop(self):
        return self.host.root / "var/lib/maildrop"

    def waiting(self):
        return sorted(p.name for p in self.maildrop().iterdir())

    def logged(self, *words):
        host.wait_for(lambda: any(all(w in line for w in words) for line in self.host.log().splitlines()), 30, f"{words} in the log")


def header_of(content):
    return content.partition(b"\r\n\r\n")[0].decode(errors="replace")


class Callers(SendmailTest):
    def test_cron(self):
        self.send("-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root", content=CRON % b"out of disk")
        header = header_of(self.one("Cron <root@host> backup"))
        self.assertIn("\r\nFrom: Cron Daemon <root@example.org>\r\n", header)
        self.assertIn("\r\nTo: root@example.org\r\n", header)
        self.assertIn("Return-Path: <root@example.org>", header)
        self.assertRegex(header, rf"Received: from \S+ \(local user {self.trusted}, uid {os.geteuid()}\)\r\n\tby mail.example.org with ESMTP")
        self.assertEqual(len(re.findall("(?m)^Message-ID:", header)), 1)
        self.assertEqual(len(re.findall("(?m)^Date:", header)), 1)

    def test_a_report_from_a_pipe(self):
        self.send("root", content=b"no header at all\n")
        content, = self.found("no header at all", key="BODY")
        self.assertTrue(content.endswith(b"\r\n\r\nno header at all\r\n"))
        self.assertRegex(header_of(content), rf"\r\nFrom: (.* <)?{self.trusted}@example\.org>?\r\n")

    def test_blind_recipients_stay_so(self):
        self.send("-t", "-i", content=b"From: postmaster@example.org\nTo: bob@example.org\nBcc: ada@example.org,\n  postmaster@example.org\n"
                                      b"Subject: blind\n\nx\n")
        for address in (BOB, self.host.address):
            self.assertNotIn("bcc", header_of(self.one("blind", address)).lower())

    def test_octets_and_dots(self):
        text = b"Subject: dots %d\n\n\xc3\xa4\xff\n..\n.\nrest\n"
        self.send("-i", "ada@example.org", content=text % 1)
        self.assertTrue(self.one("dots 1").endswith(b"\r\n\r\n\xc3\xa4\xff\r\n..\r\n.\r\nrest\r\n"))
        self.send("ada@example.org", content=text % 2)
        self.assertTrue(self.one("dots 2").endswith(b"\r\n\r\n\xc3\xa4\xff\r\n..\r\n"))
        self.send("-oi", "ada@example.org", content=b"Subject: dots 3\r\n\r\na\rb\r\r\nc")
        self.assertTrue(self.one("dots 3").endswith(b"\r\n\r\na\r\nb\r\nc\r\n"))

    def test_sender_and_name(self):
        self.send("-f", "bob", "-F", "Bob B.", "ada@example.org", content=b"Subject: sender\n\nx\n")
        header = header_of(self.one("sender"))
        self.assertIn("Return-Path: <bob@example.org>", header)
        self.assertIn('From: "Bob B." <bob@example.org>', header)
        self.send("-f", "<>", "ada@example.org", content=b"Subject: null sender\n\nx\n")
        self.assertIn("Return-Path: <>", header_of(self.one("null sender")))

    def test_exit_codes(self):
        self.assertIn("no recipients", self.send(exit_code=64))
        self.assertIn("mailctl alias add", self.send("-bi", exit_code=64))
        self.assertIn("the daemon is maild", self.send("-bd", exit_code=64))
        self.assertIn("names no recipients", self.send("-t", exit_code=65))
        self.assertIn("no address: the whole team", self.send("-t", content=b"To: the whole team\n\nx\n", exit_code=65))
        self.assertIn("5.1.1", self.send("nobody.here@example.org", exit_code=67))
        self.assertIn("5.3.4", self.send("ada@example.org", content=b"Subject: big\n\n" + b"x" * 72 * 1024 * 1024, exit_code=65))
        self.assertIn("5.6.0", self.send("ada@example.org", content=b"From: a@x.test,,\nSubject: x\n\nx\n", exit_code=65))
        self.assertIn("no address", self.send("", exit_code=65))

    def test_some_recipients(self):
        said = self.send("ada@example.org", "nobody.here@example.org", content=b"Subject: some\n\nx\n", exit_code=67)
        self.assertIn("nobody.here@example.org: 550 5.1.1", said)
        self.one("some")
        self.send("-oem", "-f", "bob", "nobody.here@example.org", content=b"Subject: told by mail\n\nthe text\n", exit_code=67)
        notice = email.message_from_bytes(self.one("Not delivered: told by mail", BOB))
        self.assertEqual(notice["Return-Path"], "<>")
        text, original = notice.get_payload()
        self.assertIn("550 5.1.1", text.get_payload())
        self.assertEqual(original.get_payload()[0]["Subject"], "told by mail")

    def test_verify(self):
        said = self.send("-bv", "ada", "nobody.here@example.org", exit_code=67)
        self.assertIn("ada: deliverable\n", said)
        self.assertIn("nobody.here@example.org: 550 5.1.1", said)
        self.send("-bv", "root", "<Postmaster@example.org>")

    def test_speaks_smtp(self):
        script = (b"EHLO there\r\nMAIL FROM:<postmaster@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n"
                  b"From: postmaster@example.org\r\nSubject: by SMTP\r\n\r\n..x\r\n.\r\nAUTH PLAIN =\r\nSTARTTLS\r\nQUIT\r\n")
        lines = iter(script.splitlines(keepends=True))
        with subprocess.Popen([self.host.root / "bin/sendmail", "-bs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
            said = run.stdout.readline()
            for line in lines:
                run.stdin.write(line)
                run.stdin.flush()
                if line == b"DATA\r\n":
                    said += run.stdout.readline()
                    for text in lines:
                        run.stdin.write(text)
                        if text == b".\r\n":
                            break
                    run.stdin.flush()
                reply = run.stdout.readline()
                said += reply
                while reply[3:4] == b"-":
                    reply = run.stdout.readline()
                    said += reply
            self.assertEqual(run.wait(30), 0)
        codes = re.findall(rb"(?m)^(\d+) ", said)
        self.assertEqual(codes, [b"220", b"250", b"250", b"250", b"354", b"250", b"502", b"502", b"221"], said)
        self.assertNotIn(b"STARTTLS", said)
        self.assertTrue(self.one("by SMTP").endswith(b"\r\n\r\n.x\r\n"))

    def test_queue(self):
        self.send("-f", "ada", "someone@elsewhere.example", content=b"Subject: abroad\n\nx\n")
        self.assertIn("someone@elsewhere.example", self.send("-bp"))
        os.symlink("sendmail", self.host.root / "bin/mailq")
        run = subprocess.run([self.host.root / "bin/mailq"], capture_output=True, text=True, timeout=60)
        self.assertIn("someone@elsewhere.example", run.stdout)
        self.send("-q")
        self.host.mailctl("--yes", "queue", "drop", "--all")

    def test_a_hundred_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(25) as pool:
            list(pool.map(lambda i: self.send("-t", "-i", content=b"To: ada@example.org\nSubject: crowd %d.\n\nx\n" % i), range(100)))
        self.assertEqual(len(self.found("crowd ")), 100)

    def test_mutt(self):
        home = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, home)
        (home / "muttrc").write_text(f'set sendmail="{self.host.root}/bin/sendmail -oem -oi"\nset copy=no\nset from=postmaster@example.org\n'
                                     "set use_from=yes\nset use_envelope_from=yes\n")
        host.run_client("mutt", "-F", home / "muttrc", "-s", "from mutt", "-b", BOB, "ada@example.org", stdin="grüße\n".encode(),
                        env={"HOME": str(home), "LC_ALL": "C.UTF-8"})
        self.assertNotIn("Bcc", header_of(self.one("from mutt", BOB)))
        self.assertIn("Return-Path: <postmaster@example.org>", header_of(self.one("from mutt")))

    def test_mailx(self):
        for mta, subject in (("file://", "from mailx"), ("", "from an older mailx")):
            variable = f"mta={mta}{self.host.root}/bin/sendmail" if mta else f"sendmail={self.host.root}/bin/sendmail"
            host.run_client("s-nail", "-n", "-S", variable, "-S", "sendwait", "-s", subject, "root", stdin=b"text\n",
                            env={"HOME": "/nonexistent", "MAILRC": "/dev/null"})
            self.assertIn(b"text\r\n", self.one(subject))


@unittest.skipUnless(IS_ROOT, "other users' mail needs root to become them")
class Strangers(SendmailTest):
    """Users of the host whom nobody trusts."""

    def test_as_themselves(self):
        self.send("-t", content=b"To: ada@example.org\nSubject: from nobody\n\nx\n", **NOBODY)
        header = header_of(self.one("from nobody"))
        self.assertIn("<nobody@example.org>", header)
        self.assertIn("(local user nobody, uid 65534)", header)
        self.send("-f", "nobody@example.org", "ada", content=b"From: Nobody <nobody@example.org>\nSubject: own\n\nx\n", **NOBODY)

    def test_as_nobody_else(self):
        self.assertIn("[local] trusted", self.send("-f", "bob@example.org", "ada", exit_code=77, **NOBODY))
        self.assertIn("[local] trusted", self.send("-f", "bob@elsewhere.example", "ada", exit_code=77, **NOBODY))
        for field in (b"From: bob@example.org", b"From: nobody@example.org\nSender: ada@example.org", b"From: ceo@elsewhere.example"):
            self.send("ada", content=field + b"\nSubject: forged\n\nx\n", exit_code=77, **NOBODY)
        self.assertEqual(self.found("forged"), [])
        self.host.configure(f'trusted = ["{self.trusted}"]', f'trusted = ["{self.trusted}", "nobody"]')
        try:
            self.send("-f", "bob@example.org", "ada", content=b"From: bob@example.org\nSubject: trusted\n\nx\n", **NOBODY)
            self.send("-f", "ceo@elsewhere.example", "ada", exit_code=77, **NOBODY)
        finally:
            self.host.configure(f'trusted = ["{self.trusted}", "nobody"]', f'trusted = ["{self.trusted}"]')
        self.one("trusted")

    def test_an_account_of_that_name(self):
        """Its own addresses are the user's, too; an alias of that name gives nothing."""
        self.host.add_account("www-data@example.org", self.host.password)
        self.host.mailctl("alias", "add", "shop@example.org", "www-data@example.org")
        www = {"user": 33, "group": 33, "extra_groups": []}
        self.send("-f", "shop@example.org", "ada", content=b"From: shop@example.org\nSubject: shop\n\nx\n", **www)
        self.one("shop")
        self.host.mailctl("alias", "add", "daemon@example.org", "ada@example.org")
        self.send("-f", "ada@example.org", "bob", exit_code=77, user=1, group=1, extra_groups=[])

    def test_users_without_an_address_are_roots(self):
        self.send("games", content=b"Subject: to a user of the host\n\nx\n", **NOBODY)
        self.one("to a user of the host")
        with smtplib.SMTP("127.0.0.1", self.host.port(25)) as client, self.assertRaises(smtplib.SMTPRecipientsRefused):
            client.sendmail("x@elsewhere.example", ["games@example.org"], b"Subject: x\r\n\r\nx\r\n")

    def test_limits(self):
        self.host.configure("[local]", "[local]\nmessages_per_day = 2\n")
        daemon = {"user": 2, "group": 2, "extra_groups": []}
        try:
            for _ in range(2):
                self.send("ada", **daemon)
            self.assertIn("no more than 2 messages", self.send("ada", exit_code=75, **daemon))
            self.send("ada", user=3, group=3, extra_groups=[])
            for _ in range(3):
                self.send("ada")   # root
        finally:
            self.host.configure("[local]\nmessages_per_day = 2\n", "[local]")
        self.assertEqual(self.waiting(), [])

    def test_abroad(self):
        self.send("x@elsewhere.example", **NOBODY)
        self.host.configure("[local]", '[local]\nrelay = "refused"\n')
        try:
            self.send("x@elsewhere.example", exit_code=77, **NOBODY)
            self.send("x@elsewhere.example")
        finally:
            self.host.configure('[local]\nrelay = "refused"\n', "[local]")
        self.host.mailctl("--yes", "queue", "drop", "--all")

    def test_what_they_may_not(self):
        self.assertIn("-q is for root", self.send("-q", exit_code=77, **NOBODY))
        look = subprocess.run(["ls", self.maildrop()], capture_output=True, **NOBODY)
        self.assertNotEqual(look.returncode, 0)

    def test_a_user_who_has_just_come(self):
        name = "maild-test-user"
        subprocess.run(["useradd", "--system", "--no-create-home", name], check=True)
        try:
            uid = pwd.getpwnam(name).pw_uid
            who = {"user": uid, "group": 65534, "extra_groups": []}
            host.wait_for(lambda: subprocess.run([self.host.root / "bin/sendmail", "-f", name, "ada"], input=b"Subject: new\n\nx\n",
                                                 capture_output=True, **who).returncode == 0, 20, "the new user to be known")
        finally:
            subprocess.run(["userdel", name], check=True)

    def test_explain(self):
        self.send("ada", content=b"Message-ID: <explained@x.test>\nSubject: x\n\nx\n", **NOBODY)
        command = [self.host.root / "bin/mailctl", "message", "explain", "<explained@x.test>"]
        explain = lambda: subprocess.run(command, capture_output=True, text=True, timeout=60)
        said = host.wait_for(lambda: (run := explain()).returncode == 0 and run.stdout, 10, "the trace")
        self.assertIn("nobody@example.org", said)
        self.assertIn("A program of this host, run by nobody@example.org, handed it in.", said)


class Stopped(SendmailTest):
    def setUp(self):
        self.host.stop()
        self.addCleanup(self.restart)

    def restart(self):
        if not (self.host.root / "run/submit.sock").exists():
            self.host.start()

    def test_cron_is_delivered_after_the_start(self):
        self.send("-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root", content=(CRON % b"late").replace(b"backup", b"late"))
        names = self.waiting()
        self.assertEqual(len(names), 1)
        facts = (self.maildrop() / names[0]).stat()
        self.assertEqual((facts.st_mode & 0o7777, facts.st_uid), (0o600, os.geteuid()))
        self.assertEqual(self.maildrop().stat().st_mode & 0o7777, 0o1733)
        self.host.start()
        header = header_of(self.arrives("Cron <root@host> late")[0])
        self.assertIn("From: Cron Daemon <root@example.org>", header)
        host.wait_for(lambda: not self.waiting(), 10, "the maildrop to be empty")
        self.assertEqual(len(self.found("Cron <root@host> late")), 1)

    def test_many_and_in_order(self):
        for i in range(30):
            self.send("ada@example.org", content=b"Subject: many %02d.\n\nx\n" % i)
        self.host.start()
        found = self.arrives("many ", count=30)
        self.assertEqual([int(re.search(rb"Subject: many (\d+)", m).group(1)) for m in found], list(range(30)))

    def test_refused_later(self):
        self.send("-f", "bob", "nobody.here@example.org", content=b"Subject: refused later\n\nx\n")
        self.host.start()
        self.assertIn(b"550 5.1.1", self.arrives("Not delivered: refused later", BOB)[0])

    @unittest.skipUnless(IS_ROOT, "needs another user")
    def test_each_as_who_left_it(self):
        self.send("ada", content=b"Subject: left by nobody\n\nx\n", **NOBODY)
        self.send("-f", "bob@example.org", "ada", content=b"From: bob@example.org\nSubject: forged later\n\nx\n", **NOBODY)
        self.host.start()
        header = header_of(self.arrives("left by nobody")[0])
        self.assertIn("(local user nobody, uid 65534)", header)
        # Its sender, bob@, is refused; the user nobody cannot be told, and so root is.
        self.logged("maildrop_")
        host.wait_for(lambda: not [n for n in self.waiting() if n.startswith("mail.")], 20, "the maildrop to be done with")
        self.assertEqual([m for m in self.found("forged later") if b"Subject: forged later" in m.partition(b"\r\n\r\n")[0]], [])

    @unittest.skipUnless(IS_ROOT, "needs another user")
    def test_what_is_planted(self):
        mine = self.host.root / "roots"
        mine.write_bytes(b"maild-submission 1\nto ada@example.org\n\nSubject: planted\r\n\r\nx\r\n")
        mine.chmod(0o644)
        plant = f"""
import os
os.chdir("{self.maildrop()}")
os.symlink("{mine}", "mail.1.1")
try:
    os.link("{mine}", "mail.1.2")
except OSError:
    pass
with open("mail.1.3", "wb") as big:
    os.truncate("mail.1.3", 200 << 20)
os.chmod("mail.1.3", 0o600)
os.mkfifo("mail.1.4", 0o600)
open("mail.1.5", "w").write("garbage")
os.chmod("mail.1.5", 0o600)
"""
        subprocess.run(["python3", "-c", plant], check=True, **NOBODY)
        if not (self.maildrop() / "mail.1.2").exists():   # the kernel protects hard links
            os.link(mine, self.maildrop() / "mail.1.2")
        self.host.start()
        for name, why in (("mail.1.1", "symbolic link"), ("mail.1.2", "another name"), ("mail.1.3", "too large"), ("mail.1.4", "no regular file"),
                          ("mail.1.5", "no message")):
            self.logged("maildrop_refused", name, why)
        self.assertEqual(self.found("planted"), [])
        self.assertEqual(self.waiting(), [f"bad.mail.1.{i}" for i in range(1, 6)])
        for name in self.waiting():
            (self.maildrop() / name).unlink()

    @unittest.skipUnless(IS_ROOT, "only root mounts")
    def test_a_full_disk(self):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=1733", "tmpfs", self.maildrop()], capture_output=True).returncode:
            self.skipTest("no tmpfs here")
        try:
            said = self.send("ada", content=b"Subject: no room\n\n" + b"x\n" * 100_000, exit_code=75, **NOBODY)
            self.assertIn("nor kept", said)
            self.assertEqual(self.waiting(), [])
        finally:
            subprocess.run(["umount", self.maildrop()], check=True)

    def test_commands_that_need_it(self):
        self.send("-bv", "ada", exit_code=75)
        self.assertIn("421 4.3.0", self.send("-bs", content=b"QUIT\r\n", exit_code=75))


class While(SendmailTest):
    """The daemon is there, and cannot."""

    def test_taken_up_while_it_runs(self):
        """A store that does not answer: the message waits, and comes without a restart."""
        store = self.host.pids("store")[0]
        os.kill(store, signal.SIGKILL)
        self.send("ada", content=b"Subject: meanwhile\n\nx\n")
        self.arrives("meanwhile")

    def test_accept_off_and_on(self):
        self.host.configure("[local]", '[local]\naccept = "off"\n')
        host.wait_for(lambda: not (self.host.root / "run/submit.sock").exists(), 10, "the socket to go")
        self.send("ada", content=b"Subject: off and on\n\nx\n")
        self.host.configure('[local]\naccept = "off"\n', "[local]")
        self.arrives("off and on")


if __name__ == "__main__":
    host.main()
