#!/usr/bin/env python3
"""TLS reports (RFC 8460) that this host sends: of the TLS that it met on its way to others' hosts, once a day, to whom their
domains want them sent; read again by `mailctl report tls`, because one of the destinations is a mailbox here."""
import base64
import datetime
import email
import gzip
import imaplib
import json
import smtplib
import ssl
import subprocess

import dmarc_reports
import host
import signatures
import smtp_peer
import zone

DAYS = 2   # ago, when the mail of this test went out


class TlsReports(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = smtp_peer.SmtpPeer()
        cls.addClassCleanup(cls.peer.close)
        cls.peer.tls = cls.certificate()
        mx = [("MX", "10 mx.far.example")]
        cls.records = {
            "mx.far.example": [("A", "127.0.0.1")],
            "far.example": mx, "_smtp._tls.far.example": [("TXT", "v=TLSRPTv1; rua=mailto:tls@example.org")],
            "other.example": mx, "_smtp._tls.other.example": [("TXT", "v=TLSRPTv1; rua=mailto:reports@other.example")],
            "web.example": mx, "_smtp._tls.web.example": [("TXT", "v=TLSRPTv1; rua=https://web.example/tls")],
            "quiet.example": mx,
            "no.example": mx, "_smtp._tls.no.example": [("TXT", "v=TLSRPTv1; rua=mailto:reports@no.example")],
        }
        cls.zone = zone.Zone(cls.records)
        cls.addClassCleanup(cls.zone.close)
        cls.path = cls.host.root / "etc/maild.toml"
        cls.path.write_text(cls.path.read_text().replace('sending = "off"', f'port = {cls.peer.port}\nloopback = "allowed"') +
                            f'\n[dns]\nservers = ["{cls.zone.address}"]\n[reports]\nmailbox = "tls@example.org"\nfrom = "postmaster@example.org"\n'
                            'organization = "Example"\nexclude = ["no.example"]\n')
        cls.host.add_account("tls@example.org", "secret")
        keys = cls.host.mailctl("domain", "dkim", "list", "example.org", as_json=True)["rows"]
        cls.records.update({key["record_name"]: [("TXT", key["record"])] for key in keys})
        cls.host.mailctl("domain", "dkim", "rotate", "example.org", "--force")
        cls.host.mailctl("server", "reload")
        host.wait_for(cls.sender, 20, "a sender")
        cls.day = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=DAYS)).date().isoformat()

    @classmethod
    def certificate(cls):
        files = [cls.host.root / name for name in ("peer.crt", "peer.key")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=mx.far.example",
                        "-addext", "subjectAltName=DNS:mx.far.example", "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*files)
        return context

    @classmethod
    def sender(cls):
        return next((p["pid"] for p in cls.host.status()["processes"] if p["role"] == "sender" and p["state"] == "ready"), None)

    def submit(self, recipient):
        with smtplib.SMTP("127.0.0.1", self.host.port(587), timeout=60) as client:
            client.starttls(context=host.insecure_tls())
            client.login(self.host.address, self.host.password)
            client.sendmail(self.host.address, [recipient], host.message(sender=self.host.address))
        host.wait_for(lambda: any(recipient in one[1] for one in self.peer.taken), 20, f"mail for {recipient}")
        self.peer.taken.clear()

    def offer(self, has_tls):
        self.peer.extensions = ["PIPELINING", "8BITMIME"] + (["STARTTLS"] if has_tls else [])

    def fates(self, *options):
        rows = self.host.mailctl("report", "tls", "send", *options, as_json=True)["rows"]
        return {row["domain"]: (row["messages"], row["to"], row["fate"]) for row in rows}

    def today(self):
        return datetime.datetime.now(datetime.timezone.utc).date().isoformat()

    def age(self):
        self.host.stop()
        dmarc_reports.age_traces(self.host.root / "var/lib/trace", DAYS * 86_400_000)
        self.host.start()
        host.wait_for(self.sender, 20, "a sender")

    def check_signature(self, message):
        if signatures.missing():
            return
        keys = {name: rows[0][1] for name, rows in self.records.items() if "_domainkey" in name}
        asked = json.dumps({"op": "verify", "message": base64.b64encode(message).decode(), "records": keys}) + "\n"
        said = subprocess.run(signatures.PEER, input=asked, capture_output=True, text=True, timeout=60).stdout
        self.assertEqual(json.loads(said), [True, True])

    def test_1_sessions_are_remembered(self):
        self.offer(True)
        self.submit("bob@far.example")
        self.submit("bob@no.example")
        self.offer(False)
        for recipient in ("bob@far.example", "bob@other.example", "bob@web.example", "bob@quiet.example"):
            self.submit(recipient)
        want = {"far.example": (2, "tls@example.org", "would be sent"), "other.example": (1, "reports@other.example", "would be sent"),
                "web.example": (1, "https://web.example/tls", "failed")}
        host.wait_for(lambda: self.fates("--day", self.today(), "--dry-run") == want, 30, "what would be sent of today")
        self.host.mailctl("report", "tls", "send", "--day", self.today(), exit_code=64)   # it is not over
        listed = self.host.mailctl("message", "trace", as_json=True)["rows"]
        self.assertNotIn("tls", {row["service"] for row in listed})   # sessions are no messages

    def test_2_reports_go_out_once(self):
        self.age()
        sent = self.fates("--day", self.day)
        self.assertEqual(sent, {"far.example": (2, "tls@example.org", "sent"), "other.example": (1, "reports@other.example", "sent"),
                                "web.example": (1, "https://web.example/tls", "failed")})
        host.wait_for(lambda: self.peer.taken, 20, "the report")
        path, recipients, content = self.peer.taken[0]
        self.assertEqual((path, recipients), ("postmaster@example.org", ["reports@other.example"]))
        self.check_signature(content)
        message = email.message_from_bytes(content)
        self.assertEqual((message["TLS-Required"], message["TLS-Report-Domain"], message["TLS-Report-Submitter"]), ("No", "other.example", "mail.example.org"))
        self.assertEqual((message.get_content_type(), message.get_param("report-type")), ("multipart/report", "tlsrpt"))
        part = message.get_payload()[1]
        self.assertEqual(part.get_content_type(), "application/tlsrpt+gzip")
        report = json.loads(gzip.decompress(part.get_payload(decode=True)))
        policy, = report["policies"]
        self.assertEqual(policy["policy"], {"policy-type": "no-policy-found", "policy-domain": "other.example"})
        self.assertEqual(policy["summary"], {"total-successful-session-count": 0, "total-failure-session-count": 1})
        failure, = policy["failure-details"]
        self.assertEqual({key: failure[key] for key in ("result-type", "sending-mta-ip", "receiving-mx-hostname", "receiving-ip", "failed-session-count")},
                         {"result-type": "starttls-not-supported", "sending-mta-ip": "127.0.0.1", "receiving-mx-hostname": "mx.far.example",
                          "receiving-ip": "127.0.0.1", "failed-session-count": 1})
        self.assertEqual(report["date-range"]["start-datetime"], self.day + "T00:00:00Z")
        again = self.fates("--day", self.day)
        self.assertEqual({name: fate for name, (_, _, fate) in again.items()},
                         {"far.example": "sent before", "other.example": "sent before", "web.example": "failed"})
        self.assertEqual(len(self.peer.taken), 1)

    def test_3_what_was_sent_is_read(self):
        result = self.host.mailctl("report", "tls", as_json=True)
        self.assertEqual(result["reports"], 1)
        rows = sorted((row["domain"], row["policy"], row["result"], row["sessions"]) for row in result["rows"])
        self.assertEqual(rows, [("far.example", "no-policy-found", "starttls-not-supported", 1), ("far.example", "no-policy-found", "success", 1)])
        with imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls()) as client:
            client.login("tls@example.org", "secret")
            client.select("INBOX", readonly=True)
            self.check_signature(client.fetch("1", "(BODY.PEEK[])")[1][0][1])

    def test_4_no_report_tells_of_reports(self):
        """What brought them was a session too, and the next day's report would be of that alone, for ever."""
        self.submit("bob@far.example")
        host.wait_for(lambda: "far.example" in self.fates("--day", self.today(), "--dry-run"), 30, "what came later")
        self.assertEqual(set(self.fates("--day", self.today(), "--dry-run")), {"far.example"})

    def test_5_a_day_is_reported_by_itself(self):
        self.host.stop()
        self.path.write_text(self.path.read_text().replace("[reports]\n", "[reports]\nsend_tls = \"on\"\n"))
        directory = self.host.root / "var/lib/trace"
        dmarc_reports.age_traces(directory, DAYS * 86_400_000)
        (directory / f"sent-tls.{self.day}").unlink()   # of the day that had these before
        (directory / "reported-tls").write_text((datetime.date.fromisoformat(self.day) - datetime.timedelta(days=2)).isoformat() + "\n")
        self.host.start()
        host.wait_for(lambda: (directory / "reported-tls").read_text() >= self.day, 60, "the day to be done")
        self.assertIn("far.example\ttls@example.org\n", (directory / f"sent-tls.{self.day}").read_text())
        self.assertFalse((directory / "reported").exists())   # DMARC's is another matter


if __name__ == "__main__":
    host.main()
