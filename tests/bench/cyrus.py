"""Cyrus IMAP 3.6 from Debian's packages. They cannot be installed beside Dovecot's, so they are unpacked into a folder and run
from there. Its passwords are kept as they are (SASL's database), which spares it the hash; syncs are as it ships (each message,
index and database)."""
import os
import pathlib
import shutil
import subprocess

import servers

packages = ("cyrus-common", "cyrus-imapd", "cyrus-pop3d", "sasl2-bin", "libical3")
user = "mail"   # Debian's, who is everywhere

imapd_configuration = """
configdirectory: {folder}/conf
defaultpartition: default
partition-default: {folder}/spool
cyrus_user: {user}
cyrus_group: {user}
servername: mail.{domain}
defaultdomain: other.example
virtdomains: userid
unixhierarchysep: yes
altnamespace: yes
allowplaintext: yes
sasl_mech_list: PLAIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
autocreate_quota: 0
autocreate_post: yes
duplicatesuppression: no
tls_server_cert: {folder}/certificate.pem
tls_server_key: {folder}/key.pem
popminpoll: 0
maxlogins_per_user: 0
"""
services = """
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {folder}/imapd.conf -r"
  idled cmd="{bin}/idled -C {folder}/imapd.conf"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {folder}/imapd.conf -U 1000" listen="127.0.0.1:{imap}" prefork=4 maxchild=6000
  imaps cmd="{bin}/imapd -C {folder}/imapd.conf -s -U 1000" listen="127.0.0.1:{imaps}" prefork=4 maxchild=6000
  pop3 cmd="{bin}/pop3d -C {folder}/imapd.conf -U 1000" listen="127.0.0.1:{pop3}" prefork=2 maxchild=200
  pop3s cmd="{bin}/pop3d -C {folder}/imapd.conf -s -U 1000" listen="127.0.0.1:{pop3s}" prefork=2 maxchild=200
  lmtp cmd="{bin}/lmtpd -C {folder}/imapd.conf -a" listen="127.0.0.1:{lmtp}" prefork=4 maxchild=200
}}
EVENTS {{
}}
"""


def environment(root):
    """For the programs: where their libraries are."""
    return {**os.environ, "LD_LIBRARY_PATH": str(root / "usr/lib/x86_64-linux-gnu")}


def unpack(folder):
    """Debian's packages, and where their programs are."""
    folder.mkdir(parents=True)
    subprocess.run(["apt-get", "download", *packages], cwd=folder, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    for package in folder.glob("*.deb"):
        servers.run("dpkg", "-x", package, folder / "root")
    root = folder / "root"
    needed = subprocess.run(["ldd", root / "usr/lib/cyrus/bin/imapd"], check=True, capture_output=True, text=True, env=environment(root)).stdout
    missing = [line.split()[0] for line in needed.splitlines() if "not found" in line]
    if missing:
        raise RuntimeError(f"Cyrus needs libraries that are not installed: {', '.join(missing)}")
    return root


class Cyrus:
    name = "Cyrus"
    drained = ()

    def __init__(self, folder, accounts, certificate):
        self.folder, self.master = pathlib.Path(folder) / "cyrus", None
        self.root = unpack(pathlib.Path(folder) / "packages")
        for part in ("conf/socket", "conf/proc", "conf/db", "conf/log", "spool"):
            (self.folder / part).mkdir(parents=True)
        for source, name in zip(certificate, ("certificate.pem", "key.pem")):
            shutil.copy(source, self.folder / name)
        names = ("lmtp", "imap", "imaps", "pop3", "pop3s")
        self.ports = dict(zip(names, servers.free_ports(len(names))))
        values = {"folder": self.folder, "domain": servers.domain, "user": user, "bin": self.root / "usr/lib/cyrus/bin", **self.ports}
        (self.folder / "imapd.conf").write_text(imapd_configuration.format(**values))
        (self.folder / "cyrus.conf").write_text(services.format(**values))
        self._add_accounts(accounts)
        servers.run("chown", "-R", f"{user}:{user}", self.folder)

    def _add_accounts(self, count):
        for address in servers.addresses(count):
            name, _, realm = address.partition("@")
            subprocess.run([self.root / "usr/sbin/saslpasswd2", "-p", "-c", "-f", self.folder / "sasldb2", "-u", realm, name],
                           input=servers.password, text=True, check=True, capture_output=True)

    def start(self):
        command = [self.root / "usr/lib/cyrus/bin/master", "-C", self.folder / "imapd.conf", "-M", self.folder / "cyrus.conf",
                   "-p", self.folder / "master.pid", "-D"]
        with (self.folder / "log").open("a") as log:
            self.master = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           env=environment(self.root))
        for port in self.ports.values():
            servers.host.wait_for(lambda port=port: servers.answers(port), 20, f"Cyrus at port {port}")

    def roots(self):
        return [self.master.pid]

    def stop(self):
        if self.master is not None:
            self.master.terminate()
            self.master.wait(60)
            self.master = None

    close = stop
