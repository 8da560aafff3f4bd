#!/usr/bin/env python3
"""POP3 of the real daemon: the programs that fetch mail, as Debian ships them; one session for a maildrop on whichever
worker; and what a session that ends in any other way than QUIT leaves behind."""
import contextlib
import imaplib
import itertools
import os
import pathlib
import poplib
import pwd
import signal
import tempfile

import host

BODIES = ["one\r\n", ".\r\n..\r\n...\r\n.x\r\n\r\n.\r\n", "no line end", "", "x" * 990 + "\r\n" + "line\r\n" * 50_000]
OCTETS = b"".join(bytes([c]) * 3 for c in range(1, 256) if c not in (10, 13)) + b"\r\n"


def message(subject, body="x\r\n"):
    """As it is delivered: a program that finds no Return-Path adds one."""
    return b"Return-Path: <bob@client.example>\r\n" + host.message(subject, body)


def joined(lines):
    return b"".join(line + b"\r\n" for line in lines)


class Pop3Test(host.HostTest):
    numbers = itertools.count(1)

    def setUp(self):
        """Each test has an account, and so a maildrop, of its own."""
        self.password = "fetch it"
        self.address = f"pop{next(self.numbers)}@example.org"
        self.host.add_account(self.address, self.password)

    def session(self, tls=True):
        if tls:
            client = poplib.POP3_SSL("127.0.0.1", self.host.port(995), context=host.insecure_tls(), timeout=30)
        else:
            client = poplib.POP3("127.0.0.1", self.host.port(110), timeout=30)
            client.stls(host.insecure_tls())
        self.addCleanup(client.close)
        client.user(self.address)
        client.pass_(self.password)
        return client

    def session_at_last(self):
        """As soon as the last one is forgotten."""
        def session():
            with contextlib.suppress(poplib.error_proto, OSError):
                return self.session()
        return host.wait_for(session, 20, "the maildrop to be free")

    @contextlib.contextmanager
    def imap(self):
        client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls())
        client.login(self.address, self.password)
        client.select("INBOX")
        yield client
        client.logout()

    def append(self, *messages):
        with self.imap() as client:
            for message in messages:
                self.assertEqual(client.append("INBOX", None, None, message)[0], "OK")
        return messages

    def left(self):
        client = self.session_at_last()
        count = client.stat()[0]
        client.quit()
        return count


class Clients(Pop3Test):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.sent = self.append(*(message(f"pop{i}", body) for i, body in enumerate(["one\r\n", "..two\r\n.\r\nlines\r\n", "3\r\n" * 60_000])))

    def write(self, name, text):
        (self.home / name).write_text(text)
        (self.home / name).chmod(0o600)
        return self.home / name

    def maildir(self):
        for folder in ("cur", "new", "tmp"):
            (self.home / "mail" / folder).mkdir(parents=True, exist_ok=True)
        return self.home / "mail"

    def assert_fetched(self):
        """Every byte of every message, but for the line ends of this system."""
        fetched = sorted(path.read_bytes().replace(b"\r\n", b"\n") for path in (self.home / "mail").rglob("*") if path.is_file())
        sent = sorted(message.replace(b"\r\n", b"\n") for message in self.sent)
        self.assertEqual([len(message) for message in fetched], [len(message) for message in sent], fetched[:1])
        self.assertTrue(fetched == sent, "same sizes, other octets")

    def fetch_thrice(self, run):
        """First the mail stays; then what is known already is not fetched again; then all of it is taken away."""
        run(keep=True)
        self.assert_fetched()
        run(keep=True, is_new=False)
        self.assert_fetched()
        self.sent += self.append(message("another"))
        run(keep=True)
        self.assert_fetched()
        self.assertEqual(self.left(), 4)
        self.sent += self.append(message("the last"))
        run(keep=False)
        self.assert_fetched()
        self.assertEqual(self.left(), 0)

    def test_fetchmail(self):
        """No mail system of this host is asked: each message goes to a program, which gives it a file."""
        deliver = self.write("deliver", f"#!/bin/sh\ncat > $(mktemp {self.maildir()}/new/XXXXXX)\n")
        deliver.chmod(0o700)
        config = self.write("fetchmailrc", f'set invisible\npoll 127.0.0.1 protocol pop3 service {self.host.port(995)} uidl\nuser "{self.address}" password "{self.password}" '
                                           f'ssl no sslcertck no rewrite mda "{deliver}"\n')

        def run(keep, is_new=True):
            options = ["--keep"] if keep else ["--flush", "--nokeep"]
            host.run_client("fetchmail", "-f", config, "-i", self.home / "ids", "--pidfile", self.home / "pid", *options,
                            env={"HOME": str(self.home), "FETCHMAILHOME": str(self.home)}, exit_code=0 if is_new else 1)
        self.fetch_thrice(run)

    def test_getmail(self):
        """It delivers as anybody but root."""
        user = pwd.getpwuid(os.geteuid() or pwd.getpwnam("nobody").pw_uid)
        self.home.chmod(0o755)
        for folder in (self.maildir(), *self.maildir().iterdir()):
            os.chown(folder, user.pw_uid, user.pw_gid)

        def run(keep, is_new=True):
            self.write("getmailrc", f"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = 127.0.0.1\nport = {self.host.port(995)}\nusername = {self.address}\npassword = {self.password}\n"
                                    f"[destination]\ntype = Maildir\npath = {self.home}/mail/\nuser = {user.pw_name}\n"
                                    f"[options]\nread_all = false\ndelete = {not keep}\ndelivered_to = false\nreceived = false\n")
            host.run_client("getmail", f"--getmaildir={self.home}", stdin=b"", env={"HOME": str(self.home)})
        self.fetch_thrice(run)

    def test_mpop(self):
        self.maildir()

        def run(keep, is_new=True):
            config = self.write("mpoprc", f"account default\nhost 127.0.0.1\nport {self.host.port(110)}\ntls on\ntls_starttls on\ntls_certcheck off\nuser {self.address}\npassword {self.password}\n"
                                          f"keep {'on' if keep else 'off'}\nreceived_header off\nuidls_file {self.home}/ids\ndelivery maildir {self.home}/mail\n")
            host.run_client("mpop", "-C", config, env={"HOME": str(self.home)})
        self.fetch_thrice(run)

    def test_curl(self):
        login = self.write("login", f'user = "{self.address}:{self.password}"\n')
        for url, options in ((f"pop3s://127.0.0.1:{self.host.port(995)}/", []), (f"pop3://127.0.0.1:{self.host.port(110)}/", ["--ssl-reqd"])):
            def curl(path, *more):
                return host.run_client("curl", "-sS", "-k", "-K", login, *options, *more, url + path)
            sizes = [f"{i} {len(message)}\r\n" for i, message in enumerate(self.sent, 1)]
            self.assertEqual(curl("").decode(), "".join(sizes))
            for i, message in enumerate(self.sent, 1):
                self.assertEqual(curl(str(i)), message)
        curl("1", "-X", "DELE", "--head")
        self.assertEqual(curl("1"), self.sent[1])


class Sessions(Pop3Test):
    def test_every_octet(self):
        sent = self.append(*(host.message(f"body {i}", body) for i, body in enumerate(BODIES)), host.message("octets", "") + OCTETS)
        for tls in (True, False):
            client = self.session(tls)
            self.assertEqual(client.stat(), (len(sent), sum(map(len, sent))))
            for number, message in enumerate(sent, 1):
                whole = message if message.endswith(b"\r\n") else message + b"\r\n"
                self.assertEqual(joined(client.retr(number)[1]), whole)
                header, _, body = whole.partition(b"\r\n\r\n")
                self.assertEqual(joined(client.top(number, 0)[1]), header + b"\r\n\r\n")
                self.assertEqual(joined(client.top(number, 1)[1]), header + b"\r\n\r\n" + body[:body.find(b"\n") + 1])
            client.quit()

    def test_what_was_retrieved_is_seen_and_what_was_deleted_is_gone(self):
        self.append(host.message("one"), host.message("two"), host.message("three"))
        client = self.session()
        client.retr(2)
        client.dele(3)
        client.quit()
        with self.imap() as other:
            self.assertEqual([line.split(b" ", 1)[1] for line in other.fetch("1:*", "(FLAGS)")[1]], [b"(FLAGS ())", b"(FLAGS (\\Seen))"])

    def test_unique_ids_stay_whatever_imap_and_the_store_do(self):
        self.append(*(host.message(f"{i}") for i in range(5)))

        def ids():
            client = self.session_at_last()
            listed = [line.split()[1] for line in client.uidl()[1]]
            client.quit()
            return listed
        first = ids()
        self.assertEqual(len(set(first)), 5)
        self.assertEqual(ids(), first)
        with self.imap() as client:
            client.store("1:*", "+FLAGS", "(\\Seen $Work)")
            client.copy("1:2", "Archive")
            client.store("2", "+FLAGS", "(\\Deleted)")
            client.expunge()
            client.copy("1", "INBOX")
        del first[1]
        self.assertEqual(ids()[:4], first)
        self.assertEqual(len(set(ids())), 5)
        os.kill(self.host.pids("store")[0], signal.SIGKILL)
        self.assertEqual(ids()[:4], first)

    def test_what_imap_expunges_keeps_its_number(self):
        self.append(*(host.message(f"{i}") for i in range(3)))
        client = self.session()
        with self.imap() as other:
            other.store("2", "+FLAGS", "(\\Deleted)")
            other.expunge()
        with self.assertRaisesRegex(poplib.error_proto, "no such message"):
            client.retr(2)
        self.assertIn(b"Subject: 2", client.retr(3)[1])
        client.dele(1)
        client.dele(2)
        client.quit()
        self.assertEqual(self.left(), 1)

    def test_one_session_at_a_time_on_whichever_worker(self):
        self.append(host.message("one"))
        first = self.session()
        for _ in range(8):
            with self.assertRaisesRegex(poplib.error_proto, r"-ERR \[IN-USE\]"):
                self.session()
        with self.imap() as other:   # IMAP is not hindered
            self.assertEqual(other.search(None, "ALL")[1], [b"1"])
        first.dele(1)
        first.close()   # without QUIT
        self.assertEqual(self.left(), 1)

    def holder(self):
        """The session that has the maildrop, and its worker's process."""
        rows = self.host.mailctl("server", "sessions", "--service", "pop3", as_json=True)["rows"]
        session, = (row["id"] for row in rows if row["account"] == self.address)
        worker = session.split(":")[0]
        pid, = (p["pid"] for p in self.host.status()["processes"] if p["role"] == f"worker {worker}")
        return session, pid

    def test_a_killed_worker_gives_its_maildrops_back(self):
        self.append(host.message("one"))
        client = self.session()
        client.dele(1)
        os.kill(self.holder()[1], signal.SIGKILL)
        self.assertEqual(self.left(), 1)

    def test_a_killed_store_ends_the_session_and_removes_nothing(self):
        self.append(host.message("one"))
        client = self.session()
        client.dele(1)
        os.kill(self.host.pids("store")[0], signal.SIGKILL)
        self.assertTrue(client.file.readline().startswith(b"-ERR [SYS/TEMP]"))
        self.assertEqual(client.file.readline(), b"")
        self.assertEqual(self.left(), 1)

    def test_kicked(self):
        client = self.session()
        self.host.mailctl("server", "kick", self.holder()[0])
        self.assertEqual(client.file.readline(), b"-ERR [SYS/TEMP] The administrator ended this session\r\n")
        self.assertEqual(client.file.readline(), b"")
        self.session_at_last().quit()

    def test_a_new_password_ends_the_session(self):
        client = self.session()
        self.host.mailctl("account", "passwd", self.address, "--password-stdin", stdin="another\n")
        self.assertTrue(client.file.readline().startswith(b"-ERR [SYS/TEMP]"))

    def test_term_is_told_and_removes_nothing(self):
        self.append(host.message("one"))
        client = self.session()
        client.dele(1)
        self.host.stop()
        self.assertEqual(client.file.readline(), b"-ERR [SYS/TEMP] The server is going away, come back\r\n")
        self.assertEqual(client.file.readline(), b"")
        self.host.start()
        self.assertEqual(self.left(), 1)


if __name__ == "__main__":
    os.umask(0o022)
    host.main()
