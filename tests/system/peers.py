#!/usr/bin/env python3
"""Hosts that know of each other from the DNS alone: two Mailds and Debian's Postfix, each in a network namespace with an address and the ports of
its own, and a zone that is signed (NSD, ldns). Mail goes from each to each, what cannot be delivered comes back, and what DANE (RFC 7672) and
MTA-STS (RFC 8461) forbid waits."""
import datetime
import email
import imaplib
import os
import pathlib
import shutil
import signal
import smtplib
import tempfile
import time
import unittest

import authority
import dmarc_reports
import host
import network
import nsd
import postfix

WHY = network.missing() or postfix.missing() or nsd.missing()

# Domains without mail of their own, whose MX is the Postfix: its certificate is for mail.post.test, by the test's own authority.
ELSEWHERE = {
    "astray": {"tlsa": True},                               # TLSA of another key
    "wrong": {"sts": "mail.wrong.test"},                    # the MX is the policy's, the certificate is not its
    "other": {"sts": "mail.post.test"},                     # the policy names another MX
    "lax": {"sts": "mail.post.test", "mode": "testing"},    # so it does here, and only wants to hear of it
    "gone": {},                                             # Postfix takes it, and finds that it cannot deliver
}


class PeerHost(host.SendingHost):
    """A Maild with the standard ports on its own address."""

    def __init__(self, domain, place, settings):
        super().__init__(domain, place=place)
        path = self.root / "etc/maild.toml"
        text = path.read_text().replace('address = "127.0.0.1"', 'address = "*"')
        path.write_text(text + settings)
        self.stop()
        self.start()
        host.wait_for(lambda: self.pids("sender"), 30, "a sender")

    def submit(self, to, subject):
        with self.place, smtplib.SMTP("127.0.0.1", 587, timeout=60) as client:
            client.starttls(context=host.insecure_tls())
            client.login(self.address, self.password)
            client.sendmail(self.address, [to], host.message(subject, sender=self.address))

    def inbox(self, text):
        """Messages of INBOX with this text."""
        with self.place, imaplib.IMAP4_SSL("127.0.0.1", 993, ssl_context=host.insecure_tls()) as client:
            client.login(self.address, self.password)
            client.select("INBOX", readonly=True)
            numbers = client.search(None, "TEXT", f'"{text}"')[1][0].split()
            return [client.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in numbers]

    def state(self):
        return self.mailctl("queue", "list")

    def row(self, recipient):
        rows = self.mailctl("queue", "list", as_json=True)["rows"]
        return next((row for row in rows if row["recipient"] == recipient and row["attempts"] > 0), None)


class PeerPostfix:
    """Bob's host."""
    address = "bob@post.test"

    def __init__(self, home, place, files, authorities):
        self.home, self.place = pathlib.Path(home), place
        certificate, key = files
        boxes = self.home / "boxes"
        boxes.mkdir()
        shutil.chown(boxes, "nobody", "nogroup")
        settings = f"""myhostname = mail.post.test
mynetworks = {place.address}/32
disable_dns_lookups = no
smtp_dns_support_level = enabled
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = hostname
smtp_tls_CAfile = {authorities}
smtp_tls_policy_maps = inline:{{ {{ one.test = encrypt }} {{ [mail.one.test] = encrypt }} }}
smtpd_tls_chain_files = {key}, {certificate}
smtpd_tls_security_level = may
virtual_mailbox_domains = post.test, astray.test, wrong.test, other.test, lax.test
virtual_mailbox_base = {boxes}
virtual_mailbox_maps = inline:{{ {", ".join(f"{{ bob@{domain}.test = bob/ }}" for domain in ("post", "astray", "wrong", "other", "lax"))} }}
virtual_uid_maps = static:{boxes.stat().st_uid}
virtual_gid_maps = static:{boxes.stat().st_gid}
relay_domains = gone.test
transport_maps = inline:{{ {{ gone.test = smtp:[mail.one.test] }} }}
"""
        self.postfix = postfix.Postfix(self.home / "postfix", "smtp", place=place, settings=settings)

    def submit(self, to, subject):
        with self.place, smtplib.SMTP(self.place.address, 25, timeout=60) as client:
            client.sendmail(self.address, [to], host.message(subject, sender=self.address))

    def inbox(self, text):
        found = [path.read_bytes() for path in (self.home / "boxes").glob("bob/new/*")]
        return [content for content in found if text.encode() in content]

    def state(self):
        return self.postfix.log()

    def close(self):
        self.postfix.close()


@unittest.skipIf(WHY, WHY)
class Peers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="maild-system-"))
        cls.folder.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.network = network.Network()
        cls.addClassCleanup(cls.network.close)
        places = {name: cls.network.add(name, f"10.90.0.{number}") for number, name in enumerate(("dns", "web", "one", "two", "post"), 1)}
        cls.places, cls.authority = places, authority.Authority(cls.folder)
        cls.nsd = nsd.Nsd("test", place=places["dns"], ttl=1)
        cls.addClassCleanup(cls.nsd.close)
        cls.records, cls.outside = {}, ""
        resolv = cls.folder / "resolv.conf"
        resolv.write_text(f"nameserver {places['dns'].address}\n")
        for place in places.values():
            place.files = {resolv: "/etc/resolv.conf"}
        cls.publish(cls.records_at_first())
        cls.start_hosts()
        cls.publish_tlsa(cls.tlsa_of_one())

    @classmethod
    def start_hosts(cls):
        names = ["mta-sts." + name + ".test" for name in ("two", *ELSEWHERE)]
        cls.web = authority.PolicyServer(cls.places["web"].address, *cls.authority.issue(*names), place=cls.places["web"])
        cls.addClassCleanup(cls.web.close)
        cls.web.policies["two.test"] = cls.policy("mail.two.test")
        for name, facts in ELSEWHERE.items():
            if "sts" in facts:
                cls.web.policies[f"{name}.test"] = cls.policy(facts["sts"], facts.get("mode", "enforce"))
        settings = (f'\n[dns]\nservers = ["{cls.nsd.address}"]\ntrust_anchor = "{cls.nsd.trust_anchor}"\n'
                    f'[queue]\nauthorities = "{cls.authority.certificate}"\nretry_first = "10 s"\n[verify]\nsenders = "off"\n')
        certificate, key = cls.authority.issue("mail.two.test")
        tls = f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n'
        cls.one = PeerHost("one.test", cls.places["one"], settings)
        cls.addClassCleanup(cls.one.close)
        cls.two = PeerHost("two.test", cls.places["two"], settings + tls)
        cls.addClassCleanup(cls.two.close)
        cls.post = PeerPostfix(cls.folder, cls.places["post"], cls.authority.issue("mail.post.test"), cls.authority.certificate)
        cls.addClassCleanup(cls.post.close)

    @staticmethod
    def policy(mx, mode="enforce"):
        return f"version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 86400\r\n"

    @classmethod
    def records_at_first(cls):
        records = {}
        for name in ("one", "two", "post", *ELSEWHERE):
            place = cls.places.get(name, cls.places["post"])
            records[f"{name}.test"] = [("MX", f"10 mail.{name}.test")]
            records[f"mail.{name}.test"] = [("A", place.address)]
            if name == "two" or "sts" in ELSEWHERE.get(name, {}):
                records[f"_mta-sts.{name}.test"] = [("TXT", "v=STSv1; id=1")]
                records[f"mta-sts.{name}.test"] = [("A", cls.places["web"].address)]
            if "tlsa" in ELSEWHERE.get(name, {}):
                records[f"_25._tcp.mail.{name}.test"] = [("TLSA", "3 1 1 " + "ab" * 32)]
        records["second.test"] = [("MX", "10 away.second.test"), ("MX", "20 alias.second.test")]
        records["loop.test"] = [("MX", "10 alias.second.test")]
        records["away.second.test"] = [("A", "10.90.0.99")]   # nobody's
        records["alias.second.test"] = [("A", cls.places["one"].address)]
        return records

    @classmethod
    def publish(cls, records):
        cls.records = records
        cls.nsd.serve("".join(nsd.line_of(name, kind, value) for name, values in records.items() for kind, value in values))

    @classmethod
    def publish_tlsa(cls, value, name="one"):
        cls.publish({**cls.records, f"_25._tcp.mail.{name}.test": [("TLSA", value)]})

    @classmethod
    def tlsa_of_one(cls):
        """As the host itself says that it is to be published."""
        rows = cls.one.mailctl("domain", "dns", "one.test", as_json=True)["rows"]
        return next(row["value"] for row in rows if row["type"] == "TLSA" and row["name"].startswith("_25._tcp.mail.one.test"))

    def setUp(self):
        self.subject = f"{self._testMethodName} {time.monotonic_ns()}"

    def hosts(self):
        return {"ada@one.test": self.one, "ada@two.test": self.two, "bob@post.test": self.post}

    def report_at(self, peer):
        """The report about this test's message, as text."""
        for content in peer.inbox(self.subject):
            if email.message_from_bytes(content).get_content_type() == "multipart/report":
                return content.decode("utf-8", "replace")
        return None

    def tls_of(self, recipient):
        """What the log of `one` says of the TLS to a host: the reason that was found."""
        return [line for line in self.one.log().splitlines() if recipient in line and "tls" in line]

    def test_mail_flows_in_every_direction(self):
        for sender, at in self.hosts().items():
            for recipient, to in self.hosts().items():
                if sender == recipient:
                    continue
                with self.subTest(f"{sender} to {recipient}"):
                    subject = f"{self.subject} from {sender} to {recipient}"
                    at.submit(recipient, subject)
                    got = host.wait_for(lambda: to.inbox(subject), 60, lambda: f"the message: {at.state()}")   # noqa: B023
                    self.assertEqual(len(got), 1)
                    self.assertRegex(got[0].decode(), r"(?s)Received: from mail\.\w+\.test .*with (ESMTPS|UTF8SMTPS)\b|using TLSv1\.[23]")

    def test_what_is_refused_comes_back(self):
        for peer, recipient in ((self.one, "nobody@two.test"), (self.two, "nobody@one.test"), (self.one, "nobody@post.test"),
                                (self.post, "nobody@one.test"), (self.post, "nobody@two.test")):
            with self.subTest(recipient):
                self.subject = f"refused {recipient} {time.monotonic_ns()}"
                peer.submit(recipient, self.subject)
                text = host.wait_for(lambda: self.report_at(peer), 60, "a report")   # noqa: B023
                self.assertIn("Action: failed", text)
                self.assertIn(recipient, text)

    def test_a_report_of_another_host_arrives(self):
        for peer in (self.one, self.two):
            with self.subTest(peer.domain):
                self.subject = f"gone {time.monotonic_ns()}"
                peer.submit("anybody@gone.test", self.subject)
                text = host.wait_for(lambda: self.report_at(peer), 60, "Postfix's report")   # noqa: B023
                self.assertIn("mail.one.test", text)
                self.assertIn("Reporting-MTA: dns; mail.post.test", text)

    def waits(self, recipient, *words):
        self.one.submit(recipient, self.subject)
        row = host.wait_for(lambda: self.one.row(recipient), 60, "an attempt")
        for word in words:
            self.assertIn(word, row["reason"])
        self.assertTrue(row["status"].startswith("4."), row)
        self.assertEqual(self.post.inbox(self.subject), [])
        return row

    def test_a_key_that_dane_does_not_know_defers(self):
        self.waits("bob@astray.test", "DANE")
        # Mended, it goes out by itself.
        self.publish_tlsa(self.authority.tlsa_of(self.folder / "mail.post.test.pem"), "astray")
        host.wait_for(lambda: self.post.inbox(self.subject), 240, "the message")

    def test_a_certificate_for_another_name_defers(self):
        row = self.waits("bob@wrong.test", "MTA-STS")
        self.one.mailctl("--yes", "queue", "drop", str(row["id"]))

    def test_a_host_that_the_policy_does_not_name_defers(self):
        row = self.waits("bob@other.test", "MTA-STS")
        self.one.mailctl("--yes", "queue", "drop", str(row["id"]))

    def test_an_mx_that_is_this_host_under_another_name(self):
        """RFC 5321, section 5.1: hosts of its own preference or worse are left out, and where none is left it is a loop."""
        self.waits("bob@second.test", "10.90.0.99")
        self.one.submit("bob@loop.test", self.subject)
        text = host.wait_for(lambda: self.report_at(self.one), 60, "a report")
        self.assertIn("Status: 5.4.6", text)

    def steps(self, *words, exit_code=0):
        rows = self.one.mailctl(*words, as_json=True, exit_code=exit_code)["rows"]
        return {f"{row['step']} {row['host']}".strip(): (row["verdict"], row["text"]) for row in rows}

    def test_an_admin_tries_the_way(self):
        steps = self.steps("test", "mx", "two.test", "--rcpt", "ada@two.test")
        self.assertIn("mode enforce, names mail.two.test", steps["sts"][1])
        self.assertIn("10.90.0.4; signed (DNSSEC)", steps["mx mail.two.test"][1])
        self.assertIn("MTA-STS", steps["policy mail.two.test"][1])
        self.assertIn("TLSv1.", steps["tls mail.two.test"][1])
        self.assertEqual({verdict for verdict, _ in steps.values()}, {"good"})
        self.assertIn("250", steps["rcpt mail.two.test"][1])
        self.assertEqual(self.two.inbox(self.subject), [])
        steps = self.steps("test", "mx", "two.test", "--rcpt", "nobody@two.test", exit_code=1)
        self.assertEqual(steps["rcpt mail.two.test"][0], "bad")
        self.assertIn("550", steps["rcpt mail.two.test"][1])
        steps = self.steps("test", "mx", "wrong.test", "--rcpt", "bob@wrong.test", exit_code=1)
        self.assertEqual(steps["tls mail.wrong.test"][0], "bad")
        self.assertNotIn("rcpt mail.wrong.test", steps)
        steps = self.steps("test", "mx", "nowhere.test", exit_code=1)
        self.assertEqual(steps["mx"][0], "bad")

    def test_an_admin_asks_for_the_route(self):
        steps = self.steps("route", "test", "--from", "ada@one.test", "--to", "bob@lax.test")
        self.assertIn("no route of the configuration fits: the domain's MX hosts", steps["route"][1])
        self.assertIn("mode testing", steps["sts"][1])
        self.assertNotIn("connect mail.lax.test", steps)
        steps = self.steps("route", "test", "--to", "two.test")
        self.assertIn("mode enforce", steps["sts"][1])
        with self.assertRaisesRegex(AssertionError, "is neither address nor domain"):
            self.one.mailctl("route", "test", "--to", "a b")

    def test_a_policy_in_testing_stops_nothing(self):
        self.one.submit("bob@lax.test", self.subject)
        host.wait_for(lambda: self.post.inbox(self.subject), 60, "the message")

    def waits_again(self, recipient, *words):
        self.subject = f"{self._testMethodName} {time.monotonic_ns()}"
        row = self.waits(recipient, *words)
        self.one.mailctl("--yes", "queue", "drop", str(row["id"]))

    def test_zy_a_policy_outlives_the_process_and_its_host(self):
        """RFC 8461, section 5: for max_age, whoever keeps it from being fetched again. The one before the last, because the web host is gone for a while."""
        self.waits_again("bob@wrong.test", "MTA-STS")
        note = self.one.root / "var/lib/trace/sts-policies.note"
        host.wait_for(lambda: note.exists() and "\nwrong.test 1 " in note.read_text(), 90, "the policy to be kept")
        before = self.records
        gone = {name: values for name, values in before.items() if name != "mta-sts.wrong.test"}
        try:
            with self.subTest("a process that was killed, and a newer policy that nobody can have"):
                self.publish({**gone, "_mta-sts.wrong.test": [("TXT", "v=STSv1; id=2")]})
                pid = self.one.pids("sender")[0]
                os.kill(pid, signal.SIGKILL)
                host.wait_for(lambda: self.one.pids("sender") not in ([], [pid]), 30, "another sender")
                self.waits_again("bob@wrong.test", "MTA-STS")
            with self.subTest("a daemon that was stopped, and no record any more"):
                self.publish({name: values for name, values in gone.items() if name != "_mta-sts.wrong.test"})
                self.one.stop()
                self.one.start()
                self.waits_again("bob@wrong.test", "MTA-STS")
                self.assertIn("mode enforce, names mail.wrong.test", self.steps("route", "test", "--to", "wrong.test")["sts"][1])
            with self.subTest("one that is damaged"):
                self.one.stop()
                note.write_bytes(b"\xff" * 100)
                self.one.start()
                self.one.submit("bob@wrong.test", self.subject)
                host.wait_for(lambda: self.post.inbox(self.subject), 60, "the message: nothing is known that forbids it")
                self.assertIn("sts_policies_damaged", self.one.log())
        finally:
            self.publish(before)
            host.wait_for(lambda: "mode enforce" in self.steps("route", "test", "--to", "wrong.test")["sts"][1], 60, "the policy to be back")

    def test_zz_reports_on_tls_tell_what_was_met(self):
        """RFC 8460, of the policies above: whose owners all want to hear of it at a mailbox that is here."""
        names = ("two", "wrong", "other", "lax", "astray")
        self.publish({**self.records, "_25._tcp.mail.astray.test": [("TLSA", "3 1 1 " + "cd" * 32)],
                      **{f"_smtp._tls.{name}.test": [("TXT", "v=TLSRPTv1; rua=mailto:ada@one.test")] for name in names}})
        for name in ("wrong", "other", "astray"):
            row = self.waits(f"bob@{name}.test")
            self.one.mailctl("--yes", "queue", "drop", str(row["id"]))
        for recipient, peer in (("ada@two.test", self.two), ("bob@lax.test", self.post)):
            self.one.submit(recipient, self.subject)
            host.wait_for(lambda: peer.inbox(self.subject), 60, "the message")   # noqa: B023
        self.one.mailctl("domain", "dkim", "rotate", "one.test", "--force")
        self.one.stop()   # what was gathered is written down
        dmarc_reports.age_traces(self.one.root / "var/lib/trace", 2 * 86_400_000)
        path = self.one.root / "etc/maild.toml"
        path.write_text(path.read_text() + '[reports]\nmailbox = "ada@one.test"\nfrom = "postmaster@one.test"\n')
        self.one.start()
        day = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)).date().isoformat()
        sent = self.one.mailctl("report", "tls", "send", "--day", day, as_json=True)["rows"]
        self.assertEqual({(row["domain"], row["fate"]) for row in sent}, {(f"{name}.test", "sent") for name in names})
        told = {(row["domain"], row["policy"], row["result"]) for row in self.one.mailctl("report", "tls", as_json=True)["rows"]}
        for row in (("two.test", "sts", "success"), ("wrong.test", "sts", "certificate-host-mismatch"), ("other.test", "sts", "validation-failure"),
                    ("lax.test", "sts", "certificate-host-mismatch")):
            self.assertIn(row, told)
        self.assertIn(("mail.astray.test", "tlsa"), {row[:2] for row in told if row[2] != "success"}, told)


if __name__ == "__main__":
    unittest.main()
