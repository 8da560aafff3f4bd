#!/usr/bin/env python3
"""The edge of a connection, with peers of other people's making: HAProxy before every service, and whom it speaks for;
certificates by name, as Python and openssl see them; TLS sessions that are taken up again."""
import hashlib
import pathlib
import shutil
import smtplib
import socket
import ssl
import subprocess
import tempfile
import unittest

import host

PROXY = "127.0.0.250"
SERVICES = (25, 587, 465, 143, 993, 110, 995, 24)


class From(socket.socket):
    """A connection of a client that has this address."""

    def __init__(self, source, port, server="127.0.0.1"):
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.settimeout(20)
        self.bind((source, 0))
        self.connect((server, port))


def proxied(test, service, client, port=4000):
    """A connection of our own making, with a header of version 1 in front."""
    connection = From(PROXY, test.host.port(service))
    test.addCleanup(connection.close)
    connection.sendall(f"PROXY TCP4 {client} 127.0.0.1 {port} {service}\r\n".encode())
    return connection


def under_tls(connection):
    return host.insecure_tls().wrap_socket(connection)


class Proxies(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.configure("[auth]", f'[network]\nproxies = ["{PROXY}"]\ntrusted = ["127.3.0.1", "198.51.100.1"]\n\n[auth]')

    def haproxy(self, send):
        """A real one, which hands every service's connections through; the base of its ports."""
        home, base = pathlib.Path(tempfile.mkdtemp(prefix="maild-haproxy-")), host.free_base()
        self.addCleanup(shutil.rmtree, home)
        text = "global\n  maxconn 100\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1m\n  timeout server 1m\n"
        for service in SERVICES:
            text += (f"listen service{service}\n  bind 127.0.0.1:{base + service}\n"
                     f"  server maild 127.0.0.1:{self.host.port(service)} {send} source {PROXY}\n")
        (home / "haproxy.cfg").write_text(text)
        process = subprocess.Popen(["haproxy", "-db", "-f", home / "haproxy.cfg"], stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

        def listens():
            self.assertIsNone(process.poll(), "haproxy has ended")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", base + SERVICES[-1])) == 0
        host.wait_for(listens, 20, "haproxy")
        return base

    def through(self, base, client):
        """Mail in by SMTP, and read by IMAPS and POP3S, as a program at that address would."""
        message_id = f"<{client}-{base}@client.example>"
        with smtplib.SMTP("127.0.0.1", base + 25, "client.example", 20, (client, 0)) as smtp:
            smtp.starttls(context=host.insecure_tls())
            smtp.sendmail("bob@client.example", [self.host.address], host.message(message_id=message_id))
        with under_tls(From(client, base + 993)) as tls:
            stream = tls.makefile("rwb")
            self.assertTrue(stream.readline().startswith(b"* OK"))
            stream.write(f'a LOGIN "{self.host.address}" "{self.host.password}"\r\nb SELECT INBOX\r\n'
                         f'c SEARCH HEADER Message-ID "{message_id}"\r\nd FETCH * BODY[HEADER.FIELDS (RECEIVED)]\r\n'.encode())
            stream.flush()
            lines = list(iter(stream.readline, b"d OK FETCH completed\r\n"))
            self.assertTrue(any(line.startswith(b"* SEARCH ") for line in lines), lines)
            self.assertIn(f"[{client}]".encode(), b"".join(lines))
            rows = self.host.mailctl("server", "sessions", as_json=True)["rows"]
            self.assertIn((client, self.host.address), [(row["remote"], row["account"]) for row in rows])
        with under_tls(From(client, base + 995)) as tls:
            self.assertTrue(tls.makefile("rb").readline().startswith(b"+OK"))
        for event in ("smtp_session_started", "imap_session_started", "pop3_session_started"):
            self.assertRegex(self.host.log(), rf"{event} .*remote_ip={client} ")

    @unittest.skipUnless(shutil.which("haproxy"), "no haproxy")
    def test_haproxy_speaks_for_its_clients(self):
        for number, send in enumerate(("send-proxy", "send-proxy-v2", "send-proxy-v2-ssl-cn proxy-v2-options crc32c,unique-id"), 20):
            with self.subTest(send):
                self.through(self.haproxy(send), f"127.3.0.{number}")

    def test_checks_of_health_are_of_the_proxy_itself(self):
        with From(PROXY, self.host.port(143)) as check:
            check.sendall(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")
            self.assertTrue(check.makefile("rb").readline().startswith(b"* OK"))
        host.wait_for(lambda: f"remote_ip={PROXY} " in self.host.log(), 10, "the proxy in the log")

    def test_whom_it_names_is_trusted_or_not(self):
        def answer(client):
            with proxied(self, 25, client) as connection:
                stream = connection.makefile("rwb")
                replies = [stream.readline()]
                for command in (b"HELO client.example", b"MAIL FROM:<eve@client.example>", b"RCPT TO:<bob@elsewhere.example>"):
                    stream.write(command + b"\r\n")
                    stream.flush()
                    replies.append(stream.readline())
                self.assertEqual([reply[:3] for reply in replies[:3]], [b"220", b"250", b"250"])
                return replies[3][:3]
        self.assertEqual(answer("127.3.0.1"), b"250")
        self.assertEqual(answer("198.51.100.1"), b"250")
        self.assertEqual(answer("198.51.100.2"), b"554")

    def test_bans_are_of_whom_it_names(self):
        def answer(client):
            with under_tls(proxied(self, 993, client)) as tls:
                stream = tls.makefile("rwb")
                stream.readline()
                stream.write(f'a LOGIN "{self.host.address}" "{self.host.password}"\r\n'.encode())
                stream.flush()
                return stream.readline()
        self.host.mailctl("ban", "add", "198.51.100.66")
        self.assertFalse(answer("198.51.100.66").startswith(b"a OK"))
        self.assertTrue(answer("198.51.100.67").startswith(b"* CAPABILITY") or answer("198.51.100.67").startswith(b"a OK"))

    def test_places_are_counted_for_whom_it_names(self):
        """One for each address and worker; no test host has twenty workers."""
        def greeting(client):
            return proxied(self, 143, client).makefile("rb").readline()[:5]
        self.host.configure("connections_per_address = 10000", "connections_per_address = 1")
        try:
            self.assertEqual({greeting(f"198.51.100.{number}") for number in range(100, 120)}, {b"* OK "})
            self.assertIn(b"* BYE", {greeting("198.51.100.200") for _ in range(20)})
        finally:
            self.host.configure("connections_per_address = 1\n", "connections_per_address = 10000\n")

    def test_a_reload_takes_it_from_the_list(self):
        self.host.configure(f'"{PROXY}"', '"127.0.0.251"')
        try:
            with From(PROXY, self.host.port(143)) as client:
                self.assertTrue(client.makefile("rb").readline().startswith(b"* OK"), "without a header")
        finally:
            self.host.configure('"127.0.0.251"', f'"{PROXY}"')


class Certificates(host.HostTest):
    """A host whose own certificate it has made for itself, with two more for certain names."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make("a", ["mail.a.example", "imap.a.example"], "ec:P-256")
        cls.make("b", ["*.b.example", "mail.b.example"], "rsa:2048")
        cls.host.configure("[auth]", cls.entry("a") + cls.entry("b", 'names = ["*.b.example"]') + "[auth]")

    @classmethod
    def path(cls, name, kind):
        return cls.host.root / f"etc/{name}.{kind}"

    @classmethod
    def make(cls, name, names, key="ec:P-256", days=30):
        algorithm, _, parameter = key.partition(":")
        kind = ["ec", "-pkeyopt", f"ec_paramgen_curve:{parameter}"] if algorithm == "ec" else [key]
        subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", str(days), "-subj", f"/CN={names[0]}",
                        "-addext", "subjectAltName=" + ",".join(f"DNS:{each}" for each in names),
                        "-out", cls.path(name, "pem"), "-keyout", cls.path(name, "key")], check=True, capture_output=True)
        cls.path(name, "key").chmod(0o600)

    @classmethod
    def entry(cls, name, more=""):
        return f'[[tls.certificates]]\ncertificate = "{cls.path(name, "pem")}"\nkey = "{cls.path(name, "key")}"\n{more}\n\n'

    def fingerprint(self, name):
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.path(name, "pem").read_text())).hexdigest()

    def own(self):
        return self.host.mailctl("tls", "list", as_json=True)["rows"][0]["fingerprint"]

    def seen(self, name, port=993):
        """The fingerprint of what a client that asks for `name` gets."""
        with socket.create_connection(("127.0.0.1", self.host.port(port)), timeout=20) as connection:
            with host.insecure_tls().wrap_socket(connection, server_hostname=name) as tls:
                return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()

    def test_each_name_has_its_certificate(self):
        own = self.own()
        for name, want in (("mail.a.example", "a"), ("IMAP.a.example", "a"), ("a.example", None), ("x.b.example", "b"),
                           ("b.example", None), ("x.y.b.example", None), ("mail.example.org", None), (None, None)):
            for port in (993, 995, 465):
                self.assertEqual(self.seen(name, port), self.fingerprint(want) if want else own, (name, port))

    def test_clients_find_the_name_in_it(self):
        for name, file in (("mail.a.example", "a"), ("smtp.b.example", "b")):
            context = ssl.create_default_context(cafile=self.path(file, "pem"))
            with socket.create_connection(("127.0.0.1", self.host.port(993)), timeout=20) as connection:
                with context.wrap_socket(connection, server_hostname=name) as tls:
                    self.assertTrue(tls.makefile("rb").readline().startswith(b"* OK"))
            with smtplib.SMTP("127.0.0.1", self.host.port(587), timeout=20) as smtp:
                smtp._host = name   # by which smtplib asks
                smtp.starttls(context=context)
                smtp.login(self.host.address, self.host.password)

    def test_openssl_is_told_that_its_name_counts(self):
        for name, word in (("mail.a.example", "CN = mail.a.example"), ("x.b.example", "CN = *.b.example")):
            said = self.s_client(993, "-servername", name)
            self.assertIn(word, said)

    def test_the_admin_sees_them(self):
        rows = self.host.mailctl("tls", "list", as_json=True)["rows"]
        self.assertEqual([(row["served"], row["own"], row["file"]) for row in rows],
                         [("mail.example.org, all others", True, ""),
                          ("mail.a.example, imap.a.example", False, str(self.path("a", "pem"))),
                          ("*.b.example", False, str(self.path("b", "pem")))])
        self.assertEqual([row["fingerprint"] for row in rows[1:]], [self.fingerprint("a"), self.fingerprint("b")])
        self.assertEqual([row["key_type"] for row in rows], ["EC P-256", "EC P-256", "RSA 2048"])
        self.assertIn("mail.a.example", self.host.mailctl("tls", "list"))
        check = subprocess.run([self.host.root / "bin/maild", "--check"], capture_output=True, text=True, timeout=30)
        self.assertIn("TLS        mail.a.example, imap.a.example\n", check.stdout)
        self.assertIn("TLS        *.b.example\n", check.stdout)

    def test_a_reload_replaces_one_and_no_session_ends(self):
        before = self.fingerprint("a")
        with under_tls(socket.create_connection(("127.0.0.1", self.host.port(993)), timeout=20)) as tls:
            stream = tls.makefile("rwb")
            self.assertTrue(stream.readline().startswith(b"* OK"))
            self.make("a", ["mail.a.example", "imap.a.example"])
            self.assertNotEqual(self.fingerprint("a"), before)
            self.host.mailctl("server", "reload")
            host.wait_for(lambda: all(self.seen("mail.a.example") == self.fingerprint("a") for _ in range(8)), 20, "the new certificate")
            stream.write(b"a NOOP\r\n")
            stream.flush()
            self.assertTrue(stream.readline().startswith(b"a OK"))

    def test_a_broken_one_is_refused_and_all_stay(self):
        good, key = self.path("b", "key").read_text(), self.path("b", "key")
        key.write_text(self.path("a", "key").read_text())
        try:
            self.host.mailctl("server", "reload", exit_code=78)
            check = subprocess.run([self.host.root / "bin/maild", "--check"], capture_output=True, text=True, timeout=30)
            self.assertEqual(check.returncode, 78)
            self.assertRegex(check.stderr + check.stdout, r"maild\.toml:\d+:\d+: tls\.certificates\[1\]\.key: .*does not belong")
            self.assertEqual(self.seen("x.b.example"), self.fingerprint("b"))
        finally:
            key.write_text(good)
        self.host.mailctl("server", "reload")

    def s_client(self, port, *options, starttls=None, say="a LOGOUT\nQUIT\n"):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.host.port(port)}", "-ign_eof", "-crlf", *map(str, options)]
        command += ["-starttls", starttls] if starttls else []
        run = subprocess.run(command, input=say.encode(), capture_output=True, timeout=60)
        return (run.stdout + run.stderr).decode(errors="replace")

    def is_resumed(self, port, session, *options, starttls=None):
        said = self.s_client(port, *options, "-sess_in", session, starttls=starttls)
        self.assertRegex(said, r"\b(New|Reused), TLSv")
        return "Reused, TLSv" in said

    def test_sessions_are_taken_up_where_they_began(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                session = self.host.root / f"session{version}"
                asks = (version, "-servername", "mail.a.example")
                self.s_client(993, *asks, "-sess_out", session)
                self.assertTrue(all(self.is_resumed(993, session, *asks) for _ in range(6)), "whichever worker it meets")
                self.assertTrue(self.is_resumed(143, session, *asks, starttls="imap"), "one service on two ports")
                self.assertFalse(self.is_resumed(993, session, version, "-servername", "x.b.example"))
                self.assertFalse(self.is_resumed(993, session, version, "-noservername"))
                self.assertFalse(self.is_resumed(995, session, *asks))
                self.assertFalse(self.is_resumed(465, session, *asks))
                self.assertFalse(self.is_resumed(25, session, *asks, starttls="smtp"))
                self.host.mailctl("server", "reload")
                self.assertTrue(self.is_resumed(993, session, *asks), "a reload that changes nothing")
                self.host.configure("[auth]", '[tls]\ntickets = "off"\n\n[auth]')
                try:
                    host.wait_for(lambda: not any(self.is_resumed(993, session, *asks) for _ in range(4)), 20, "no tickets")
                finally:
                    self.host.configure('[tls]\ntickets = "off"\n\n', "")

    def test_sessions_end_with_their_certificate(self):
        session, asks = self.host.root / "session", ("-tls1_3", "-servername", "x.b.example")
        self.s_client(993, *asks, "-sess_out", session)
        self.assertTrue(self.is_resumed(993, session, *asks))
        self.make("b", ["*.b.example", "mail.b.example"], "rsa:2048")
        self.host.mailctl("server", "reload")
        host.wait_for(lambda: not any(self.is_resumed(993, session, *asks) for _ in range(4)), 20, "full handshakes")


if __name__ == "__main__":
    host.main()
