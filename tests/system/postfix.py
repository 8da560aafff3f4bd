"""Postfix as a peer: Debian's package with a configuration, a queue and a port of its own, on loopback. It hands on what it is
given to a Maild, by SMTP or LMTP. Only root can start it."""
import os
import pathlib
import shutil
import socket
import subprocess

import host

MASTER = """{address}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN = """compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
multi_instance_name = postfix-maild-test
myhostname = relay.example
mydestination =
inet_interfaces = {address}
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
local_transport = error:none
notify_classes =
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtputf8_enable = yes
default_transport = {transport}
smtp_tls_security_level = {tls}
lmtp_tls_security_level = none
maillog_file = {home}/maillog
maillog_file_prefixes = {home}
"""


def missing():
    """What keeps this machine from it, in words; empty: nothing."""
    if os.geteuid() != 0:
        return "Postfix is started by root alone"
    return "" if pathlib.Path("/usr/lib/postfix/sbin/master").exists() else "Postfix is not installed"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postfix:
    """`place`: a network.Namespace that it lives in. `settings`: lines of main.cf, stronger than those above."""

    def __init__(self, home, transport, tls="none", place=None, settings=""):
        self.home, self.place = pathlib.Path(home), place
        self.address, self.port = (place.address, 25) if place else ("127.0.0.1", free_port())
        for name in ("etc", "spool", "data"):
            (self.home / name).mkdir(parents=True)
        shutil.chown(self.home / "data", "postfix")
        self.configure(MAIN.format(home=self.home, address=self.address, transport=transport, tls=tls), settings)
        (self.home / "etc/master.cf").write_text(MASTER.format(address=self.address, port=self.port))
        self.run("start")
        host.wait_for(self.answers, 20, "Postfix to answer: " + self.log())

    def configure(self, main, settings):
        strong = {line.split(" = ")[0] for line in settings.splitlines()}
        weak = [line for line in main.splitlines() if line.split(" =")[0] not in strong]
        (self.home / "etc/main.cf").write_text("\n".join(weak) + "\n" + settings)

    def in_place(self, *command):
        return self.place.command(*command) if self.place else list(command)

    def run(self, verb):
        run = subprocess.run(self.in_place("postfix", "-c", self.home / "etc", verb), capture_output=True, text=True, timeout=60)
        if run.returncode != 0:
            raise AssertionError(f"postfix {verb}: {run.stdout}{run.stderr}{self.log()}")

    def answers(self):
        probe = f"exec 3<>/dev/tcp/{self.address}/{self.port}"
        return subprocess.run(self.in_place("bash", "-c", probe), capture_output=True, timeout=20).returncode == 0

    def log(self):
        path = self.home / "maillog"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self):
        self.run("stop")
