#!/usr/bin/env python3
"""SASL of the real daemon on every protocol, with peers of other people's making: gsasl, msmtp and mutt's libraries, and
SCRAM as Python's hashlib computes it, bound to the TLS connection."""
import base64
import contextlib
import hashlib
import hmac
import os
import pathlib
import socket
import ssl
import tempfile

import host

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}


class Line:
    """One connection of a protocol, by lines, and how it carries SASL."""

    def __init__(self, test, service, port, tls=True, certificate=None):
        self.service = service
        sock = socket.create_connection(("127.0.0.1", test.host.port(port)), timeout=30)
        if tls:
            context = host.insecure_tls()
            if certificate:
                context.load_cert_chain(*certificate)
            sock = context.wrap_socket(sock)
        self.sock, self.stream = sock, sock.makefile("rb")
        test.addCleanup(self.close)
        self.line()
        if service == "smtp":
            self.capabilities = " ".join(self.multiline("EHLO client.example"))
        elif service == "pop3":
            self.say("CAPA")
            self.capabilities = " ".join(iter(self.line, "."))
        else:
            self.say("x CAPABILITY")
            self.capabilities = self.line()
            self.line()

    def close(self):
        """A maildrop is free for the next one only when this one has gone."""
        if self.service == "pop3" and not self.sock._closed:
            with contextlib.suppress(OSError): # it may have ended
                self.say("QUIT")
                self.stream.read()
        self.stream.close()
        self.sock.close()

    def say(self, text):
        self.sock.sendall(text.encode() + b"\r\n")

    def line(self):
        return self.stream.readline().decode().rstrip("\r\n")

    def multiline(self, command):
        self.say(command)
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return lines

    def offers(self):
        """Names of mechanisms, in their order."""
        if self.service == "imap":
            return [word[5:] for word in self.capabilities.split() if word.startswith("AUTH=")]
        words = self.capabilities.replace("250-", " ").split()
        start = words.index("AUTH" if self.service == "smtp" else "SASL") + 1
        known = [word for word in words[start:] if word.startswith(("SCRAM", "PLAIN", "LOGIN", "OAUTH", "XOAUTH", "EXTERNAL"))]
        return known

    def authenticate(self, mechanism, initial=None):
        command = {"imap": "a AUTHENTICATE ", "smtp": "AUTH ", "pop3": "AUTH "}[self.service] + mechanism
        self.say(command if initial is None else command + " " + base64.b64encode(initial).decode())

    def challenge(self):
        """The next challenge's octets, or the final reply as text."""
        line = self.line()
        for prefix in ("+ ", "334 "):
            if line.startswith(prefix):
                return base64.b64decode(line[len(prefix):])
        return line

    def answer(self, octets):
        self.say(base64.b64encode(octets).decode())

    def is_success(self, reply):
        return isinstance(reply, str) and reply.startswith({"imap": "a OK", "smtp": "235", "pop3": "+OK"}[self.service])


def scram(line, mechanism, user, password, binding=None, flag=None, initial=True, before_end=lambda: None):
    """The whole exchange; the final reply, and whether the server has proven itself. `before_end` is called when all is proven, and only
    the client's last, empty line is missing."""
    name = mechanism.removesuffix("-PLUS")
    digest = HASHES[name]
    header = (flag or ("p=tls-server-end-point" if binding else "n")) + ",,"
    bare = "n=" + user.replace("=", "=3D").replace(",", "=2C") + ",r=" + base64.b64encode(os.urandom(18)).decode()
    first = (header + bare).encode()
    line.authenticate(mechanism, first if initial else None)
    reply = line.challenge()
    if not initial and reply == b"":
        line.answer(first)
        reply = line.challenge()
    if isinstance(reply, str):
        return reply, False
    fields = dict(field.split("=", 1) for field in reply.decode().split(","))
    salted = hashlib.pbkdf2_hmac(digest, password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    mac = lambda key, text: hmac.new(key, text, digest).digest()
    without = ("c=" + base64.b64encode(header.encode() + (binding or b"")).decode() + ",r=" + fields["r"]).encode()
    text = bare.encode() + b"," + reply + b"," + without
    client_key = mac(salted, b"Client Key")
    proof = bytes(a ^ b for a, b in zip(client_key, mac(hashlib.new(digest, client_key).digest(), text)))
    line.answer(without + b",p=" + base64.b64encode(proof))
    last = line.challenge()
    if isinstance(last, str):
        return last, False
    proven = last == b"v=" + base64.b64encode(mac(mac(salted, b"Server Key"), text))
    before_end()
    line.say("")
    return line.line(), proven


TLS_PORTS = {"imap": 993, "smtp": 465, "pop3": 995}


class AppPasswords(host.HostTest):
    def add(self, name, *options):
        return self.host.mailctl("account", "apppass", "add", self.host.address, "--name", name, *options, as_json=True)["password"]

    def may_by_plain(self, service, password):
        line = Line(self, service, TLS_PORTS[service])
        line.authenticate("PLAIN", b"\0" + self.host.address.encode() + b"\0" + password.encode())
        success = line.is_success(line.challenge())
        line.close()
        return success

    def may(self, service, password):
        """By PLAIN and by SCRAM alike."""
        plain = self.may_by_plain(service, password)
        line = Line(self, service, TLS_PORTS[service])
        by_scram = line.is_success(scram(line, "SCRAM-SHA-256", self.host.address, password)[0])
        line.close()
        self.assertEqual(plain, by_scram, service)
        return plain

    def row(self, name):
        rows = self.host.mailctl("account", "apppass", "list", self.host.address, as_json=True)["rows"]
        return next(row for row in rows if row["name"] == name)

    def test_protocols(self):
        password = self.add("phone", "--protocols", "imap,smtp")
        self.assertEqual([self.may(service, password) for service in ("imap", "smtp", "pop3")], [True, True, False])
        row = self.row("phone")
        self.assertEqual((row["protocols"], row["networks"], row["expires"], row["last_from"]), (["imap", "smtp"], [], None, "127.0.0.1"))

    def test_networks_and_expiry(self):
        self.assertFalse(self.may("imap", self.add("elsewhere", "--networks", "192.0.2.0/24,2001:db8::/48")))
        self.assertTrue(self.may("imap", self.add("here", "--networks", "127.0.0.0/8")))
        brief = self.add("brief", "--expires", "4s")
        line = Line(self, "imap", 993)
        line.authenticate("PLAIN", b"\0" + self.host.address.encode() + b"\0" + brief.encode())
        self.assertTrue(line.is_success(line.challenge()))
        self.assertTrue(self.may_by_plain("pop3", brief))
        self.assertTrue(line.line().startswith("* BYE [EXPIRED]"), "an open session ends with it")
        host.wait_for(lambda: not self.may_by_plain("pop3", brief), 15, "the app password to expire")
        self.assertFalse(self.may("imap", brief))

    def test_removal_ends_logins_and_sessions(self):
        password = self.add("lost", "--expires", "90d")
        line = Line(self, "imap", 993)
        self.assertTrue(line.is_success(scram(line, "SCRAM-SHA-256", self.host.address, password)[0]))
        self.host.mailctl("account", "apppass", "rm", self.host.address, "lost")
        self.assertFalse(self.may("imap", password))
        self.assertTrue(line.line().startswith("* BYE"), "the open session too")
        self.assertFalse(self.host.mailctl("account", "apppass", "rm", self.host.address, "lost", as_json=True)["changed"])

    def test_bad_requests(self):
        for words in (["--protocols", "imap,ftp"], ["--networks", "192.0.2.1/24"], ["--networks", ""], []):
            self.host.mailctl("account", "apppass", "add", self.host.address, *(["--name", "x"] if words else []), *words, exit_code=64)
        self.host.mailctl("account", "apppass", "add", "nobody@example.org", "--name", "x", exit_code=67)
        self.add("twice")
        self.host.mailctl("account", "apppass", "add", self.host.address, "--name", "twice", exit_code=73)

    def test_it_is_in_no_file(self):
        password = self.add("secret")
        self.assertTrue(self.may("imap", password))
        for path in self.host.root.rglob("*"):
            if path.is_file():
                self.assertNotIn(password.encode(), path.read_bytes(), path)


class AccessTakenBack(host.HostTest):
    """What an admin takes back ends what is open, on every protocol, and what was about to be."""
    address, password = "eve@lost.example", "of the thief"

    def setUp(self):
        super().setUp()
        self.host.mailctl("domain", "add", "lost.example")
        self.host.add_account(self.address, self.password)

    def open(self, service):
        line = Line(self, service, TLS_PORTS[service])
        self.assertTrue(line.is_success(scram(line, "SCRAM-SHA-256", self.address, self.password)[0]), service)
        return line

    def assert_ended(self, line):
        """Nothing is done for who is logged in no longer."""
        command, good, end = {"imap": ("x NAMESPACE", "x OK", "y LOGOUT"), "pop3": ("STAT", "+OK 0", "QUIT"),
                              "smtp": (f"MAIL FROM:<{self.address}>", "250", "QUIT")}[line.service]
        rest = ""
        with contextlib.suppress(OSError):
            line.say(command)
            line.say(end)
            rest = line.stream.read().decode()
        self.assertNotIn(good, rest, line.service)

    def test_open_sessions_end(self):
        for words, stdin in ((["account", "passwd", self.address, "--password-stdin"], self.password + "\n"),
                             (["account", "disable", self.address, "--reason", "stolen"], None), (["account", "enable", self.address], None),
                             (["domain", "disable", "lost.example", "--reason", "not paid"], None), (["domain", "enable", "lost.example"], None),
                             (["account", "rm", self.address, "--yes"], None)):
            with self.subTest(words=words):
                lines = [] if "enable" in words else [self.open(service) for service in TLS_PORTS]
                self.host.mailctl(*words, stdin=stdin)
                for line in lines:
                    self.assert_ended(line)

    def test_logins_under_way_end(self):
        new = lambda: self.host.mailctl("account", "passwd", self.address, "--password-stdin", stdin=self.password + "\n")
        for service, port in TLS_PORTS.items():
            line = Line(self, service, port)
            scram(line, "SCRAM-SHA-256", self.address, self.password, before_end=new)
            self.assert_ended(line)
            self.open(service).close()


class Scram(host.HostTest):
    def end_point(self, line):
        """RFC 5929 \u00a74: the trial's certificate is signed with SHA-256."""
        return hashlib.sha256(line.sock.getpeercert(binary_form=True)).digest()

    def test_every_mechanism_on_every_protocol(self):
        for service, port in TLS_PORTS.items():
            for name in HASHES:
                for plus in (False, True):
                    with self.subTest(service=service, mechanism=name, plus=plus):
                        line = Line(self, service, port)
                        reply, proven = scram(line, name + ("-PLUS" if plus else ""), self.host.address, self.host.password,
                                              binding=self.end_point(line) if plus else None, initial=not plus)
                        line.close()
                        self.assertTrue(line.is_success(reply), reply)
                        self.assertTrue(proven, "the server knows the keys too")

    def test_what_is_offered(self):
        bound = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN", "LOGIN"]
        for service, port in TLS_PORTS.items():
            self.assertEqual(Line(self, service, port).offers(), bound, service)
        self.assertEqual(Line(self, "imap", 143, tls=False).offers(), [name for name in bound if "PLUS" not in name])

    def test_bindings_of_others_are_refused(self):
        for service, port in TLS_PORTS.items():
            for change in ({"binding": b"\0" * 32}, {"binding": b"x", "flag": "p=tls-unique"}, {"flag": "y"}):
                line = Line(self, service, port)
                mechanism = "SCRAM-SHA-256" + ("-PLUS" if "binding" in change else "")
                reply, _ = scram(line, mechanism, self.host.address, self.host.password, **change)
                self.assertFalse(line.is_success(reply), f"{service} {change}")

    def test_unknown_and_wrong_are_told_alike(self):
        replies = set()
        for user in (self.host.address, "nobody@example.org"):
            line = Line(self, "imap", 993)
            replies.add(scram(line, "SCRAM-SHA-256", user, "wrong"))
        self.assertEqual(len(replies), 1, replies)

    def test_gsasl(self):
        """It binds by tls-exporter. (Its SMTP begins with STARTTLS before EHLO, and waits for ever.)"""
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"):
            for password, exit_code in ((self.host.password, 0), ("wrong", 1)):
                with self.subTest(mechanism=mechanism, password=password):
                    binding = [] if mechanism.endswith("-PLUS") else ["--no-cb"]
                    host.run_client("gsasl", *binding, "--client", "--imap", f"--connect=127.0.0.1:{self.host.port(143)}", f"--mechanism={mechanism}",
                                    f"--authentication-id={self.host.address}", f"--password={password}", "--quiet", "--starttls",
                                    "--x509-ca-file=", stdin=b"", exit_code=exit_code)

    def test_msmtp(self):
        with tempfile.TemporaryDirectory() as home:
            for method in ("scram-sha-1", "scram-sha-256"):
                config = pathlib.Path(home) / f"msmtprc-{method}"
                config.write_text(f"account default\nhost 127.0.0.1\nport {self.host.port(587)}\ntls on\ntls_starttls on\ntls_certcheck off\nauth {method}\n"
                                  f"user {self.host.address}\npasswordeval echo {self.host.password}\nfrom {self.host.address}\n")
                config.chmod(0o600)
                host.run_client("msmtp", "-C", config, self.host.address, stdin=host.message(method, sender=self.host.address).replace(b"\r\n", b"\n"))

    def test_an_imported_password_is_completed_by_its_first_login(self):
        path = self.host.root / "hashed.csv"
        path.write_text("hashed@example.org,{SSHA}dFWAdLXeDBTj01WbdotiS4s3zKlzYWx0,\n")
        self.host.mailctl("account", "import", str(path))
        line = Line(self, "imap", 993)
        self.assertFalse(line.is_success(scram(line, "SCRAM-SHA-256", "hashed@example.org", "pencil")[0]))
        line = Line(self, "smtp", 465)
        line.authenticate("PLAIN", b"\0hashed@example.org\0pencil")
        self.assertTrue(line.is_success(line.challenge()))
        for service, port in TLS_PORTS.items():
            line = Line(self, service, port)
            reply, proven = scram(line, "SCRAM-SHA-1", "hashed@example.org", "pencil")
            self.assertTrue(line.is_success(reply) and proven, reply)

    def test_it_can_be_switched_off(self):
        self.host.configure('plaintext = "loopback"', 'scram = "never"\nplaintext = "loopback"')
        try:
            for service, port in TLS_PORTS.items():
                host.wait_for(lambda: Line(self, service, port).offers() == ["PLAIN", "LOGIN"], what=f"{service} to offer no SCRAM")
        finally:
            self.host.configure('scram = "never"\n', "")

    def test_no_keys_in_the_log(self):
        line = Line(self, "imap", 993)
        scram(line, "SCRAM-SHA-256", self.host.address, self.host.password)
        log = self.host.log()
        for secret in (self.host.password, "SCRAM-SHA-256$", "c=biws"):
            self.assertNotIn(secret, log)


class Authority:
    """An authority in a directory of its own, by openssl's own program."""

    def __init__(self, path, name="Clients"):
        self.path = path
        path.mkdir()
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                     "-days", "30", "-subj", f"/CN={name}")
        (path / "index").write_text("")
        (path / "serial").write_text("10\n")
        (path / "config").write_text("[ca]\ndefault_ca = own\n[own]\ndatabase = index\nserial = serial\nnew_certs_dir = .\ncertificate = ca.pem\n"
                                     "private_key = ca.key\ndefault_md = sha256\npolicy = any\ndefault_days = 20\ndefault_crl_days = 20\n"
                                     "unique_subject = no\n[any]\ncommonName = supplied\n")

    def openssl(self, *words):
        host.run_client("openssl", *words, cwd=self.path)

    def issue(self, name, address, usage="clientAuth"):
        """Certificate and key, as paths."""
        (self.path / "extensions").write_text(f"subjectAltName = email:{address}\nextendedKeyUsage = {usage}\nbasicConstraints = critical,CA:FALSE\n")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                     "-subj", f"/CN={name}")
        self.openssl("ca", "-batch", "-config", "config", "-extfile", "extensions", "-in", f"{name}.csr", "-out", f"{name}.pem", "-notext")
        return self.path / f"{name}.pem", self.path / f"{name}.key"

    def revoke(self, name):
        """The list of those that are, by now."""
        self.openssl("ca", "-config", "config", "-revoke", f"{name}.pem")
        self.openssl("ca", "-config", "config", "-gencrl", "-out", "crl.pem")
        return (self.path / "crl.pem").read_text()


class External(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.host.root / "authority")
        cls.file = cls.host.root / "etc/clients.pem"
        cls.file.write_text((cls.authority.path / "ca.pem").read_text())
        cls.ada = cls.authority.issue("ada", cls.host.address)
        cls.host.add_account("bob@example.org", "pw")
        cls.config = cls.host.root / "etc/maild.toml"
        cls.config.write_text(cls.config.read_text() + f'\n[tls]\nclient_ca = "{cls.file}"\n')
        cls.host.mailctl("server", "reload")

    def setUp(self):
        for service in TLS_PORTS:
            self.await_offer(service, True)

    def offers(self, service, certificate=None):
        line = Line(self, service, TLS_PORTS[service], certificate=certificate)
        offered = line.offers()
        line.close()
        return "EXTERNAL" in offered

    def await_offer(self, service, wanted, certificate=None):
        """Workers take new authorities one after the other: several connections meet them all."""
        host.wait_for(lambda: all(self.offers(service, certificate or self.ada) == wanted for _ in range(6)), what=f"{service} with the authorities")

    def login(self, service, certificate, authzid=b"", initial=True):
        line = Line(self, service, TLS_PORTS[service], certificate=certificate)
        if initial and not authzid:
            line.say({"imap": "a AUTHENTICATE EXTERNAL =", "smtp": "AUTH EXTERNAL =", "pop3": "AUTH EXTERNAL ="}[service])
        else:
            line.authenticate("EXTERNAL", authzid if initial else None)
        reply = line.challenge()
        if not initial:
            self.assertEqual(reply, b"")
            line.answer(authzid)
            reply = line.challenge()
        success = line.is_success(reply)
        line.close()
        return success

    def test_every_protocol(self):
        for service in TLS_PORTS:
            for authzid in (b"", self.host.address.encode()):
                for initial in (True, False):
                    with self.subTest(service=service, authzid=authzid, initial=initial):
                        self.assertTrue(self.login(service, self.ada, authzid, initial))
            self.assertFalse(self.login(service, self.ada, b"bob@example.org"))
        logins = self.host.mailctl("account", "logins", self.host.address, as_json=True)
        self.assertIn("imap", str(logins))

    def test_it_is_offered_for_good_certificates_only(self):
        other = Authority(self.host.root / "other", "Others").issue("ada", self.host.address)
        server = self.authority.issue("server", self.host.address, usage="serverAuth")
        for service in TLS_PORTS:
            self.assertFalse(self.offers(service), service)
            for certificate in (other, server):
                self.assertFalse(self.offers(service, certificate), service)
                line = Line(self, service, TLS_PORTS[service], certificate=certificate)
                line.authenticate("EXTERNAL", self.host.address.encode())
                self.assertFalse(line.is_success(line.challenge()))
                line.authenticate("PLAIN", b"\0" + self.host.address.encode() + b"\0" + self.host.password.encode())
                self.assertTrue(line.is_success(line.challenge()), "a password still works")
                line.close()

    def test_curl(self):
        certificate, key = self.ada
        for url in (f"imaps://127.0.0.1:{self.host.port(993)}/INBOX?ALL", f"pop3s://127.0.0.1:{self.host.port(995)}/"):
            curl = lambda user, code: host.run_client("curl", "-sS", "-k", "--cert", certificate, "--key", key, "-u", f"{user}:",
                                                      "--login-options", "AUTH=EXTERNAL", url, exit_code=code)
            curl(self.host.address, 0)
            curl("bob@example.org", 67)

    def test_port_25_asks_for_no_certificate(self):
        asked = lambda port, *words: b"Acceptable client certificate CA names" in host.run_client(
            "openssl", "s_client", "-connect", f"127.0.0.1:{self.host.port(port)}", *words, stdin=b"")
        self.assertTrue(asked(993))
        self.assertTrue(asked(587, "-starttls", "smtp"))
        self.assertFalse(asked(25, "-starttls", "smtp"))

    def test_revocation_and_a_reload(self):
        lost = self.authority.issue("lost", "bob@example.org")
        self.assertTrue(self.login("imap", lost))
        self.file.write_text((self.authority.path / "ca.pem").read_text() + self.authority.revoke("lost"))
        self.host.mailctl("server", "reload")
        self.await_offer("imap", False, lost)
        self.assertTrue(self.login("imap", self.ada))
        self.file.write_text("broken")
        self.host.mailctl("server", "reload", exit_code=78)
        self.assertTrue(self.login("imap", self.ada), "the old ones stay")
        self.file.write_text((self.authority.path / "ca.pem").read_text())
        self.host.mailctl("server", "reload")

    def test_without_authorities_there_is_none(self):
        text = self.config.read_text()
        try:
            self.config.write_text(text.replace("client_ca", "# client_ca"))
            self.host.mailctl("server", "reload")
            for service in TLS_PORTS:
                self.await_offer(service, False)
        finally:
            self.config.write_text(text)
            self.host.mailctl("server", "reload")


if __name__ == "__main__":
    host.main()
