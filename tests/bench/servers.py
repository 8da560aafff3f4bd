"""The servers that tests/bench/run compares, each on loopback with ports and a folder of its own, and with the same accounts:
user1 … userN and idle1 … idleN. All keep mail on the same file system and sync what they acknowledge: Maild everything, Dovecot
deliveries and APPEND (mail_fsync = optimized, its default, which leaves flags to the kernel), Postfix its queue. Passwords
are one salted SHA-256 everywhere, so that no login is a matter of the hash. What is no part of the comparison is switched
off everywhere: sender checks, DNS, limits on connections."""
import base64
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "system"))
import host  # noqa: E402

domain = "example.org"
password = "pw"
mail_uid = 5000   # of Dovecot's mail; need not exist


def password_hash():
    salt = b"bench"
    return "{SSHA256}" + base64.b64encode(hashlib.sha256(password.encode() + salt).digest() + salt).decode()


def addresses(count):
    """user1 … and idle1 …; the latter get no mail before they are idle."""
    return [f"{kind}{n}@{domain}" for kind in ("user", "idle") for n in range(1, count + 1)]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(*command):
    """What it says goes into a file: a daemon may keep its output open for ever."""
    with tempfile.TemporaryFile(mode="w+") as output:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=60)
        if done.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{command[0]}: exit {done.returncode}\n{output.read()}")


def pid_in(path):
    """Of a daemon that has just been started."""
    return int(host.wait_for(lambda: path.exists() and path.read_text().strip(), 20, f"a number in {path}"))


def stop(pid):
    """SIGTERM to a daemon that we started, and its end."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    host.wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 60, f"process {pid} to end")


class Maild:
    name = "Maild"
    drained = ()

    def __init__(self, folder, accounts, certificate):
        self.accounts, self.machine = accounts, None

    def start(self):
        if self.machine is None:
            self.machine = host.Host()
            if self.accounts:
                self.add_accounts(addresses(self.accounts))
        else:
            self.machine.start()
        self.await_ports()

    def add_accounts(self, names):
        table = self.machine.root / "accounts.csv"
        table.write_text("".join(f"{address},{password_hash()},\n" for address in names))
        self.machine.mailctl("account", "import", str(table))

    def await_ports(self):
        self.ports = {name: self.machine.port(standard) for name, standard in
                      {"lmtp": 24, "smtp": 25, "imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}.items()}
        for port in self.ports.values():
            host.wait_for(lambda port=port: answers(port), 20, f"Maild at port {port}")

    def roots(self):
        return [self.machine.supervisor()]

    def stop(self):
        self.machine.stop()

    def close(self):
        if self.machine is not None:
            self.machine.close()


dovecot_configuration = """
protocols = imap pop3 lmtp
listen = 127.0.0.1
instance_name = bench
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain
auth_cache_size = 16 M
first_valid_uid = {uid}
mail_location = sdbox:~/sdbox
mail_fsync = optimized
mail_max_userip_connections = 0
default_vsz_limit = 0
default_client_limit = 50000
default_process_limit = 200
passdb {{
  driver = passwd-file
  args = {folder}/accounts
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={folder}/mail/%n
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
service imap {{
  service_count = 1000
  process_min_avail = 4
  process_limit = 6000
}}
service pop3 {{
  service_count = 1000
  process_min_avail = 2
}}
service lmtp {{
  process_min_avail = 4
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
"""


class Dovecot:
    """Its processes are kept for the next session (service_count), as its manual has it for speed."""
    name = "Dovecot"
    drained = ()

    def __init__(self, folder, accounts, certificate):
        self.folder, self.pid, self.watches = pathlib.Path(folder) / "dovecot", None, ManyWatches()
        for part in ("run", "state", "mail"):
            (self.folder / part).mkdir(parents=True)
        os.chown(self.folder / "mail", mail_uid, mail_uid)
        (self.folder / "accounts").write_text("".join(f"{address}:{password_hash()}\n" for address in addresses(accounts)))
        names = ("lmtp", "imap", "imaps", "pop3", "pop3s")
        self.ports = dict(zip(names, free_ports(len(names))))
        self.configuration = self.folder / "dovecot.conf"
        self.configuration.write_text(dovecot_configuration.format(
            folder=self.folder, certificate=certificate[0], key=certificate[1], uid=mail_uid, **self.ports))

    def start(self):
        self.watches.allow()
        run("dovecot", "-c", self.configuration)
        self.pid = pid_in(self.folder / "run/master.pid")
        for port in self.ports.values():
            host.wait_for(lambda port=port: answers(port), 20, f"Dovecot at port {port}")

    def roots(self):
        return [self.pid]

    def stop(self):
        if self.pid is not None:
            stop(self.pid)
            self.pid = None

    def close(self):
        self.stop()
        self.watches.put_back()


class ManyWatches:
    """Each imap process of Dovecot's takes an inotify instance for IDLE; the kernel's limit is raised and put back."""
    limit, wanted = pathlib.Path("/proc/sys/fs/inotify/max_user_instances"), 8192

    def __init__(self):
        self.before = None

    def allow(self):
        before = int(self.limit.read_text())
        if before < self.wanted:
            self.before = before
            self.limit.write_text(str(self.wanted))

    def put_back(self):
        if self.before is not None:
            self.limit.write_text(str(self.before))
            self.before = None


postfix_configuration = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
multi_instance_name = postfix-bench
multi_instance_enable = yes
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.{domain}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
alias_maps =
alias_database =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions =
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtpd_tls_security_level = may
smtpd_tls_chain_files = {key}, {certificate}
smtpd_client_connection_count_limit = 0
default_process_limit = 200
in_flow_delay = 0
"""
postfix_services = """
127.0.0.1:{smtp} inet n - n - - smtpd
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
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class PostfixAndDovecot:
    """Postfix takes mail in and hands it to Dovecot by LMTP; both are charged."""
    name = "Postfix + Dovecot"

    def __init__(self, folder, dovecot, certificate):
        self.folder, self.dovecot, self.pid = pathlib.Path(folder) / "postfix", dovecot, None
        for part in ("etc", "queue", "data"):
            (self.folder / part).mkdir(parents=True)
        shutil.chown(self.folder / "data", "postfix")
        self.ports = {"smtp": free_ports(1)[0]}
        values = {"folder": self.folder, "domain": domain, "certificate": certificate[0], "key": certificate[1],
                  "lmtp": dovecot.ports["lmtp"], **self.ports}
        (self.folder / "etc/main.cf").write_text(postfix_configuration.format(**values))
        (self.folder / "etc/master.cf").write_text(postfix_services.format(**values))
        self.drained = tuple(str(self.folder / "queue" / part) for part in ("maildrop", "incoming", "active", "deferred"))

    def start(self):
        run("postfix", "-c", self.folder / "etc", "start")
        self.pid = pid_in(self.folder / "queue/pid/master.pid")
        host.wait_for(lambda: answers(self.ports["smtp"]), 20, "Postfix")

    def roots(self):
        return [self.pid, *self.dovecot.roots()]

    def stop(self):
        if self.pid is not None:
            stop(self.pid)
            self.pid = None

    close = stop


def make_certificate(folder):
    """ECDSA P-256, as Maild makes for itself; certificate and key."""
    certificate, key = pathlib.Path(folder) / "certificate.pem", pathlib.Path(folder) / "key.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
        "-subj", f"/CN=mail.{domain}", "-keyout", key, "-out", certificate)
    return certificate, key
