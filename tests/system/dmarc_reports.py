#!/usr/bin/env python3
"""Aggregate reports that this host sends: of the mail that came on a day, to whom the domains in From want them sent, once,
whoever dies meanwhile; and read again by `mailctl report dmarc`, because one of the destinations is a mailbox here."""
import base64
import datetime
import imaplib
import json
import os
import signal
import smtplib
import struct
import subprocess

import host
import signatures
import zone

DAYS = 2   # ago, when the mail of this test came
SPF = [("TXT", "v=spf1 ip4:127.0.0.1 -all")]
CRC = []
for entry in range(256):
    for _ in range(8):
        entry = (entry >> 1) ^ (0x82F63B78 if entry & 1 else 0)
    CRC.append(entry)


def crc32c(octets):
    value = 0xFFFFFFFF
    for octet in octets:
        value = CRC[(value ^ octet) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def aged_record(record, milliseconds):
    """Its time (field 4, src/trace/tagged.hpp) is that much earlier. It takes as many octets as before."""
    at = 0
    while record[at] != 4 * 2:   # fields 1 to 3 are texts of less than 128 octets
        at += 2 + record[at + 1]
    start = end = at + 1
    while record[end] & 0x80:
        end += 1
    value = sum((octet & 0x7F) << (7 * i) for i, octet in enumerate(record[start:end + 1])) - milliseconds
    return record[:start] + bytes(((value >> (7 * i)) & 0x7F) | (0x80 if i < end - start else 0) for i in range(end + 1 - start)) + record[end + 1:]


def age_traces(directory, milliseconds):
    """As if all that is remembered had come that much earlier: blocks as src/trace/block.hpp has them."""
    for path in directory.glob("*.trace"):
        octets, out, at = path.read_bytes(), b"", 16
        out = octets[:16]
        while at < len(octets):
            magic, keys, records, count, first, begin, end, key_crc = struct.unpack_from("<4sIIIQqqI", octets, at)
            body, place, aged = octets[at + 52 + keys:at + 52 + keys + records], 4, struct.pack("<I", count)
            for _ in range(count):
                size = struct.unpack_from("<I", body, place)[0]
                aged += struct.pack("<I", size) + aged_record(body[place + 4:place + 4 + size], milliseconds)
                place += 4 + size
            header = struct.pack("<4sIIIQqqII", magic, keys, records, count, first, begin - milliseconds, end - milliseconds,
                                 key_crc, crc32c(aged))
            out += header + struct.pack("<I", crc32c(header)) + octets[at + 52:at + 52 + keys] + aged
            at += 52 + keys + records
        path.write_bytes(out)


def mail(sender, subject):
    return (f"From: <{sender}>\r\nTo: <ada@example.org>\r\nSubject: {subject}\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{subject.replace(' ', '.')}@client.example>\r\n\r\nHello.\r\n").encode()


class Reports(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        here = "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"
        cls.records = {
            "good.example": SPF, "_dmarc.good.example": [("TXT", here)],
            "good.example._report._dmarc.example.org": [("TXT", "v=DMARC1")],
            "other.example": SPF, "_dmarc.other.example": [("TXT", "v=DMARC1; p=none; rua=mailto:reports@other.example")],
            "small.example": SPF, "_dmarc.small.example": [("TXT", "v=DMARC1; p=none; rua=mailto:reports@small.example!1k")],
            "alone.example": SPF, "_dmarc.alone.example": [("TXT", "v=DMARC1; p=none; rua=mailto:reports@elsewhere.example")],
            "quiet.example": SPF, "_dmarc.quiet.example": [("TXT", "v=DMARC1; p=none")],
            "no.example": SPF, "_dmarc.no.example": [("TXT", "v=DMARC1; p=none; rua=mailto:reports@no.example")],
            "example.org": SPF, "_dmarc.example.org": [("TXT", "v=DMARC1; p=none; rua=mailto:dmarc@example.org")],
            "bad.example": [("TXT", "v=spf1 ip4:192.0.2.1 -all")],
        }
        cls.zone = zone.Zone(cls.records)
        cls.path = cls.host.root / "etc/maild.toml"
        cls.path.write_text(cls.path.read_text() + f"\n[dns]\nservers = [\"{cls.zone.address}\"]\n[verify]\nexempt = []\n"
                            "[reports]\nmailbox = \"dmarc@example.org\"\nfrom = \"postmaster@example.org\"\n"
                            "organization = \"Example\"\nexclude = [\"no.example\"]\n")
        cls.host.mailctl("server", "reload")
        cls.host.add_account("dmarc@example.org", "secret")
        cls.day = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=DAYS)).date().isoformat()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.zone.close()

    def sign(self):
        """The domain's keys are published, and sign from then on."""
        keys = self.host.mailctl("domain", "dkim", "list", "example.org", as_json=True)["rows"]
        self.records.update({key["record_name"]: [("TXT", key["record"])] for key in keys})
        self.host.mailctl("domain", "dkim", "rotate", "example.org", "--force")

    def send(self, content, sender, to="ada@example.org"):
        with smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="client.example", timeout=60) as client:
            client.ehlo()
            client.mail(sender)
            client.rcpt(to)
            return client.data(content)[0]

    def rows(self, *options, **more):
        return self.host.mailctl("report", "dmarc", "send", *options, as_json=True, **more)["rows"]

    def fates(self, *options):
        return {row["domain"]: (row["messages"], row["to"], row["fate"]) for row in self.rows(*options)}

    def in_mailbox(self):
        with imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls()) as client:
            client.login("dmarc@example.org", "secret")
            return int(client.select("INBOX", readonly=True)[1][0])

    def newest(self):
        with imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls()) as client:
            client.login("dmarc@example.org", "secret")
            count = client.select("INBOX", readonly=True)[1][0]
            return client.fetch(count, "(BODY.PEEK[])")[1][0][1]

    def queued(self):
        return sorted(row["recipient"] for row in self.host.mailctl("queue", "list", as_json=True)["rows"])

    def test_1_mail_of_a_day(self):
        self.assertEqual(self.send(mail("a@good.example", "one"), "a@good.example"), 250)
        self.assertEqual(self.send(mail("a@good.example", "two"), "a@good.example"), 250)
        self.assertEqual(self.send(mail("a@good.example", "forged"), "a@bad.example"), 550)
        for name in ("other", "small", "alone", "quiet", "no"):
            self.assertEqual(self.send(mail(f"a@{name}.example", name), f"a@{name}.example"), 250)
        self.assertEqual(self.send(mail("ada@example.org", "our own"), "ada@example.org"), 250)
        # reports that come here are not reported on, nor what comes from where ours do
        self.assertEqual(self.send(mail("a@other.example", "a report"), "a@other.example", "dmarc@example.org"), 250)
        self.assertEqual(self.send(mail("postmaster@example.org", "as us"), "a@other.example"), 250)
        want = {"good.example": (3, "dmarc@example.org", "would be sent"), "other.example": (1, "reports@other.example", "would be sent"),
                "small.example": (1, "reports@small.example", "too large"), "alone.example": (1, "reports@elsewhere.example", "not wanted")}
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        host.wait_for(lambda: self.fates("--day", today, "--dry-run") == want, 20, "what would be sent of today")
        self.host.mailctl("report", "dmarc", "send", "--day", today, exit_code=64)   # it is not over
        self.host.mailctl("report", "dmarc", "send", "--day", "28.11.2026", exit_code=64)
        self.assertEqual((self.in_mailbox(), self.queued()), (1, []))

    def test_1b_nothing_goes_out_unsigned(self):
        self.host.stop()
        age_traces(self.host.root / "var/lib/trace", DAYS * 86_400_000)
        self.host.start()
        self.records["_dmarc.small.example"] = [("TXT", "v=DMARC1; p=none; rua=mailto:reports@small.example")]
        self.zone.silent = {"alone.example._report._dmarc.elsewhere.example"}
        run = subprocess.run([self.host.root / "bin/mailctl", "report", "dmarc", "send", "--day", self.day], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("the domain in reports.from has no active DKIM key", run.stderr)
        self.assertEqual((self.in_mailbox(), self.queued()), (1, []))
        self.sign()

    def test_2_reports_go_out_once(self):
        sent = self.fates("--day", self.day)
        self.assertEqual(sent["good.example"], (3, "dmarc@example.org", "sent"))
        self.assertEqual(sent["small.example"], (1, "reports@small.example", "sent"))   # what it wants now counts
        self.assertEqual(sent["alone.example"], (1, "", "later"))
        self.zone.silent = set()
        want = {"good.example": "sent before", "other.example": "sent before", "small.example": "sent before", "alone.example": "not wanted"}
        host.wait_for(lambda: {name: fate for name, (_, _, fate) in self.fates("--day", self.day).items()} == want, 60, "an answer of the DNS")
        self.assertEqual((self.in_mailbox(), self.queued()), (2, ["reports@other.example", "reports@small.example"]))

    def test_3_what_was_sent_is_read(self):
        result = self.host.mailctl("report", "dmarc", as_json=True)
        self.assertEqual((result["reports"], result["messages"], result["passed"]), (1, 3, 2))
        row = result["rows"][0]
        self.assertEqual((row["source"], row["from"], row["rejected"]), ("127.0.0.1", "good.example", 1))
        message = self.newest()
        self.assertTrue(message.startswith(b"Return-Path: <postmaster@example.org>\r\n"), message[:300])
        self.assertIn(b"\r\nSubject: Report Domain: good.example\r\n Submitter: mail.example.org\r\n Report-ID: <", message)
        self.check_signature(message)

    def check_signature(self, message):
        """Both keys', by our own verifier and, where it is there, by one that shares no code with it."""
        verified = json.loads(subprocess.run(
            [host.BUILD / "mailctl", "--json", "message", "verify", "--resolver", self.zone.address, "-"],
            input=message, capture_output=True, check=True, timeout=60).stdout)
        self.assertEqual([(each["result"], each["domain"]) for each in verified["result"]["dkim"]], [("pass", "example.org")] * 2)
        if not signatures.missing():
            keys = {name: rows[0][1] for name, rows in self.records.items() if "_domainkey" in name}
            asked = json.dumps({"op": "verify", "message": base64.b64encode(message).decode(), "records": keys}) + "\n"
            said = subprocess.run(signatures.PEER, input=asked, capture_output=True, text=True, timeout=60).stdout
            self.assertEqual(json.loads(said), [True, True])

    def test_4_nobody_who_dies_makes_it_less_or_more(self):
        """Processes are killed while reports are on their way; afterwards each of them is in the queue, once."""
        names = [f"d{i}.example" for i in range(40)]
        for name in names:
            self.records[name], self.records[f"_dmarc.{name}"] = SPF, [("TXT", f"v=DMARC1; p=none; rua=mailto:reports@{name}")]
            self.assertEqual(self.send(mail(f"a@{name}", name), f"a@{name}"), 250)
        self.host.stop()
        age_traces(self.host.root / "var/lib/trace", (DAYS + 1) * 86_400_000)   # those of before are of another day now
        self.host.start()
        day = (datetime.date.fromisoformat(self.day) - datetime.timedelta(days=1)).isoformat()
        for role in ("control", "worker", "store", "trace"):
            stored = self.stored()
            run = subprocess.Popen([self.host.root / "bin/mailctl", "report", "dmarc", "send", "--day", day],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            host.wait_for(lambda: run.poll() is not None or self.stored() > stored, 30, "the first of them")
            pid = self.host.pids(role)[0]
            os.kill(pid, signal.SIGKILL)
            run.wait(timeout=120)
            host.wait_for(lambda: self.pid_of_ready(role) not in (None, pid), 30, f"another {role}")
        host.wait_for(lambda: self.all_sent(day, names), 60, "all of them to be sent")
        self.assertEqual([each for each in self.queued() if each.startswith("reports@d")], sorted(f"reports@{name}" for name in names))

    def all_sent(self, day, names):
        run = subprocess.run([self.host.root / "bin/mailctl", "--tsv", "report", "dmarc", "send", "--day", day], capture_output=True, text=True, timeout=120)
        fates = {(line.split("\t")[0], line.split("\t")[3]) for line in run.stdout.splitlines()}
        return run.returncode == 0 and all((name, "sent before") in fates for name in names)

    def stored(self):
        return self.host.log().count("report_stored")

    def pid_of_ready(self, role):
        try:
            return next((p["pid"] for p in self.host.status()["processes"] if p["role"].split()[0] == role and p["state"] == "ready"), None)
        except AssertionError:   # control is the one
            return None

    def test_5_a_day_is_reported_by_itself(self):
        """The host was down at that day's minute, and for some days more."""
        self.records["timer.example"] = SPF
        self.records["_dmarc.timer.example"] = [("TXT", "v=DMARC1; p=none; rua=mailto:timer@timer.example")]
        self.assertEqual(self.send(mail("a@timer.example", "timer"), "a@timer.example"), 250)
        self.host.stop()
        self.path.write_text(self.path.read_text().replace("[reports]\n", "[reports]\nsend_dmarc = \"on\"\n"))
        directory = self.host.root / "var/lib/trace"
        age_traces(directory, DAYS * 86_400_000)
        (directory / "reported").write_text((datetime.date.fromisoformat(self.day) - datetime.timedelta(days=2)).isoformat() + "\n")
        self.host.start()
        host.wait_for(lambda: "timer@timer.example" in self.queued(), 60, "the report")
        host.wait_for(lambda: (directory / "reported").read_text() >= self.day, 30, "the day to be done")


if __name__ == "__main__":
    host.main()
