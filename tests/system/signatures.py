#!/usr/bin/env python3
"""DKIM and ARC between `mailctl` and dkimpy, which shares no code with it: each signs what the other verifies, and sees
what was changed. The keys are served by a DNS server of this test."""
import base64
import itertools
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import host
import zone

PEER = [os.environ.get("MAILD_DEBIAN_PYTHON", "/usr/bin/python3"), pathlib.Path(__file__).with_name("dkim_peer.py")]
BODIES = {
    "plain": b"Hello,\r\n\r\nthis is  a\ttest. \r\n",
    "empty": b"",
    "line ends": b"\r\n\r\n\r\n",
    "trailing": b"one \t\r\n\r\ntwo\r\n\r\n\r\n",
    "no last line end": b"no end",
    "8-bit": "Grüße\xa0und  mehr\r\n.\r\n..\r\n".encode(),
    "long": (b"x" * 70 + b"  y\r\n") * 2000,
}
HEADER = (b"Received: from a.example\r\n\tby b.example; Tue, 14 Nov 2023 22:13:20 +0000\r\nFrom: Ada <ada@example.org>\r\n"
          b"To: Bob <bob@example.net>,\r\n  Eve <eve@example.net>\r\nSubject:   of  things \t\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
          b"Message-ID: <1@example.org>\r\n\r\n")


def missing():
    try:
        run = subprocess.run([PEER[0], "-c", "import authres, dkim, nacl"], capture_output=True, timeout=60)
    except OSError:
        return "no Python of Debian's"
    return "no python3-dkim, python3-authres and python3-nacl" if run.returncode else ""


@unittest.skipIf(missing(), missing())
class Signatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.peer_process = subprocess.Popen(PEER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.folder = tempfile.TemporaryDirectory(prefix="maild-system-")
        cls.keys, records = {}, {}
        for algorithm, options in (("rsa-sha256", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ed25519-sha256", ["ED25519"])):
            path = pathlib.Path(cls.folder.name) / algorithm
            subprocess.run(["openssl", "genpkey", "-algorithm", *options, "-out", path], check=True, capture_output=True)
            public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
            private = path.read_bytes()
            kind = algorithm.split("-")[0]
            if kind == "ed25519":   # RFC 8463: the 32 octets; dkimpy wants the private ones so, too
                public = public[-32:]
                seed = subprocess.run(["openssl", "pkey", "-in", path, "-outform", "DER"], check=True, capture_output=True).stdout[-32:]
                private = base64.b64encode(seed)
            cls.keys[algorithm] = (path, private)
            records[algorithm] = {"key._domainkey.example.org": f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"}
        cls.records = records
        cls.zones = {algorithm: zone.Zone({name: [("TXT", text)] for name, text in records_of.items()}) for algorithm, records_of in records.items()}

    @classmethod
    def tearDownClass(cls):
        for each in cls.zones.values():
            each.close()
        cls.folder.cleanup()
        cls.peer_process.communicate()

    def peer(self, **request):
        request = {name: base64.b64encode(value).decode() if isinstance(value, bytes) else value for name, value in request.items()}
        self.peer_process.stdin.write(json.dumps(request) + "\n")
        self.peer_process.stdin.flush()
        return json.loads(self.peer_process.stdout.readline())

    def mailctl(self, *words, message):
        run = subprocess.run([host.BUILD / "mailctl", *words, "-"], input=message, capture_output=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def verify(self, algorithm, message):
        reply = json.loads(self.mailctl("--json", "message", "verify", "--resolver", self.zones[algorithm].address, message=message))
        return reply["result"]

    def test_dkimpy_verifies_what_mailctl_signs(self):
        for algorithm, (name, body) in itertools.product(self.keys, BODIES.items()):
            with self.subTest(algorithm=algorithm, body=name):
                signed = self.mailctl("message", "sign", "--domain", "example.org", "--selector", "key", "--key", self.keys[algorithm][0],
                                      "--identity", "ada@example.org", message=HEADER + body)
                self.assertTrue(signed.endswith(HEADER + body))
                records = self.records[algorithm]
                self.assertEqual(self.peer(op="verify", message=signed, records=records), [True])
                self.assertEqual(self.verify(algorithm, signed)["dkim"][0]["result"], "pass")
                self.assertEqual(self.peer(op="verify", message=signed.replace(b"of  things", b"of thin gs"), records=records), [False])
                self.assertEqual(self.peer(op="verify", message=b"Subject: another\r\n" + signed, records=records), [False])   # oversigned

    def test_mailctl_verifies_what_dkimpy_signs(self):
        ways = list(itertools.product(("simple", "relaxed"), repeat=2))
        for algorithm, way, (name, body) in itertools.product(self.keys, ways, BODIES.items()):
            with self.subTest(algorithm=algorithm, way=way, body=name):
                message = HEADER + body
                field = self.peer(op="sign", message=message, key=self.keys[algorithm][1], canonicalize=way, length=name == "trailing",
                             algorithm=algorithm).encode()
                verdict = self.verify(algorithm, field + message)["dkim"][0]
                self.assertEqual((verdict["result"], verdict["domain"]), ("pass", "example.org"), verdict)
                changed = self.verify(algorithm, field + message.replace(b"ada@", b"eve@"))["dkim"][0]
                self.assertEqual(changed["result"], "fail", changed)
                longer = self.verify(algorithm, field + message + b"more\r\n")["dkim"][0]
                self.assertEqual(longer["result"], "policy" if name == "trailing" else "fail", longer)   # l=
                if name == "trailing":
                    self.assertIn("signature and body hash are right, but", longer["reason"])

    def test_mailctl_validates_what_dkimpy_seals(self):
        algorithm = "rsa-sha256"
        message = HEADER + BODIES["plain"]
        self.assertEqual(self.verify(algorithm, message)["arc"]["result"], "none")
        for instance in range(1, 6):
            status = "none" if instance == 1 else "pass"
            # The sealer takes the status from the field of its own host, of which there must be one.
            message = re.sub(rb"(?m)^Authentication-Results: .*\n", b"", message)
            message = f"Authentication-Results: lists.example; arc={status}\r\n".encode() + message
            message = self.peer(op="seal", message=message, key=self.keys[algorithm][1]).encode() + message
            chain = self.verify(algorithm, message)["arc"]
            self.assertEqual((chain["result"], len(chain["seals"])), ("pass", instance), chain)
            self.assertEqual(self.verify(algorithm, message + b"more\r\n")["arc"]["result"], "fail")
            self.assertEqual(self.verify(algorithm, message.replace(b"arc=none", b"arc=fail"))["arc"]["result"], "fail")


if __name__ == "__main__":
    unittest.main()
