#!/usr/bin/env python3
"""The DNS of a domain as `mailctl domain dns` prints it: published in real servers, checked over the network, and broken one record
at a time."""
import copy
import pathlib
import re
import tempfile
import unittest

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


if __name__ == "__main__":
    host.main()
