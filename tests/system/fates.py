#!/usr/bin/env python3
"""mailctl message trace and explain: messages of known fates, and what they say of each; that traces outlive processes and
restarts, and that mail goes its way without them."""
import base64
import json
import os
import pwd
import signal
import smtplib
import socket
import subprocess
import time

import host
import zone

HELD = "sending is switched off: [queue] sending"
NO_USER, LOOP = "No such recipient here", "Aliases of this address run in a circle (alias_loop)"


class Sender:
    """What the cases send with. Each has a sender of its own, by which its trace is found."""

    def __init__(self, machine, name):
        self.machine, self.address = machine, name if "@" in name else f"{name}@client.example"

    def raw(self, lines, port=25):
        """Lines, and after each the end of a reply; what was said last."""
        with socket.create_connection(("127.0.0.1", self.machine.port(port)), timeout=20) as plain:
            stream = plain.makefile("rwb")
            reply = stream.readline()
            for line in lines:
                stream.write(line if isinstance(line, bytes) else line.format(sender=self.address).encode() + b"\r\n")
                stream.flush()
                reply = stream.readline()
                while reply[3:4] == b"-":
                    reply = stream.readline()
            return reply.decode().strip()

    def mail(self, *recipients, content=None, protocol=smtplib.SMTP):
        port = self.machine.port(24 if protocol is smtplib.LMTP else 25)
        with protocol("127.0.0.1", port, local_hostname="client.example") as client:
            try:
                client.sendmail(self.address, recipients, host.message() if content is None else content)
            except smtplib.SMTPException:
                pass   # the trace has to know

    def letter(self):
        """A message whose author is the sender."""
        return host.message().replace(b"bob@client.example", self.address.encode())

    def signed(self):
        return subprocess.run([host.BUILD / "mailctl", "message", "sign", "--domain", self.address.split("@")[1], "--selector", "s",
                               "--key", self.machine.root / "dkim.pem", "-"], input=self.letter(), capture_output=True, check=True).stdout

    def data(self, recipient, content):
        return self.raw(["EHLO client.example", "MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA", content + b"\r\n.\r\n"])

    def submit(self, account=None):
        with smtplib.SMTP("127.0.0.1", self.machine.port(587), local_hostname="client.example") as client:
            client.ehlo()
            if account:
                client.login(account, self.machine.password)
            client.mail(self.address)


def left_before_content(by):
    by.raw(["EHLO client.example", "MAIL FROM:<{sender}>", "RCPT TO:<ada@example.org>"])


def left_within_content(by):
    by.raw(["EHLO client.example", "MAIL FROM:<{sender}>", "RCPT TO:<ada@example.org>", "DATA"])


# Name, what is done, the fate, the first reason, and words that the explanation has.
CASES = [
    ("delivered", lambda by: by.mail("ada@example.org"), "delivered", "", ["stored in INBOX of ada@example.org as UID "]),
    ("lmtp", lambda by: by.mail("ada@example.org", protocol=smtplib.LMTP), "delivered", "", ["came to lmtp", "For <ada@example.org> the client was told: 250"]),
    ("unknown", lambda by: by.mail("nobody@example.org"), "refused", NO_USER, [f"Recipient <nobody@example.org> was refused: {NO_USER}"]),
    ("relay", lambda by: by.mail("eve@elsewhere.example"), "refused", "Relay access denied", []),
    ("disabled", lambda by: by.mail("off@example.org"), "refused", "Mailbox disabled", ["off@example.org leads nowhere: account disabled"]),
    ("offdomain", lambda by: by.mail("ada@off.example"), "refused", "Mailbox disabled", ["leads nowhere: domain disabled"]),
    ("full", lambda by: by.mail("small@example.org", content=host.message(body=("x" * 70 + "\r\n") * 120)), "deferred", "Mailbox full", ["was put off: Mailbox full"]),
    ("fullatend", lambda by: by.data("small@example.org", host.message(body=("x" * 70 + "\r\n") * 120)), "deferred", "Mailbox full", ["was not stored in INBOX of small@example.org"]),
    ("away", lambda by: by.mail("away@example.org"), "held", HELD, ["By alias, away@example.org leads to eve@elsewhere.example", "in the queue as "]),
    ("loop", lambda by: by.mail("circle@example.org"), "refused", LOOP, ["By alias, circle@example.org leads to round@example.org", "leads nowhere: seen already"]),
    ("team", lambda by: by.mail("team@example.org"), "delivered", "", ["leads to ada@example.org", "to go to eve@elsewhere.example; held: "]),
    ("detail", lambda by: by.mail("ada+news@example.org"), "delivered", "", ["By subaddress, ada+news@example.org leads to ada@example.org"]),
    ("some", lambda by: by.mail("ada@example.org", "nobody@example.org"), "delivered", NO_USER, ["Recipient <nobody@example.org> was refused", "stored in INBOX"]),
    ("barelf", lambda by: by.data("ada@example.org", b"Subject: x\r\n\r\na\nb"), "refused", "bare <LF> received", ["Stage content refused it"]),
    ("nul", lambda by: by.data("ada@example.org", b"Subject: x\r\n\r\na\0b"), "refused", "NUL received", []),
    ("hops", lambda by: by.data("ada@example.org", b"Received: x\r\n" * 101 + host.message()), "refused", "Too many hops, mail loop", []),
    ("again", lambda by: by.data("ada@example.org", b"Delivered-To: ada@example.org\r\n" + host.message()), "refused",
     "Mail loop (mail loop: already delivered to ada@example.org)", []),
    ("large", lambda by: by.raw(["EHLO client.example", "MAIL FROM:<{sender}> SIZE=1000000000"]), "refused", "Message too large", ["which was not accepted"]),
    ("larger", lambda by: by.data("ada@example.org", b"Subject: x\r\n\r\n" + b"x" * 70_000), "refused", "Message too large", ["Stage content refused it"]),
    ("headless", lambda by: by.data("ada@example.org", b"\r\nno header at all"), "delivered", "", ["without a Message-ID"]),
    ("quit", lambda by: by.raw(["EHLO client.example", "MAIL FROM:<{sender}>", "RCPT TO:<ada@example.org>", "QUIT"]), "left", "the client ended the session", []),
    ("left", left_before_content, "left", "the connection ended: closed, end of input", ["No message was taken"]),
    ("cut", left_within_content, "left", "the connection ended: closed, end of input", []),
    ("login", lambda by: by.submit(), "refused", "Authentication required", ["came to submission"]),
    ("a@good.example", lambda by: by.mail("ada@example.org", content=by.letter()), "delivered", "", ["Stage spf passed: pass", "Stage dmarc passed: pass"]),
    ("a@bad.example", lambda by: by.mail("ada@example.org", content=by.letter()), "delivered", "", ["Stage spf noted: fail"]),
    ("a@reject.example", lambda by: by.mail("ada@example.org", content=by.letter()), "refused", "reject: ", ["Stage dmarc noted: fail", "Stage policy refused it", "550 5.7.26"]),
    ("b@reject.example", lambda by: by.mail("ada@example.org", content=by.signed()), "delivered", "", ["Stage dkim passed: pass"]),
    ("c@reject.example", lambda by: by.mail("ada@example.org", content=by.signed().replace(b"Hello.", b"Hallo.")), "refused", "reject: ", ["Stage dkim noted: fail"]),
    ("a@junk.example", lambda by: by.mail("ada@example.org", content=by.letter()), "delivered", "", ["stored in Junk of ada@example.org", "Stage policy noted: quarantine"]),
    ("a@null.example", lambda by: by.mail("ada@example.org"), "refused", "The sender's domain takes no mail (null MX)", ["which was not accepted"]),
    ("a@silent.example", lambda by: by.mail("ada@example.org", content=by.letter()), "deferred", "defer: ", ["Stage policy put it off", "451 4.7.0"]),
    ("owner", lambda by: by.submit("ada@example.org"), "refused", "Not your address to send from", ["logged in as ada@example.org"]),
]


class Fates(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        machine = cls.host
        key = machine.root / "dkim.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", key], check=True, capture_output=True)
        key.chmod(0o600)
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout[-32:]
        cls.zone = zone.Zone({
            "good.example": [("TXT", "v=spf1 ip4:127.0.0.1 -all")], "_dmarc.good.example": [("TXT", "v=DMARC1; p=reject")],
            "bad.example": [("TXT", "v=spf1 ip4:192.0.2.1 -all")], "null.example": [("MX", "0 .")],
            "_dmarc.reject.example": [("TXT", "v=DMARC1; p=reject")], "_dmarc.junk.example": [("TXT", "v=DMARC1; p=quarantine")],
            "_dmarc.silent.example": [("TXT", "v=DMARC1; p=reject")], "silent.example": [("TXT", "v=spf1 -all")],
            "s._domainkey.reject.example": [("TXT", f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}")]})
        cls.zone.silent = {"silent.example"}
        path = machine.root / "etc/maild.toml"
        path.write_text(path.read_text() + f"\n[dns]\nservers = [\"{cls.zone.address}\"]\n[verify]\nexempt = []\n")
        machine.configure("connections_per_address", "message_size = \"64 KiB\"\nconnections_per_address")
        for name in ("off", "small"):
            machine.add_account(f"{name}@example.org", "pw")
        machine.mailctl("account", "disable", "off@example.org", "--reason", "a test")
        machine.mailctl("account", "quota", "set", "small@example.org", "10K")
        Sender(machine, "filler").mail("small@example.org", content=host.message(body=("x" * 70 + "\r\n") * 60))
        machine.mailctl("domain", "add", "off.example")
        machine.mailctl("domain", "disable", "off.example")
        for alias, *targets in (("away", "eve@elsewhere.example"), ("circle", "round@example.org"), ("round", "circle@example.org"),
                                ("team", "ada@example.org", "eve@elsewhere.example")):
            machine.mailctl("alias", "add", f"{alias}@example.org", *targets)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.zone.close()

    def rows(self, *options):
        return self.host.mailctl("message", "trace", *options, as_json=True)["rows"]

    def trace_of(self, sender):
        return host.wait_for(lambda: self.rows("--from", sender), what=f"the trace of {sender}")

    def explained(self, name):
        return self.host.mailctl("message", "explain", name, as_json=True)["messages"]

    def test_each_fate_is_told_with_its_first_reason(self):
        for name, send, fate, reason, words in CASES:
            with self.subTest(name):
                by = Sender(self.host, name)
                send(by)
                rows = self.trace_of(by.address)
                self.assertEqual(len(rows), 1, rows)
                told = self.explained(rows[0]["id"])
                self.assertEqual([message["id"] for message in told], [rows[0]["id"]])
                self.assertEqual((rows[0]["fate"], told[0]["fate"]), (fate, fate), told)
                self.assertEqual(told[0]["reason"], rows[0]["reason"])
                if reason.endswith(": "):
                    self.assertTrue(told[0]["reason"].startswith(reason), told[0]["reason"])
                elif reason:   # in brackets behind it may stand more for the admin
                    self.assertEqual(told[0]["reason"].split(" (")[0], reason.split(" (")[0])
                self.assertEqual(bool(told[0]["reason"]), bool(reason), told[0]["reason"])
                text = self.host.mailctl("message", "explain", rows[0]["id"])
                self.assertTrue(text.startswith(f"{rows[0]['id']}: {fate}"), text)
                for word in words:
                    self.assertIn(word, text)
        print(f"{len(CASES)} messages of known fates, each explained", flush=True)

    def test_is_found_by_each_of_its_names(self):
        by, message_id = Sender(self.host, "named"), "<Named.1@client.example>"
        by.mail("team@example.org", content=host.message("green", message_id=message_id))
        row = self.trace_of(by.address)[0]
        queue_id = next(place["queue_id"] for place in self.explained(row["id"])[0]["recipients"][0]["places"] if place["kind"] == "queue")
        self.assertIn(queue_id, [int(line["id"]) for line in self.host.mailctl("queue", "list", as_json=True)["rows"]])
        for options in (("--id", row["id"]), ("--id", row["id"].split(".")[0]), ("--message-id", message_id), ("--id", message_id.strip("<>").lower()),
                        ("--to", "TEAM@example.org"), ("--to", "eve@elsewhere.example"), ("--from", "Bob@Client.example"), ("--id", str(queue_id)),
                        ("--client", "127.0.0.1", "--since", "1h")):
            self.assertIn(row["id"], [found["id"] for found in self.rows(*options)], options)
        for options in (("--to", "nobody@elsewhere.example"), ("--client", "192.0.2.1"), ("--id", "1" * 9)):
            self.assertEqual(self.rows(*options), [], options)
        self.assertEqual([message["message_id"] for message in self.explained(message_id)], [message_id])
        self.assertEqual(len(self.explained(str(queue_id))), 1)
        self.assertEqual(len(self.rows("--limit", "2")), 2)
        self.host.mailctl("message", "explain", "no-such-id", exit_code=68)
        self.host.mailctl("message", "trace", "--client", "localhost", exit_code=64)
        self.host.mailctl("message", "trace", "--since", "yesterday", exit_code=65)

    def test_whatever_a_peer_says_stays_text(self):
        by = Sender(self.host, "hostile")
        by.data("ada@example.org", b"Subject: \x1b[31mred\xff\r\nFrom: \"x\" <y@z>\r\n\r\nx")
        row = self.trace_of(by.address)[0]
        told = self.explained(row["id"])[0]
        self.assertIn("red", told["subject"])
        self.assertNotIn("\x1b", self.host.mailctl("message", "explain", row["id"]))

    def test_is_followed(self):
        command = [self.host.root / "bin/mailctl", "--json", "message", "trace", "--to", "ada@example.org", "-f"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as follower:
            senders = []
            try:
                for number in range(3):
                    senders.append(f"<follow{number}@client.example>")
                    Sender(self.host, f"follow{number}").mail("ada@example.org")
                    while True:
                        row = json.loads(follower.stdout.readline())
                        if row["from"] == senders[-1]:
                            break
            finally:
                follower.kill()


class Keeping(host.HostTest):
    def count(self):
        return len(self.host.mailctl("message", "trace", "--from", "bob@client.example", "--limit", "10000", as_json=True)["rows"])

    def is_ready(self):
        return any(process["role"] == "trace" and process["state"] == "ready" for process in self.host.status()["processes"])

    def deliver(self, number=1):
        with smtplib.LMTP("127.0.0.1", self.host.port(24), local_hostname="client.example") as client:
            for _ in range(number):
                client.sendmail("bob@client.example", [self.host.address], host.message())

    def test_outlives_processes_and_mail_goes_on_without(self):
        self.deliver(20)
        host.wait_for(lambda: self.count() == 20, what="20 traces")
        time.sleep(1.2)   # by then they are in a file
        pid, = self.host.pids("trace")
        os.kill(pid, signal.SIGSTOP)
        self.deliver(50)   # nobody waits for it
        os.kill(pid, signal.SIGKILL)
        host.wait_for(lambda: self.is_ready() and self.host.pids("trace") != [pid], 20, "the role to be replaced")
        self.deliver(10)
        rows = host.wait_for(lambda: (found := self.host.mailctl("message", "trace", "--limit", "10000", as_json=True)["rows"]) and
                             sum(1 if row["fate"] == "delivered" else int(row["lost"]) for row in found) >= 80 and found, 30, "what came, and what was lost")
        self.assertGreaterEqual(sum(row["fate"] == "delivered" for row in rows), 30, "what was in a file, and what came later")
        known = self.count()
        self.host.stop()
        self.host.start()
        self.assertEqual(self.count(), known, "an orderly stop loses nothing")
        directory = self.host.root / "var/lib/trace"
        if os.geteuid() == 0:
            for path in (directory, *directory.iterdir()):
                self.assertEqual((pwd.getpwuid(path.stat().st_uid).pw_name, path.stat().st_mode & 0o077), ("maild", 0), path)
        self.switch_off(directory)

    def switch_off(self, directory):
        path = self.host.root / "etc/maild.toml"
        path.write_text(path.read_text() + "\n[trace]\nrecord = \"off\"\n")
        self.host.mailctl("server", "reload")
        host.wait_for(lambda: not self.host.pids("trace"), what="the role to end")
        before = sum(file.stat().st_size for file in directory.iterdir())
        self.deliver(5)
        self.host.mailctl("message", "trace", exit_code=78)
        self.assertEqual(sum(file.stat().st_size for file in directory.iterdir()), before)
        self.host.configure("record = \"off\"", "record = \"on\"")
        host.wait_for(self.is_ready, what="the role to come back")
        known = host.wait_for(self.count, what="the old ones")
        self.deliver()
        host.wait_for(lambda: self.count() == known + 1, what="a new one")


if __name__ == "__main__":
    host.main()
