#!/usr/bin/env python3
"""maild_load in each of its modes, against a Maild: what it says was done is what is there, and a failure is no figure."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "system"))
import host  # noqa: E402

program = pathlib.Path(os.environ["MAILD_BUILD"]) / "tests/bench/maild_load"


class Load(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        table = cls.host.root / "accounts.csv"
        table.write_text("".join(f"user{n}@example.org,pw,\n" for n in range(1, 5)))
        cls.host.mailctl("account", "import", str(table))

    def load(self, mode, port, *arguments, exit_code=0):
        command = [program, mode, "--port", str(self.host.port(port)), "--accounts", "4", "--charge", str(self.host.supervisor()), *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def messages(self, account):
        selected, = self.load("imap", 143, "--first", account, "--do", "STATUS INBOX (MESSAGES)", "--quietly", "SELECT INBOX",
                              "--do", "FETCH 1:* (FLAGS)")[1:]
        return selected["untagged"]

    def test_deliveries_are_in_the_mailboxes(self):
        before = self.messages("1")
        for protocol, port in (("lmtp", 24), ("smtp", 25)):
            answer, = self.load("deliver", port, "--protocol", protocol, "--operations", "40", "--connections", "8", "--recipients", "2")
            self.assertEqual(answer["operations"], 40)
            self.assertGreater(answer["server_cpu_s"], 0)
            self.assertGreater(answer["switches_per_op"], 0)
        self.assertEqual(self.messages("1") - before, 40)   # 2 × 40 messages, 2 recipients each, of 4

    def test_new_connections_with_starttls(self):
        answer, = self.load("deliver", 25, "--protocol", "smtp", "--tls", "starttls", "--reconnect", "yes", "--operations", "6", "--connections", "2",
                            "--pipeline", "no")
        self.assertEqual(answer["operations"], 6)

    def test_logins(self):
        for protocol, port, tls in (("imap", 143, "none"), ("imap", 143, "starttls"), ("imap", 993, "implicit"), ("pop3", 995, "implicit"),
                                    ("pop3", 110, "starttls")):
            with self.subTest(protocol=protocol, tls=tls):
                answer, = self.load("login", port, "--protocol", protocol, "--tls", tls, "--operations", "9", "--connections", "4")
                self.assertEqual(answer["operations"], 9)

    def test_handshakes(self):
        for tls, port in (("implicit", 993), ("none", 143)):
            answer, = self.load("handshake", port, "--tls", tls, "--operations", "9", "--connections", "4")
            self.assertEqual(answer["operations"], 9)

    def test_appended_messages_are_retrieved(self):
        for more in (["--multiple", "5", "--literal-plus", "yes"], ["--multiple", "3"]):
            answer, = self.load("append", 143, "--operations", "12", "--first", "3", *more)
            self.assertEqual(answer["operations"], 12)
        for window in ("1", "10"):
            answer, = self.load("pop3", 110, "--first", "3", "--window", window)
            self.assertGreaterEqual(answer["operations"], 24)

    def test_commands_are_timed_one_by_one(self):
        self.load("append", 143, "--operations", "10", "--first", "4", "--word", "needle", "--every", "5")
        search, fetch = self.load("imap", 993, "--tls", "implicit", "--first", "4", "--quietly", "SELECT INBOX", "--do", "SEARCH TEXT needle",
                                  "--times", "3", "--do", "FETCH %i BODY.PEEK[]")
        self.assertEqual(search["untagged"], 1)
        self.assertEqual(fetch["operations"], 3)
        self.assertGreater(fetch["octets"], 4000)

    def test_idle_connections_are_told(self):
        first, probed = self.load("idle", 993, "--tls", "implicit", "--connections", "24", "--probes", "8", "--settle", "0",
                                  "--delivery-port", str(self.host.port(24)))
        self.assertEqual(first["operations"], 22)   # memory is that of all but the first tenth
        self.assertEqual(probed["operations"], 8)
        self.assertGreater(probed["content_to_exists_ms"]["p50"], 0)

    def test_idle_connections_are_left_alone(self):
        _, rested = self.load("idle", 143, "--connections", "10", "--settle", "0", "--rest", "1")
        self.assertGreaterEqual(rested["seconds"], 1)
        self.assertEqual(rested["operations"], 1)

    def test_openssl_alone_keeps_something(self):
        answer, = self.load("tls", 143, "--connections", "20")
        self.assertEqual(answer["operations"], 20)
        self.assertTrue(2 < answer["kib_per_connection"] < 40, answer)

    def test_memory(self):
        self.assertGreater(self.load("memory", 143)[0]["kib"], 1000)

    def test_a_refusal_is_a_failure(self):
        for mode, port, more in (("login", 143, ["--password", "wrong"]), ("deliver", 24, ["--account", "nobody%n@example.org"]),
                                 ("imap", 143, ["--do", "XYZZY"])):
            with self.subTest(mode=mode):
                answer = self.load(mode, port, *more, exit_code=1)[-1]
                self.assertIn("failure", answer)
                self.assertEqual(answer["operations"], 0)


host.main()
