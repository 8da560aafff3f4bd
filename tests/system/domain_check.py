#!/usr/bin/env python3
"""The DNS of a domain as `mailctl domain dns` prints it: published in real servers, checked over the network, and broken one record
at a time."""
import copy
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import authority
import host
import nsd
import zone

ADDRESSES = ["192.0.2.25", "2001:db8::25"]
HOST, DOMAIN = "mail.example.org", "example.org"
V4, V6 = "25.2.0.192.in-addr.arpa", "5.2.0.0." + "0.0.0.0." * 5 + "8.b.d.0.1.0.0.2.ip6.arpa"
# The trial's certificate is its own: that is told, and is nobody's mistake.
ALWAYS = ["certificate-self-signed"]


def text_of(value):
    """Of quoted strings the text."""
    return "".join(re.sub(r"\\(.)", r"\1", piece) for piece in re.findall(r'"((?:[^"\\]|\\.)*)"', value))


def records_of(rows):
    records = {V4: [("PTR", HOST)], V6: [("PTR", HOST)]}
    for row in rows:
        value = text_of(row["value"]) if row["type"] == "TXT" else row["value"]
        records.setdefault(row["name"].rstrip(".").lower(), []).append((row["type"], value))
    return records


class Checked(host.HostTest):
    def wanted(self):
        return self.host.mailctl("domain", "dns", DOMAIN, "--address", ",".join(ADDRESSES), as_json=True)

    def check(self, *options, exit_code=0):
        result = self.host.mailctl("domain", "check", DOMAIN, "--address", ",".join(ADDRESSES), *options, exit_code=exit_code, as_json=True)
        for row in result["rows"]:
            self.assertTrue(row["repair"].endswith("."), row)
        return [row["code"] for row in result["rows"]]


class Faults:
    """A zone, name → list of (kind, value), with one fault planted."""

    def __init__(self, records, port):
        self.records, self.port = copy.deepcopy(records), port

    def replace(self, name, kind, *values):
        kept = [record for record in self.records.get(name, []) if record[0] != kind]
        self.records[name] = kept + [(kind, value) for value in values]

    def add(self, name, kind, *values):
        self.records.setdefault(name, []).extend((kind, value) for value in values)

    def txt(self, name, start, text):
        """Another text in place of that which begins so."""
        kept = [record for record in self.records[name] if not record[1].startswith(start)]
        self.records[name] = kept + ([("TXT", text)] if text else [])

    def spf(self, text):
        self.txt(DOMAIN, "v=spf1", text)

    def dmarc(self, text):
        self.replace("_dmarc." + DOMAIN, "TXT", text)

    def key(self, old="", new="", whole=None):
        name = next(name for name in self.records if "_domainkey" in name)
        self.replace(name, "TXT", whole if whole is not None else self.records[name][0][1].replace(old, new))

    def other_mx(self, name, kind=None, value=None):
        self.add(DOMAIN, "MX", "20 " + name)
        if kind:
            self.add(name, kind, value)

    def imaps(self, *values):
        self.replace("_imaps._tcp." + DOMAIN, "SRV", *values)


TLSA, STS, REPORTS = "_25._tcp." + HOST, "_mta-sts." + DOMAIN, "_smtp._tls." + DOMAIN
NOT_US = ["spf-not-us", "spf-not-us"]
# What is found, the worst first, and how it is planted.
PLANTED = [
    (["mx-missing"] + NOT_US, lambda f: f.replace(DOMAIN, "MX")),
    (["mx-null"] + NOT_US, lambda f: f.replace(DOMAIN, "MX", "0 .")),
    (["mx-null-mixed"], lambda f: f.add(DOMAIN, "MX", "0 .")),
    (["mx-is-address", "mx-others"], lambda f: f.other_mx("192.0.2.25")),
    (["mx-alias", "mx-others"], lambda f: f.other_mx("mx2." + DOMAIN, "CNAME", HOST)),
    (["mx-no-address", "mx-others"], lambda f: f.other_mx("mx2." + DOMAIN)),
    (NOT_US + ["mx-elsewhere"], lambda f: (f.replace(DOMAIN, "MX", "10 mx2." + DOMAIN), f.add("mx2." + DOMAIN, "A", "198.51.100.1"))),
    (["host-no-address", "mx-no-address"] + NOT_US + ["spf-helo"], lambda f: (f.replace(HOST, "A"), f.replace(HOST, "AAAA"))),
    (["host-elsewhere", "ptr-missing"], lambda f: f.add(HOST, "A", "192.0.2.99")),
    (["host-elsewhere"], lambda f: f.add(HOST, "A", "10.1.2.3")),
    (["ptr-missing"], lambda f: f.records.pop(V4)),
    (["ptr-missing"], lambda f: f.records.pop(V6)),
    (["ptr-mismatch"], lambda f: f.replace(V4, "PTR", "old.example.org")),
    (["ptr-generic"], lambda f: (f.replace(V4, "PTR", "host-192-0-2-25.isp.example"), f.add("host-192-0-2-25.isp.example", "A", "192.0.2.25"))),
    (["ptr-other-name"], lambda f: (f.replace(V4, "PTR", "www.example.org"), f.add("www.example.org", "A", "192.0.2.25"))),
    (["spf-missing"], lambda f: f.spf("")),
    (["spf-several"], lambda f: f.add(DOMAIN, "TXT", "v=spf1 a -all")),
    (["spf-syntax"], lambda f: f.spf("v=spf1 mx ipv4:192.0.2.1 -all")),
    (["spf-include"], lambda f: f.spf("v=spf1 mx include:gone.example -all")),
    (["spf-lookups"], lambda f: f.spf("v=spf1 mx" + " a:" + " a:".join([HOST] * 10) + " -all")),
    (["spf-void-lookups"], lambda f: f.spf("v=spf1 mx a:one.example a:two.example a:three.example -all")),
    (["spf-for-all"], lambda f: f.spf("v=spf1 mx +all")),
    (["spf-ptr"], lambda f: f.spf("v=spf1 mx ptr -all")),
    (["spf-open-end"], lambda f: f.spf("v=spf1 mx ?all")),
    (NOT_US, lambda f: f.spf("v=spf1 ip4:198.51.100.1 -all")),
    (["spf-helo"], lambda f: f.txt(HOST, "v=spf1", "v=spf1 -all")),
    (["dkim-missing"], lambda f: f.records.pop(next(name for name in f.records if "_domainkey" in name))),
    (["dkim-other-key"], lambda f: f.key(whole="v=DKIM1; k=ed25519; p=" + "A" * 43 + "=")),
    (["dkim-revoked"], lambda f: f.key(whole="v=DKIM1; p=")),
    (["dkim-testing"], lambda f: f.key("; p=", "; t=y; p=")),
    (["dkim-broken"], lambda f: f.key("v=DKIM1", "v=DKIM2")),
    (["dkim-not-for-mail"], lambda f: f.key("; p=", "; s=web; p=")),
    (["dkim-no-sha256"], lambda f: f.key("; p=", "; h=sha1; p=")),
    (["dmarc-missing"], lambda f: f.records.pop("_dmarc." + DOMAIN)),
    (["dmarc-several"], lambda f: f.add("_dmarc." + DOMAIN, "TXT", "v=DMARC1; p=none")),
    (["dmarc-broken"], lambda f: f.dmarc("v=DMARC1 p=reject")),
    (["dmarc-weaker-below"], lambda f: f.dmarc("v=DMARC1; p=reject; sp=none; rua=mailto:a@example.org")),
    (["dmarc-testing"], lambda f: f.dmarc("v=DMARC1; p=reject; pct=20; rua=mailto:a@example.org")),
    (["dmarc-rua"], lambda f: f.dmarc("v=DMARC1; p=reject; rua=https://example.org/")),
    (["dmarc-rua-unauthorized"], lambda f: f.dmarc("v=DMARC1; p=reject; rua=mailto:a@reports.example")),
    (["tlsa-mismatch"], lambda f: f.replace(TLSA, "TLSA", "3 1 1 " + "ab" * 32)),
    (["tlsa-unusable"], lambda f: f.add(TLSA, "TLSA", "1 1 1 " + "ab" * 32)),
    (["sts-certificate", "sts-no-host"], lambda f: f.replace(STS, "TXT", "v=STSv1; id=1;")),
    (["sts-version"], lambda f: f.replace(STS, "TXT", "v=STSv2; id=1;")),
    (["sts-several"], lambda f: f.replace(STS, "TXT", "v=STSv1; id=1;", "v=STSv1; id=2;")),
    (["tlsrpt-rua"], lambda f: f.replace(REPORTS, "TXT", "v=TLSRPTv1;")),
    (["tlsrpt-version"], lambda f: f.replace(REPORTS, "TXT", "v=TLSRPT; rua=mailto:a@example.org")),
    (["srv-missing"], lambda f: f.imaps()),
    (["srv-denied"], lambda f: f.imaps("0 0 0 .")),
    (["srv-port"], lambda f: f.imaps(f"0 1 {f.port + 1} {HOST}")),
    (["srv-alias"], lambda f: (f.imaps(f"0 1 {f.port} imap.example.org"), f.add("imap.example.org", "CNAME", HOST))),
    (["srv-no-address"], lambda f: f.imaps(f"0 1 {f.port} imap.example.org")),
    (["srv-not-offered"], lambda f: f.add("_sieve._tcp." + DOMAIN, "SRV", f"0 1 4190 {HOST}")),
]
# Beside warnings and faults notes may be told that the case is not about.
NOTES = ALWAYS + ["sts-other-id", "tlsa-missing"]


@unittest.skipIf(nsd.missing(), nsd.missing())
class SignedZone(Checked):
    """An authority that knows DNSSEC, and a host that validates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nsd = nsd.Nsd(DOMAIN)
        cls.addClassCleanup(cls.nsd.close)
        cls.host.configure("[auth]", f'[dns]\nservers = ["{cls.nsd.address}"]\ntrust_anchor = "{cls.nsd.trust_anchor}"\n\n'
                           '[dkim]\nswitching = "manual"\n\n[auth]')

    def serve(self, records, is_signed=True):
        lines = {True: "", False: ""}
        for name, values in records.items():
            for kind, value in values:
                lines[name.endswith(DOMAIN)] += nsd.line_of(name, kind, value)
        self.nsd.serve(lines[True], lines[False], is_signed)

    def test_1_the_zone_that_is_printed_is_good(self):
        printed = self.host.mailctl("domain", "dns", DOMAIN, "--zone", "--address", ",".join(ADDRESSES))
        self.nsd.serve(printed, nsd.line_of(V4, "PTR", HOST) + nsd.line_of(V6, "PTR", HOST))
        self.assertEqual(self.check(), ALWAYS)

    def test_2_every_planted_fault_is_found(self):
        records = records_of(self.wanted()["rows"])
        seen = set()
        for codes, plant in PLANTED:
            with self.subTest(codes):
                faults = Faults(records, self.host.port(993))
                plant(faults)
                self.serve(faults.records)
                found = [code for code in self.check(exit_code=1) if code not in NOTES]
                self.assertEqual(found, codes)
                seen.update(found)
        self.assertGreaterEqual(len(seen), 40)

    def test_3_signatures_that_are_missing(self):
        records = records_of(self.wanted()["rows"])
        self.serve(records, is_signed=False)
        self.assertIn("dnssec-bogus", self.check(exit_code=1))


class AnyZone(Checked):
    """A server that does as it is told, silence included."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zone = zone.Zone({}, ttl=1)
        cls.addClassCleanup(cls.zone.close)
        cls.host.configure("[auth]", f'[dns]\nservers = ["{cls.zone.address}"]\n\n[dkim]\nswitching = "manual"\n\n[auth]')

    def setUp(self):
        self.zone.records = records_of(self.wanted()["rows"])
        self.zone.silent.clear()

    def test_nothing_in_the_good_zone(self):
        self.assertEqual(self.check(), ALWAYS)
        self.assertEqual(self.check("--resolver", self.zone.address), ALWAYS)
        said = self.host.mailctl("domain", "check", DOMAIN, "--address", ",".join(ADDRESSES))
        self.assertIn("1 domain: all is well", said)

    def test_faults_without_dnssec(self):
        for codes, plant in PLANTED[::9]:
            with self.subTest(codes):
                self.setUp()
                faults = Faults(self.zone.records, self.host.port(993))
                plant(faults)
                self.zone.records = faults.records
                self.assertEqual([code for code in self.check(exit_code=1) if code not in NOTES], codes)

    def test_a_server_that_is_silent(self):
        self.zone.silent.add(REPORTS)
        self.assertEqual(self.check(exit_code=1), ["dns-failure"] + ALWAYS)

    def test_block_lists(self):
        self.zone.records["25.2.0.192.dnsbl.example"] = [("A", "127.0.0.2"), ("TXT", "sends spam")]
        self.assertEqual(self.check(), ALWAYS)
        self.assertEqual(self.check("--block-lists", "dnsbl.example,other.example", exit_code=1), ["listed"] + ALWAYS)

    def test_changes_alone(self):
        with tempfile.TemporaryDirectory(prefix="maild-system-") as folder:
            state = str(pathlib.Path(folder) / "state")
            self.assertEqual(self.check("--changes-only", state), ALWAYS)
            self.assertEqual(self.check("--changes-only", state), [])
            self.zone.records.pop("_dmarc." + DOMAIN)
            self.assertEqual(self.check("--changes-only", state, exit_code=1), ["dmarc-missing"])
            self.assertEqual(self.check("--changes-only", state), [])
            self.setUp()
            said = self.host.mailctl("domain", "check", DOMAIN, "--address", ",".join(ADDRESSES), "--changes-only", state)
            self.assertEqual(said, "gone: example.org, dmarc-missing, _dmarc.example.org, no DMARC record\n")

    def test_all_domains(self):
        self.host.mailctl("domain", "alias", "add", "alias.example", DOMAIN)
        result = self.host.mailctl("domain", "check", "--all", "--address", ",".join(ADDRESSES), exit_code=1, as_json=True)
        found = {(row["domain"], row["code"]) for row in result["rows"]}
        self.assertIn(("alias.example", "domain-missing"), found)
        self.assertIn((DOMAIN, ALWAYS[0]), found)
        rows = self.host.mailctl("domain", "dns", "alias.example", as_json=True)["rows"]
        self.assertTrue(any(row["name"].endswith("_domainkey.alias.example.") for row in rows), rows)
        self.host.mailctl("--yes", "domain", "alias", "rm", "alias.example")

    def test_what_is_wrong_on_the_command_line(self):
        self.host.mailctl("domain", "check", exit_code=64)
        self.host.mailctl("domain", "check", DOMAIN, "--all", exit_code=64)
        self.host.mailctl("domain", "check", DOMAIN, "--resolver", "nowhere", exit_code=64)
        self.host.mailctl("domain", "check", DOMAIN, "--address", "192.0.2", exit_code=65)
        self.host.mailctl("domain", "check", "unknown.example", exit_code=68)


POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: {age}\r\n"
SECOND = "mx.second.example"


class Web:
    """What is given as the domain's policy, and under which record, with one fault planted."""

    def __init__(self, records, text, addresses):
        self.faults, self.text, self.addresses = Faults(records, 0), text, addresses

    def serve(self, mode="enforce", mx=HOST, age=604800):
        self.text = POLICY.format(mode=mode, mx=mx, age=age)

    def publish(self, policy_id):
        self.faults.replace(STS, "TXT", f"v=STSv1; id={policy_id};")

    def lead_to(self, name):
        self.faults.replace("mta-sts." + DOMAIN, "A", self.addresses[name])


# The record that is published is that of the policy which `mailctl domain dns` prints.
POLICIES = [
    (["sts-policy-testing"], lambda w: None),
    (["sts-stale-id"], lambda w: w.serve("enforce")),
    ([], lambda w: (w.serve("enforce"), w.publish("mine1"))),
    (["sts-stale-id", "sts-policy-age"], lambda w: w.serve("enforce", age=600)),
    (["sts-policy-none"], lambda w: (w.serve("none"), w.publish("mine2"))),
    (["sts-policy-mx"], lambda w: (w.serve("enforce", mx="mx.elsewhere.example"), w.publish("mine3"))),
    ([], lambda w: (w.serve("enforce", mx="*.example.org"), w.publish("mine4"))),
    (["sts-policy-broken"], lambda w: setattr(w, "text", "<html>nothing here</html>")),
    (["sts-policy-missing"], lambda w: setattr(w, "text", "")),
    (["sts-policy-missing"], lambda w: w.lead_to("nobody")),
    (["sts-policy-certificate"], lambda w: w.lead_to("other")),
    (["sts-no-host"], lambda w: w.faults.replace("mta-sts." + DOMAIN, "A")),
    # Another name of this host, which has a certificate of its own.
    (["sts-policy-testing"], lambda w: w.serve("testing", mx=HOST + "\r\nmx: " + SECOND) or w.publish("mine5") or w.faults.other_mx(SECOND, "A", ADDRESSES[0])),
    (["tlsa-mismatch", "sts-policy-testing"],
     lambda w: w.serve("testing", mx=HOST + "\r\nmx: " + SECOND) or w.publish("mine6") or w.faults.other_mx(SECOND, "A", ADDRESSES[0])
     or w.faults.add("_25._tcp." + SECOND, "TLSA", "3 1 1 " + "ab" * 32)),
]


@unittest.skipIf(os.geteuid() != 0, "port 443 is root's")
class ServedPolicies(Checked):
    """The domain's policy of MTA-STS, as the host is given it by a web server; and certificates that are for names."""
    kind = host.SendingHost

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="maild-system-"))
        folder.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.authority = authority.Authority(folder)
        cls.addresses = {"web": "127.44.3.1", "other": "127.44.3.2", "nobody": "127.44.3.3"}
        cls.web = authority.PolicyServer(cls.addresses["web"], *cls.authority.issue("mta-sts." + DOMAIN))
        cls.addClassCleanup(cls.web.close)
        other = authority.PolicyServer(cls.addresses["other"], *cls.authority.issue("www." + DOMAIN))
        cls.addClassCleanup(other.close)
        cls.zone = zone.Zone({}, ttl=1)
        cls.addClassCleanup(cls.zone.close)
        cls.certificate, key = cls.authority.issue(HOST, days=90)
        second = cls.authority.issue(SECOND, days=90)
        named = "".join(f'[[tls.certificates]]\ncertificate = "{certificate}"\nkey = "{key}"\n\n' for certificate, key in ((cls.certificate, key), second))
        cls.host.configure("[auth]", f'[dns]\nservers = ["{cls.zone.address}"]\n\n[dkim]\nswitching = "manual"\n\n'
                           f'[queue]\nauthorities = "{cls.authority.certificate}"\nloopback = "allowed"\n\n{named}[auth]')
        host.wait_for(lambda: cls.host.pids("sender"), 30, "a sender")

    def test_what_a_name_is_served_is_looked_at(self):
        """Whoever asks for the host's name gets a certificate that others trust; the trial's own is for everybody else."""
        rows = self.wanted()["rows"]
        self.assertEqual([row["value"] for row in rows if row["type"] == "TLSA"], [self.authority.tlsa_of(self.certificate)])
        self.zone.records = records_of([row for row in rows if row["name"].rstrip(".") != STS])
        self.assertEqual(self.check(), ["sts-missing"])

    def test_every_planted_fault_is_found(self):
        wanted = self.wanted()
        records = {**records_of(wanted["rows"]), "mta-sts." + DOMAIN: [("A", self.addresses["web"])]}
        seen = set()
        for codes, plant in POLICIES:
            with self.subTest(codes):
                web = Web(records, wanted["mta_sts_policy"], self.addresses)
                plant(web)
                self.web.policies[DOMAIN], self.zone.records = web.text, web.faults.records
                host.wait_for(lambda: self.finds(codes), 15, lambda: f"{codes}, not {self.found}")   # noqa: B023
                seen.update(codes)
        self.assertGreaterEqual(len(seen), 10)

    def finds(self, codes):
        """What was known of the DNS before is forgotten within a second or two."""
        is_bad = any(code not in ("sts-policy-testing", "sts-policy-none", "sts-policy-age") for code in codes)
        try:
            self.found = self.check(exit_code=1 if is_bad else 0)
        except AssertionError as error:
            self.found = str(error)
        return self.found == codes


if __name__ == "__main__":
    host.main()
