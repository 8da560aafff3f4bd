"""NSD with a zone that ldns has signed: the DNS as others run it, for tests of what asks it."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile

import host


def missing():
    return "" if all(map(shutil.which, ("nsd", "ldns-signzone", "ldns-keygen"))) else "no nsd or ldnsutils"


def quoted(text):
    pieces = [text[i:i + 255] for i in range(0, max(len(text), 1), 255)]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)


def line_of(name, kind, value):
    """Values as zone.Zone has them."""
    if kind in ("MX", "SRV", "PTR", "CNAME") and not value.endswith("."):
        value += "."
    return f"{name}. IN {kind} {quoted(value) if kind == 'TXT' else value}\n"


class Nsd:
    """One zone, signed, and below the root everything else that is served; in `place`, a network.Namespace, on port 53."""

    def __init__(self, domain, place=None, ttl=60):
        self.domain, self.server, self.place, self.ttl = domain, None, place, ttl
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="maild-system-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"{place.address}:53" if place else "127.0.0.1:%d" % probe.getsockname()[1]
        self.keys = [self.make_key(), self.make_key("-k")]
        self.trust_anchor = self.folder / "anchor"
        shutil.copy(str(self.keys[1]) + ".key", self.trust_anchor)
        for path in (self.folder, self.trust_anchor):
            path.chmod(0o755)
        (self.folder / "nsd.conf").write_text(f"""
server:
  ip-address: {self.address.replace(":", "@")}
  username: ""
  chroot: ""
  zonesdir: "{self.folder}"
  database: ""
  pidfile: "{self.folder}/pid"
  logfile: "{self.folder}/log"
  xfrdfile: "{self.folder}/xfrd"
  zonelistfile: "{self.folder}/list"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: root
zone:
  name: "{domain}"
  zonefile: signed
""")

    def make_key(self, *options):
        run = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", *options, self.domain], cwd=self.folder, check=True, capture_output=True, text=True)
        return self.folder / run.stdout.strip()

    def head(self, name):
        return f"$TTL {self.ttl}\n{name} IN SOA ns.{self.domain}. root.{self.domain}. 1 3600 600 86400 {self.ttl}\n{name} IN NS ns.{self.domain}.\n"

    def serve(self, zone, others="", is_signed=True):
        """Lines of the zone, and of what is outside."""
        self.stop()
        (self.folder / "zone").write_text(self.head(self.domain + ".") + f"ns.{self.domain}. IN A 127.0.0.1\n" + zone)
        (self.folder / "root").write_text(self.head(".") + others)
        if is_signed:
            subprocess.run(["ldns-signzone", "-o", self.domain, "-f", "signed", "zone", *map(str, self.keys)], cwd=self.folder, check=True, capture_output=True)
        else:
            shutil.copy(self.folder / "zone", self.folder / "signed")
        command = ["nsd", "-d", "-c", self.folder / "nsd.conf"]
        self.server = subprocess.Popen(self.place.command(*command) if self.place else command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        host.wait_for(self.answers, 10, "NSD: " + str(self.folder / "log"))

    def answers(self):
        """Whether it serves the zone: a question for its SOA is answered without an error."""
        labels = b"".join(bytes([len(label)]) + label.encode() for label in self.domain.split("."))
        name, port = self.address.split(":")
        with self.place or contextlib.nullcontext(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            try:
                client.connect((name, int(port)))
                client.send(b"ab\0\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\6\0\1")
                return client.recv(512)[3] & 15 == 0
            except OSError:
                return False

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            self.server.wait(20)
        self.server = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
