#!/usr/bin/env python3
"""Logins by access token on the real daemon: OAUTHBEARER and XOAUTH2 from curl, imaplib and smtplib, against a small issuer that
answers over HTTP and HTTPS (RFC 7662), and against one that misbehaves in every way."""
import base64
import http.server
import imaplib
import json
import pathlib
import shutil
import smtplib
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import host
from sasl import TLS_PORTS, Line, scram

SECRET = "s3cret of:the/host"
GOOD = {"active": True, "email": "ada@example.org", "aud": ["web", "mail"], "scope": "openid mail"}


class Issuer:
    """Knows tokens; `mode` says how it behaves."""

    def __init__(self, certificate=None):
        self.tokens, self.mode, self.asked, self.faults, self.let_go = {}, "good", [], [], threading.Event()
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *_):
                pass
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                issuer.answer(self, urllib.parse.parse_qs(body, strict_parsing=True))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None   # clients that had enough
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, request, form):
        user = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        if user != "maild:" + urllib.parse.quote(SECRET, safe="") or form["token_type_hint"] != ["access_token"]:
            self.faults.append(user)
            return self.say(request, 401, b"")
        token = form["token"][0]
        if not token.startswith("maild-"):   # not one with which the daemon only looks whether we are here
            self.asked.append(token)
        if self.mode == "hang":
            self.let_go.wait(60)
        body = json.dumps(self.tokens.get(token, {"active": False})).encode()
        if self.mode == "garbage":
            body = b"<html>It works!</html>"
        elif self.mode == "huge":
            body = b" " * 1_000_000 + body
        elif self.mode == "endless":
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000)
            return
        elif self.mode == "cut":
            request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            request.close_connection = True
            return
        self.say(request, 500 if self.mode == "broken" else 200, body)

    @staticmethod
    def say(request, status, body):
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


def oauthbearer(token, user=""):
    return f"n,{'a=' + user if user else ''},\1host=mail.example.org\1port=993\1auth=Bearer {token}\1\1".encode()


def xoauth2(token, user):
    return f"user={user}\1auth=Bearer {token}\1\1".encode()


class OauthTest(host.HostTest):
    scheme, more = "http", 'audience = "mail"\nscope = "mail"\nopenid_configuration = "https://id.example.org/.well-known/openid-configuration"\n'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(cls.host.close)
        cls.issuer = cls.make_issuer()
        cls.addClassCleanup(cls.issuer.close)
        cls.host.add_account("bob@example.org", "pw")
        cls.config = cls.host.root / "etc/maild.toml"
        secret = cls.host.root / "etc/oauth.secret"
        secret.write_text(SECRET + "\n")
        secret.chmod(0o600)
        # Failures are many here, and all from one address.
        text = cls.config.read_text().replace('plaintext = "loopback"', 'plaintext = "loopback"\nfailures_allowed = 5000\nban_after = 5000')
        cls.config.write_text(text + f'\n[oauth]\nintrospection = "{cls.scheme}://localhost:{cls.issuer.port}/introspect?x=1"\nclient_id = "maild"\n'
                              f'client_secret_file = "{secret}"\ntimeout = "2 s"\n{cls.more}')
        cls.host.mailctl("server", "reload")
        cls.await_offer()

    @classmethod
    def make_issuer(cls):
        return Issuer()

    @classmethod
    def await_offer(cls, wanted=True):
        """Workers take a new configuration one after the other: several connections meet them all."""
        probe = unittest.TestCase()
        def is_offered(service):
            line = Line(probe, service, TLS_PORTS[service])
            offered = line.offers()
            line.close()
            return "OAUTHBEARER" in offered and "XOAUTH2" in offered
        probe.host = cls.host
        for service in TLS_PORTS:
            host.wait_for(lambda: all(is_offered(service) == wanted for _ in range(6)), what=f"{service} with the new configuration")

    def setUp(self):
        self.issuer.mode = "good"
        self.issuer.let_go.clear()
        self.issuer.tokens["good"] = GOOD
        self.renew()

    def renew(self):
        """A reload makes auth forget what it was told."""
        self.host.mailctl("server", "reload")
        self.wait_for_status("answers" if self.issuer.mode == "good" else "")

    def give_the_issuer_time(self):
        """15 s for an answer, in a process that is ready. The old one may be it, too, and drops what it is asked now."""
        old = set(self.host.pids("oauth"))
        self.host.configure('timeout = "2 s"', 'timeout = "15 s"')
        self.addCleanup(self.host.configure, 'timeout = "15 s"', 'timeout = "2 s"')
        host.wait_for(lambda: old.isdisjoint(self.host.pids("oauth")), 30, "a new process for oauth")
        self.wait_for_status("answers")

    def wait_for_status(self, wanted):
        def text():
            found = [p["text"] for p in self.host.status()["processes"] if p["role"] == "oauth" and p["state"] == "ready"]
            return found and found[0] and wanted in found[0] and found[0]
        return host.wait_for(text, 20, f"the status of oauth to hold {wanted!r}")

    def login(self, service, token, user="", mechanism="OAUTHBEARER", initial=True):
        """The final reply, and what was told before it."""
        line = Line(self, service, TLS_PORTS[service])
        message = oauthbearer(token, user) if mechanism == "OAUTHBEARER" else xoauth2(token, user)
        line.authenticate(mechanism, message if initial else None)
        reply, told = line.challenge(), None
        if not initial:
            self.assertEqual(reply, b"")
            line.answer(message)
            reply = line.challenge()
        if isinstance(reply, bytes):
            told = json.loads(reply)
            line.answer(b"\1" if mechanism == "OAUTHBEARER" else b"")
            reply = line.challenge()
        line.close()
        return ("ok" if line.is_success(reply) else reply), told

    def may(self, token, user="", service="imap"):
        return self.login(service, token, user)[0] == "ok"


FAILED = {"imap": "a NO [AUTHENTICATIONFAILED]", "pop3": "-ERR [AUTH]", "smtp": "535 5.7.8"}
TRY_AGAIN = {"imap": "a NO [UNAVAILABLE]", "pop3": "-ERR [SYS/TEMP]", "smtp": "454 4.7.0"}


class Tokens(OauthTest):
    def test_every_mechanism_on_every_protocol(self):
        for service in TLS_PORTS:
            for mechanism in ("OAUTHBEARER", "XOAUTH2"):
                for initial in (True, False):
                    for user in ("", self.host.address, "ADA@Example.org"):
                        with self.subTest(service=service, mechanism=mechanism, initial=initial, user=user):
                            self.assertEqual(self.login(service, "good", user, mechanism, initial), ("ok", None))
                    with self.subTest(service=service, mechanism=mechanism, initial=initial):
                        reply, told = self.login(service, "wrong", self.host.address, mechanism, initial)
                        self.assertTrue(reply.startswith(FAILED[service]), reply)
                        self.assertEqual(told, {"status": "401", "schemes": "bearer", "scope": "mail"} if mechanism == "XOAUTH2" else
                                         {"status": "invalid_token", "scope": "mail",
                                          "openid-configuration": "https://id.example.org/.well-known/openid-configuration"})
        self.assertEqual(sorted(self.issuer.asked[-2:]), ["good", "wrong"], "each once, as long as the answer is believed")
        self.assertIn("imap", str(self.host.mailctl("account", "logins", self.host.address, as_json=True)))

    def test_whom_a_token_lets_in(self):
        now = int(time.time())
        without = lambda name: {key: value for key, value in GOOD.items() if key != name}
        cases = [("plain", GOOD, "", True), ("another's", GOOD, "bob@example.org", False), ("in time", {**GOOD, "exp": now + 60}, "", True),
                 ("expired", {**GOOD, "exp": now - 1}, "", False), ("not yet", {**GOOD, "nbf": now + 3600}, "", False),
                 ("other audience", {**GOOD, "aud": "web"}, "", False), ("no audience", without("aud"), "", False),
                 ("other scope", {**GOOD, "scope": "openid"}, "", False), ("not active", {**GOOD, "active": False}, "", False),
                 ("nobody", {**GOOD, "email": "eve@example.org"}, "", False), ("no name", without("email"), "", False),
                 ("username alone", {**without("email"), "username": "ada@example.org"}, "", False),
                 ("unverified", {**GOOD, "email_verified": False}, "", False), ("verified", {**GOOD, "email_verified": True}, "", True),
                 ("email before username", {**GOOD, "email": "eve@elsewhere.example", "username": "ada@example.org"}, "", False)]
        for name, claims, user, wanted in cases:
            with self.subTest(name):
                token = name.replace(" ", "-").replace("'", "")
                self.issuer.tokens[token] = claims
                self.assertEqual(self.may(token, user), wanted)
                self.assertEqual(self.may(token, user), wanted, "again")

    def test_what_an_admin_takes_back(self):
        self.assertTrue(self.may("good"))
        asked = len(self.issuer.asked)
        self.host.mailctl("account", "disable", self.host.address, "--reason", "x")
        self.assertFalse(self.may("good"))
        self.host.mailctl("account", "enable", self.host.address)
        self.assertTrue(self.may("good"))
        self.assertEqual(len(self.issuer.asked), asked, "the account is looked at each time, and the issuer is not asked")
        self.host.mailctl("account", "passwd", self.host.address, "--password-stdin", stdin=self.host.password + "\n")
        self.issuer.tokens["good"] = {"active": False}
        self.assertFalse(self.may("good"), "with a new password the issuer is asked anew")

    def test_curl(self):
        for scheme, service, path in (("imaps", "imap", "/INBOX?ALL"), ("pop3s", "pop3", "/"), ("smtps", "smtp", "/client.example")):
            for mechanism in ("OAUTHBEARER", "XOAUTH2"):
                for token, wanted in (("good", 0), ("wrong", 67)):
                    with self.subTest(scheme=scheme, mechanism=mechanism, token=token):
                        words = ["--mail-from", self.host.address, "--mail-rcpt", self.host.address, "-T", "-"] if service == "smtp" else []
                        host.run_client("curl", "-sS", "-k", "--oauth2-bearer", token, "-u", f"{self.host.address}:", "--login-options",
                                        f"AUTH={mechanism}", *words, f"{scheme}://127.0.0.1:{self.host.port(TLS_PORTS[service])}{path}",
                                        stdin=host.message("by token", sender=self.host.address), exit_code=wanted)

    def test_imaplib_and_smtplib(self):
        for token in ("good", "wrong"):
            client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls())
            answers = [xoauth2(token, self.host.address), b""]
            if token == "good":
                client.authenticate("XOAUTH2", lambda _: answers.pop(0))
                self.assertEqual(client.select("INBOX")[0], "OK")
            else:
                with self.assertRaisesRegex(imaplib.IMAP4.error, "AUTHENTICATIONFAILED"):
                    client.authenticate("XOAUTH2", lambda _: answers.pop(0))
            client.logout()
            client = smtplib.SMTP("127.0.0.1", self.host.port(587))
            client.starttls(context=host.insecure_tls())
            client.ehlo("client.example")
            replies = [xoauth2(token, self.host.address).decode(), ""]
            talk = lambda challenge=None: replies.pop(0)
            if token == "good":
                self.assertEqual(client.auth("XOAUTH2", talk)[0], 235)
            else:
                with self.assertRaises(smtplib.SMTPAuthenticationError):
                    client.auth("XOAUTH2", talk)
            client.quit()

    def test_an_issuer_that_misbehaves(self):
        for mode in ("garbage", "huge", "endless", "cut", "broken", "hang"):
            for service in TLS_PORTS:
                with self.subTest(mode=mode, service=service):
                    self.issuer.mode = mode
                    start = time.monotonic()
                    reply, told = self.login(service, f"new-{mode}-{service}")
                    self.assertTrue(reply.startswith(TRY_AGAIN[service]), reply)
                    self.assertIsNone(told, "the token may be good")
                    self.assertLess(time.monotonic() - start, 8)
        self.issuer.let_go.set()
        self.issuer.mode = "good"
        self.assertTrue(self.may("good"), "as soon as it answers again")

    def test_an_issuer_that_hangs_holds_up_nobody_else(self):
        self.give_the_issuer_time()
        self.issuer.mode = "hang"
        results = []
        waiting = [threading.Thread(target=lambda i=i: results.append(self.login("imap", f"waits-{i}")[0])) for i in range(24)]
        for thread in waiting:
            thread.start()
        host.wait_for(lambda: len([t for t in self.issuer.asked if t.startswith("waits-")]) >= 12, what="the issuer to be asked")
        start = time.monotonic()
        for service, port in TLS_PORTS.items():
            line = Line(self, service, port)
            line.authenticate("PLAIN", b"\0" + self.host.address.encode() + b"\0" + self.host.password.encode())
            self.assertTrue(line.is_success(line.challenge()))
            line.close()
            line = Line(self, service, port)
            self.assertTrue(line.is_success(scram(line, "SCRAM-SHA-256", self.host.address, self.host.password)[0]))
            line.close()
        self.assertLess(time.monotonic() - start, 8, "six logins, while all of them wait")
        self.assertFalse(results, "all of them wait")
        self.issuer.let_go.set()
        for thread in waiting:
            thread.join()
        self.assertTrue(all(reply.startswith(FAILED["imap"]) for reply in results), results)

    def test_what_a_reload_finds_under_way_is_not_believed(self):
        self.give_the_issuer_time()
        self.issuer.tokens["under-way"] = GOOD
        self.issuer.mode = "hang"
        results = []
        waiting = threading.Thread(target=lambda: results.append(self.login("imap", "under-way")[0]))
        waiting.start()
        host.wait_for(lambda: "under-way" in self.issuer.asked, what="the issuer to be asked")
        self.issuer.mode = "good"
        self.renew()
        host.wait_for(lambda: self.may("good"), 30, "the new process to be asked, whatever the old one waits for")
        self.issuer.let_go.set()
        waiting.join()
        self.assertTrue(results[0].startswith(TRY_AGAIN["imap"]), results)
        self.assertTrue(self.may("under-way"))
        self.assertEqual(self.issuer.asked.count("under-way"), 2, "what the old one said was not kept")

    def test_the_status_says_how_the_issuer_is(self):
        self.assertIn(f"http://localhost:{self.issuer.port}/introspect?x=1: answers", self.wait_for_status("answers"))
        process = next(p for p in self.host.status()["processes"] if p["role"] == "oauth")
        self.assertEqual((process["capabilities"], process["no_new_privs"]), ("none", True))
        self.issuer.mode = "broken"
        self.may("another")
        self.wait_for_status("HTTP status 500")
        self.issuer.mode = "good"
        self.assertTrue(self.may("good"))
        self.wait_for_status("answers")
        text = self.config.read_text()
        try:
            self.config.write_text(text.replace(f"localhost:{self.issuer.port}", "localhost:1"))
            self.host.mailctl("server", "reload")
            self.wait_for_status("Connection refused")
            self.assertTrue(self.login("imap", "good")[0].startswith(TRY_AGAIN["imap"]))
            secret = self.host.root / "etc/oauth.secret"
            secret.write_text("another\n")
            self.config.write_text(text)
            self.host.mailctl("server", "reload")
            self.wait_for_status("its secret is not accepted")
            secret.write_text(SECRET)
            self.renew()
        finally:
            self.config.write_text(text)
            self.host.mailctl("server", "reload")

    def test_it_is_killed_and_comes_back(self):
        pid = self.host.pids("oauth")[0]
        subprocess.run(["kill", "-KILL", str(pid)], check=True)
        host.wait_for(lambda: self.host.pids("oauth") not in ([], [0], [pid]), what="oauth to come back")
        host.wait_for(lambda: self.may("good"), what="logins by token")

    def test_nothing_of_it_without_its_section(self):
        text = self.config.read_text()
        try:
            self.config.write_text(text[:text.index("\n[oauth]")])
            self.host.mailctl("server", "reload")
            self.await_offer(False)
            host.wait_for(lambda: not self.host.pids("oauth"), what="oauth to end")
        finally:
            self.config.write_text(text)
            self.host.mailctl("server", "reload")
        self.await_offer()
        self.wait_for_status("answers")
        self.assertTrue(self.may("good"))

    def test_no_token_and_no_secret_in_log_and_data(self):
        token = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
        self.issuer.tokens[token] = GOOD
        self.assertTrue(self.may(token))
        self.assertFalse(self.may(token, "bob@example.org"))
        for path in self.host.root.rglob("*"):
            if path.is_file() and path.name != "oauth.secret":
                for secret in (token, SECRET):
                    self.assertNotIn(secret.encode(), path.read_bytes(), path)
        self.assertFalse(self.issuer.faults)


class OverTls(OauthTest):
    scheme = "https"

    @classmethod
    def make_issuer(cls):
        path = pathlib.Path(tempfile.mkdtemp(prefix="maild-issuer-"))
        cls.addClassCleanup(shutil.rmtree, path)
        cls.pem = {}
        for name, alternative in (("good", "DNS:localhost"), ("named", "DNS:id.example.org"), ("other", "DNS:localhost")):
            key, certificate = path / f"{name}.key", path / f"{name}.pem"
            host.run_client("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                            certificate, "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}")
            cls.pem[name] = (certificate, key)
        cls.authorities = cls.host.root / "etc/issuer.pem"
        cls.authorities.write_text(cls.pem["good"][0].read_text() + cls.pem["named"][0].read_text())
        cls.more = f'ca = "{cls.authorities}"\n'
        return Issuer(cls.pem["good"])

    def move_to(self, certificate):
        """Another issuer in its place."""
        old = type(self).issuer
        issuer = type(self).issuer = Issuer(self.pem[certificate])
        issuer.tokens = {"good": GOOD}
        self.config.write_text(self.config.read_text().replace(f"localhost:{old.port}", f"localhost:{issuer.port}"))
        self.host.mailctl("server", "reload")
        old.close()

    def test_verified(self):
        for service in TLS_PORTS:
            self.assertEqual(self.login(service, "good"), ("ok", None))
        self.assertTrue(self.login("imap", "wrong")[1])

    def test_not_verified(self):
        for certificate, status in (("named", "hostname mismatch"), ("other", "self-signed certificate")):
            self.move_to(certificate)
            self.assertIn(status, self.wait_for_status(status))
            reply, told = self.login("imap", "good")
            self.assertTrue(reply.startswith(TRY_AGAIN["imap"]), reply)
            self.assertFalse(self.issuer.asked, "it heard neither token nor secret")
        self.move_to("good")
        self.wait_for_status("answers")
        self.assertTrue(self.may("good"))

    def test_faults_of_the_configuration_are_named(self):
        text = self.config.read_text()
        secret = self.host.root / "etc/oauth.secret"
        try:
            secret.chmod(0o644)
            self.assertIn("can be read or written by everyone", self.check())
            secret.chmod(0o600)
            self.config.write_text(text.replace("https://localhost", "http://id.example.org"))
            self.assertIn("in the clear", self.check())
            self.host.mailctl("server", "reload", exit_code=78)
            self.assertTrue(self.may("good"), "the old one stays")
        finally:
            secret.chmod(0o600)
            self.config.write_text(text)

    def check(self):
        run = subprocess.run([self.host.root / "bin/maild", "--check"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 78)
        return run.stderr


if __name__ == "__main__":
    host.main()
