#!/usr/bin/env python3
"""What Maild signs, verified by programs that share no code with it: dkimpy, OpenDKIM and, where it is there, npm's mailauth: a
thousand random messages, by RSA and Ed25519, in all canonicalizations."""
import base64
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

import host
import signatures

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
    """`mailctl message sign`."""

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


if __name__ == "__main__":
    unittest.main(verbosity=2)
