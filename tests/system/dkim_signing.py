#!/usr/bin/env python3
"""What Maild signs, verified by programs that share no code with it: dkimpy, OpenDKIM and, where it is there, npm's mailauth. A
thousand random messages in all canonicalizations; what users submit; and keys that follow each other as the DNS is changed."""
import base64
import imaplib
import json
import os
import pathlib
import random
import shutil
import smtplib
import subprocess
import tempfile
import unittest

import host
import signatures
import zone

MESSAGES = 1000
WAYS = [(header, body) for header in ("simple", "relaxed") for body in ("simple", "relaxed")]
# Once at most (RFC 5322, section 3.6): OpenDKIM looks at no message that has one of them twice.
SINGLE = ["To", "Cc", "Reply-To", "Sender", "In-Reply-To", "References"]
NAMES = ["MIME-Version", "Content-Type", "List-Id", "List-Unsubscribe", "X-Mailer", "Received", "Comments", "Resent-From"]


class RandomMessages:
    """Of any shape that a mail program may write, from a seed: folds, white space everywhere, long fields, fields of the same name."""

    def __init__(self, seed, author):
        self.random, self.author = random.Random(seed), author

    def text(self, most, odd=True):
        letters = "abcXYZ019 .,:;=+-_/<>\"'()" + ("  \t" if odd else "") + ("éß€" if self.random.random() < 0.2 else "")
        return "".join(self.random.choice(letters) for _ in range(self.random.randrange(most)))

    def field(self, name, value=None):
        parts = [value if value is not None else self.text(60)]
        for _ in range(self.random.choice((0, 0, 0, 1, 2, 12))):
            parts.append(self.random.choice((" ", "\t", "  \t ")) + "x" + self.text(70))
        name = self.random.choice((name, name.lower(), name.upper()))
        return name + ":" + self.random.choice(("", " ", "  ", "\t")) + "\r\n".join(parts) + self.random.choice(("", "", " ", "\t ")) + "\r\n"

    def body(self):
        lines = [self.text(self.random.choice((1, 10, 76, 300))) for _ in range(self.random.choice((0, 1, 3, 40)))]
        lines += [""] * self.random.choice((0, 0, 1, 3))
        return "".join(line + "\r\n" for line in lines)

    def next(self):
        fields = [self.field(self.random.choice(NAMES)) for _ in range(self.random.randrange(9))]
        fields += [self.field(name) for name in SINGLE if self.random.random() < 0.4]
        fields += [f"From: {self.author}\r\n", self.field("Subject"), "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
                   f"Message-ID: <{self.random.getrandbits(64):x}@client.example>\r\n"]
        self.random.shuffle(fields)
        return ("".join(fields) + "\r\n" + self.body()).encode()


class Peers(unittest.TestCase):
    """The others. What each says of a message: is every signature on it good?"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dkimpy = subprocess.Popen(signatures.PEER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.dkimpy.communicate)

    def ask_dkimpy(self, message, records):
        self.dkimpy.stdin.write(json.dumps({"op": "verify", "message": base64.b64encode(message).decode(), "records": records}) + "\n")
        self.dkimpy.stdin.flush()
        return json.loads(self.dkimpy.stdout.readline())


def write_messages(folder, messages):
    for number, message in enumerate(messages):
        (folder / f"{number:04}.eml").write_bytes(message)


def opendkim_missing():
    if os.geteuid() != 0:
        return "only root can give OpenDKIM a DNS of its own"
    return "" if shutil.which("opendkim-testmsg") and shutil.which("unshare") else "no opendkim-tools"


def opendkim(folder, records):
    """opendkim-testmsg asks the DNS that resolv.conf names, on port 53: both are in namespaces of its own. What it says of each file."""
    run = subprocess.run(["unshare", "--net", "--mount", "/usr/bin/env", "python3", pathlib.Path(__file__).with_name("opendkim_peer.py"), folder],
                         input=json.dumps(records), capture_output=True, text=True, timeout=600)
    if run.returncode != 0:
        raise AssertionError(run.stdout + run.stderr)
    return json.loads(run.stdout)


def mailauth(folder, records):
    """None where it is not there; else what it says of each file's signatures."""
    modules = host.BUILD / "npm/node_modules"
    if not shutil.which("node") or not (modules / "mailauth").is_dir():
        return None
    run = subprocess.run(["node", pathlib.Path(__file__).with_name("mailauth.js"), folder], input=json.dumps(records),
                         env={**os.environ, "NODE_PATH": str(modules)}, capture_output=True, text=True, timeout=600)
    if run.returncode != 0:
        raise AssertionError(run.stdout + run.stderr)
    return json.loads(run.stdout)


@unittest.skipIf(signatures.missing(), signatures.missing())
class RandomSignatures(Peers):
    """`mailctl message sign`, which signs with the code that `auth` signs with."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="maild-system-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.records, cls.signed = {}, []
        keys = []
        for kind, options in (("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ed25519", ["ED25519"])):
            path = cls.folder / kind
            subprocess.run(["openssl", "genpkey", "-algorithm", *options, "-out", path], check=True, capture_output=True)
            public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
            public = public[-32:] if kind == "ed25519" else public
            cls.records[f"{kind}._domainkey.example.org"] = f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"
            keys.append((kind, path))
        messages = RandomMessages(1, "Ada <ada@example.org>")
        for number in range(MESSAGES):
            kind, path = keys[number % 2]
            header, body = WAYS[number // 2 % 4]
            run = subprocess.run([host.BUILD / "mailctl", "message", "sign", "--domain", "example.org", "--selector", kind, "--key", path,
                                  "--canonicalization", f"{header}/{body}", "-"], input=messages.next(), capture_output=True, timeout=60)
            if run.returncode != 0:
                raise AssertionError(run.stderr)
            assert f"c={header}/{body};".encode() in run.stdout
            cls.signed.append(run.stdout)
        (cls.folder / "mail").mkdir()
        write_messages(cls.folder / "mail", cls.signed)

    def test_dkimpy_verifies_all(self):
        for message in self.signed:
            self.assertEqual(self.ask_dkimpy(message, self.records), [True], message)

    def test_dkimpy_notices_changes(self):
        for message in self.signed[::10]:
            changed = message.replace(b"<ada@example.org>", b"<eve@example.org>")
            self.assertEqual(self.ask_dkimpy(changed, self.records), [False], message)

    @unittest.skipIf(opendkim_missing(), opendkim_missing())
    def test_opendkim_verifies_all(self):
        said = opendkim(self.folder / "mail", self.records)
        self.assertEqual(len(said), MESSAGES)
        self.assertEqual({name: what for name, what in said.items() if what}, {})
        broken = self.folder / "broken"
        broken.mkdir()
        write_messages(broken, [message.replace(b"<ada@example.org>", b"<eve@example.org>") for message in self.signed[:8]])
        self.assertTrue(all(opendkim(broken, self.records).values()))

    def test_mailauth_verifies_all(self):
        said = mailauth(self.folder / "mail", self.records)
        if said is None:
            self.skipTest("no Node.js or mailauth (tests/run gets it where npm is)")
        self.assertEqual(len(said), MESSAGES)
        self.assertEqual({name: what for name, what in said.items() if what != ["pass"]}, {})


@unittest.skipIf(signatures.missing(), signatures.missing())
class Submitted(Peers, host.HostTest):
    """A host whose domain's keys are published step by step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zone = zone.Zone({}, ttl=1)
        cls.addClassCleanup(cls.zone.close)
        cls.host.add_account("bob@example.org", cls.host.password)
        cls.host.configure("[auth]", f'[dns]\nservers = ["{cls.zone.address}"]\n\n[dkim]\nlook_every = "1 s"\n\n[auth]')

    def keys(self, state=None, domain="example.org"):
        rows = self.host.mailctl("domain", "dkim", "list", domain, as_json=True)["rows"]
        return [row for row in rows if state is None or row["state"] == state]

    def publish(self, keys):
        for key in keys:
            self.zone.records[key["record_name"]] = [("TXT", key["record"])]

    def records(self):
        return {name: rows[0][1] for name, rows in self.zone.records.items() if "_domainkey" in name}

    def rotate(self, *options, domain="example.org"):
        return self.host.mailctl("domain", "dkim", "rotate", domain, *options, as_json=True)

    def signing(self):
        return sorted(key["selector"] for key in self.keys("active"))

    def publish_all(self):
        """Until the keys that are waited for sign."""
        if self.keys("published"):
            self.publish(self.keys("published"))
            host.wait_for(lambda: not self.keys("published"), 20, "the keys to sign")

    def submit(self, messages, sender=None):
        sender = sender or self.host.address
        with smtplib.SMTP("127.0.0.1", self.host.port(587)) as client:
            client.starttls(context=host.insecure_tls())
            client.login(sender, self.host.password)
            for message in messages:
                client.sendmail(sender, ["bob@example.org"], message)

    def delivered(self):
        """All that Bob has, as it left the submission: without what the delivery put above it. His mailbox is empty then."""
        client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls())
        client.login("bob@example.org", self.host.password)
        client.enable("UTF8=ACCEPT")   # or header fields in UTF-8 come as surrogates
        client.select("INBOX")
        data = client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
        messages = [item[1] for item in data if isinstance(item, tuple)]
        client.uid("STORE", "1:*", "+FLAGS", "\\Deleted")
        client.expunge()
        client.logout()
        return messages

    def one(self, message, sender=None):
        self.submit([message], sender)
        got = self.delivered()
        self.assertEqual(len(got), 1)
        return got[0]

    def test_1_first_keys_sign_once_they_are_published(self):
        rows = self.keys()
        self.assertEqual(sorted(row["algorithm"] for row in rows), ["ed25519-sha256", "rsa-sha256"])
        self.assertEqual({row["state"] for row in rows}, {"published"})
        self.assertNotIn(b"DKIM-Signature", self.one(host.message("early", sender=self.host.address)))
        zone_text = self.host.mailctl("domain", "dns", "example.org")
        for row in rows:
            self.assertIn(row["record_name"] + ". ", zone_text)
        steps = self.rotate("--status")["steps"]
        self.assertIn("the DNS has no record of it", " ".join(steps))
        self.publish_all()
        self.assertEqual(len(self.signing()), 2)
        self.assertEqual(self.ask_dkimpy(self.one(host.message("signed", sender=self.host.address)), self.records()), [True, True])

    def test_2_random_messages_are_signed_for_everybody(self):
        self.publish_all()
        messages = RandomMessages(2, f"Ada <{self.host.address}>")
        sent = [messages.next() for _ in range(200)]
        self.submit([message for message in sent if b"\r\nSENDER" not in b"\r\n" + message.upper()])
        folder = pathlib.Path(tempfile.mkdtemp(prefix="maild-system-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        got = self.delivered()
        self.assertGreater(len(got), 50)
        for message in got:
            self.assertEqual(self.ask_dkimpy(message, self.records()), [True, True], message)
        write_messages(folder, got)
        if not opendkim_missing():
            self.assertEqual({name: what for name, what in opendkim(folder, self.records()).items() if what}, {})
        said = mailauth(folder, self.records())
        if said is not None:
            self.assertEqual({name: what for name, what in said.items() if what != ["pass", "pass"]}, {})

    def test_3_what_is_added_is_signed_too(self):
        self.publish_all()
        got = self.one(f"From: {self.host.address}\r\nBcc: eve@example.net\r\nSubject: bare\r\n\r\nHello.\r\n".encode())
        self.assertIn(b"\r\nMessage-ID: <", got)
        self.assertEqual(self.ask_dkimpy(got, self.records()), [True, True])
        self.assertEqual(self.ask_dkimpy(got.replace(b"Message-ID: <", b"Message-ID: <x"), self.records()), [False, False])
        self.assertLess(got.index(b"DKIM-Signature"), got.index(b"Received:"))

    def test_4_rotation(self):
        self.publish_all()
        before = self.signing()
        begun = self.rotate()
        self.assertEqual(len(begun["records"]), 2)
        self.assertEqual(self.signing(), before)
        self.assertFalse(self.rotate("--status")["changed"])
        new = self.keys("published")
        self.publish(new[:1])   # each kind goes its own way
        host.wait_for(lambda: len(self.keys("published")) == 1, 20, "the first to sign")
        self.publish(new[1:])
        host.wait_for(lambda: not self.keys("published"), 20, "the second to sign")
        self.assertEqual(self.signing(), sorted(key["selector"] for key in new))
        self.assertEqual(sorted(key["selector"] for key in self.keys("retired")), before)
        self.assertIn("has to stay in the DNS until", " ".join(self.rotate()["steps"]))   # and begins nothing
        self.assertEqual(self.ask_dkimpy(self.one(host.message("rotated", sender=self.host.address)), self.records()), [True, True])
        for selector in before:
            self.host.mailctl("--yes", "domain", "dkim", "rm", "example.org", selector)
        self.assertEqual(sorted(key["selector"] for key in self.keys()), self.signing())

    def test_5_a_key_is_retired_at_once(self):
        self.publish_all()
        rsa = next(key for key in self.keys("active") if key["algorithm"] == "rsa-sha256")
        self.host.mailctl("domain", "dkim", "retire", "example.org", rsa["selector"])
        self.assertEqual(self.ask_dkimpy(self.one(host.message("one", sender=self.host.address)), self.records()), [True])

    def test_6_an_imported_key_of_an_alias_domain(self):
        self.publish_all()
        self.host.mailctl("domain", "alias", "add", "alias.example", "example.org", "--no-dkim")
        self.assertEqual(self.keys(domain="alias.example"), [])
        with tempfile.NamedTemporaryFile(prefix="maild-system-") as file:
            subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", file.name], check=True, capture_output=True)
            self.host.mailctl("domain", "dkim", "import", "alias.example", "--selector", "old", "--key", file.name)
        forced = self.rotate("--force", domain="alias.example")
        self.assertEqual(forced["moved"], ["old signs from now on"])
        self.publish(self.keys(domain="alias.example"))
        got = self.one(host.message("alias", sender="ada@alias.example"), sender=self.host.address)
        self.assertIn(b"d=alias.example; s=old;", got.replace(b"\r\n\t", b" "))
        self.assertEqual(self.ask_dkimpy(got, self.records()), [True])
        self.host.mailctl("--yes", "domain", "alias", "rm", "alias.example")
        self.host.mailctl("domain", "dkim", "list", "alias.example", exit_code=68)

    def test_7_off_is_off(self):
        self.publish_all()
        self.host.configure('look_every = "1 s"', 'look_every = "1 s"\nsign = "off"')
        host.wait_for(lambda: b"DKIM-Signature" not in self.one(host.message("off", sender=self.host.address)), 20, "the reload")
        self.host.configure('sign = "off"', 'sign = "on"')
        host.wait_for(lambda: b"DKIM-Signature" in self.one(host.message("on", sender=self.host.address)), 20, "the reload")


class Forwarded(host.HostTest):
    """What an alias sends on to another host, and the report that comes back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.mailctl("alias", "add", "away@example.org", "eve@elsewhere.example")

    def queued(self, recipient):
        return [row["reverse_path"] for row in self.host.mailctl("queue", "list", as_json=True)["rows"] if row["recipient"] == recipient]

    def send(self, sender, recipient):
        with smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="client.example") as client:
            client.sendmail(sender, [recipient], host.message("forwarded"))

    def test_the_sender_is_rewritten_and_found_again(self):
        self.send("bob@client.example", "away@example.org")
        rewritten, = self.queued("eve@elsewhere.example")
        self.assertRegex(rewritten, r"^SRS0=[a-z2-7]{6}=[a-z2-7]{2}=client\.example=bob@example\.org$")
        self.send("", rewritten)
        self.assertEqual(self.queued("bob@client.example"), ["<>"])
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.send("", rewritten.replace("=bob@", "=eve@"))
        self.assertIn("bob@client.example", self.host.mailctl("address", "resolve", rewritten))


if __name__ == "__main__":
    host.main()
