#!/usr/bin/env python3
"""The walls around each role, tried from inside the real processes: whatever a role must not do kills it or is refused, and
it is replaced. And what must not be in a worker's memory is not there: key bytes after a thousand TLS handshakes, password
hashes after logins."""
import base64
import errno
import imaplib
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import unittest

import host
import intruder
import sasl

ROLES = ("worker", "auth", "store", "control", "oauth", "resolver", "trace", "sender")
FILES = {"auth", "store", "trace"}   # roles that may open some
KILLED, REFUSED, ABSENT, ALLOWED = "killed", "refused", "absent", "allowed"
AT_FDCWD, SIGKILL = -100, int(signal.SIGKILL)
ADDRESS = b"\x02\0\0\x19\x7f\0\0\x01" + bytes(8)   # 127.0.0.1:25
MSG_FASTOPEN, SIGCHLD, PROT_RX, MAP_ANONYMOUS = 0x20000000, int(signal.SIGCHLD), 5, 0x22


def attempts(machine, role, pids):
    """Name, expectation, system call and arguments. `pids` has a process of each role, and the supervisor's."""
    other = pids["store" if role == "auth" else "auth"]
    data = str(machine.root / "var/lib").encode()
    connects = role in ("oauth", "resolver", "sender")   # IP sockets of its own; files to be read, of which Landlock leaves five
    file = REFUSED if role in FILES or connects else KILLED
    own = {"auth": data + b"/directory/directory.db", "store": data + b"/shard/00/meta.db", "trace": data + b"/trace"}
    alien = own["store" if role == "auth" else "auth"]
    yield "open /etc/passwd", file, 257, AT_FDCWD, b"/etc/passwd", 0
    yield "open what belongs to another role", file, 257, AT_FDCWD, alien, 0
    yield "open another role's memory", file, 257, AT_FDCWD, f"/proc/{other}/mem".encode(), 0 if connects else 2
    if role in FILES:
        yield "open what it keeps", ALLOWED, 257, AT_FDCWD, own[role], 0
        yield "make a file beside its directory", REFUSED, 257, AT_FDCWD, data + b"/new", 0o102, 0o600
    if connects:
        yield "open to write", KILLED, 257, AT_FDCWD, b"/etc/hosts", 2
        yield "open what says where names are found", REFUSED if role == "sender" else ALLOWED, 257, AT_FDCWD, b"/etc/hosts", 0
        yield "packet socket", KILLED, 41, 17, 3, 0
    yield "socket", ALLOWED if connects else KILLED, 41, 2, 1, 0
    if not connects:
        yield "connect", KILLED, 42, 0, ADDRESS, 16
    if role != "resolver":   # UDP from a port of its own choice
        yield "bind", KILLED, 49, 0, ADDRESS, 16
    yield "listen", KILLED, 50, 0, 16
    yield "connect by TCP fast open", KILLED, 44, 0, b"x", 1, MSG_FASTOPEN, ADDRESS, 16
    yield "make a listener deaf", KILLED, 48, 0, socket.SHUT_RDWR
    yield "execve", KILLED, 59, b"/bin/true", 0, 0
    yield "fork", KILLED, 57
    yield "clone a process", KILLED, 56, SIGCHLD, 0, 0, 0, 0
    yield "clone3", ABSENT, 435, bytes(88), 88
    yield "ptrace", KILLED, 101, intruder.ATTACH, other, 0, 0
    yield "process_vm_readv", KILLED, 310, other, bytes(16), 1, bytes(16), 1, 0
    yield "pidfd_open", KILLED, 434, pids["supervisor"], 0
    yield "kill the supervisor", KILLED, 62, pids["supervisor"], SIGKILL
    yield "tgkill another role", KILLED, 234, other, other, SIGKILL
    yield "executable memory", KILLED, 9, 0, 4096, PROT_RX, MAP_ANONYMOUS, -1, 0
    yield "make memory executable", KILLED, 10, 0, 4096, PROT_RX
    yield "core files again", KILLED, 302, 0, 4, bytes(16), 0
    yield "dumpable again", KILLED, 157, 4, 1, 0, 0, 0
    yield "setuid", KILLED, 105, 0
    yield "io_uring_setup", KILLED, 425, 1, bytes(120)
    yield "mount", KILLED, 165, b"a", b"b", b"c", 0, 0
    yield "bpf", KILLED, 321, 0, 0, 0
    yield "unshare", KILLED, 272, 0x10000000
    yield "ioctl of a terminal", KILLED, 16, 0, 0x5412, b"x"


def outcome(pid, number, arguments):
    try:
        with intruder.Intruder(pid) as process:
            result = process.call(number, *arguments)
            if result >= 0:
                process.call(3, result)
                return ALLOWED
            return ABSENT if result == -errno.ENOSYS else REFUSED if result == -errno.EACCES else f"error {-result}"
    except intruder.Killed as end:
        return KILLED if end.signal == signal.SIGSYS else str(end)


@unittest.skipIf(intruder.missing(), intruder.missing())
class Walls(host.HostTest):
    kind = host.SendingHost

    def setUp(self):
        path = self.host.root / "etc/maild.toml"
        if "[pool]" not in path.read_text():
            secret = self.host.root / "etc/oauth.secret"
            secret.write_text("secret")
            secret.chmod(0o600)
            path.write_text(path.read_text() + "\n[pool]\nworkers = 1\n[oauth]\nintrospection = \"http://127.0.0.1:9/\"\nclient_id = \"maild\"\n"
                            f"client_secret_file = \"{secret}\"\n")
            self.renew()

    def renew(self):
        """Everything anew, so that no role is taken for one that keeps dying."""
        self.host.stop()
        self.host.start()

    def pids(self):
        def ready():
            try:
                processes = self.host.status()["processes"]
            except AssertionError:
                return None
            return {p["role"].split()[0]: p["pid"] for p in processes} if all(p["state"] == "ready" for p in processes) else None
        return {**host.wait_for(ready, 20, "all roles"), "supervisor": self.host.supervisor()}

    def test_what_no_role_may(self):
        # One attempt of each role in turn, so that many fit into one life of the daemon.
        deaths = tried = step = 0
        while True:
            if deaths >= 4:
                self.renew()
                deaths = 0
            pids, killed = self.pids(), []
            plans = {role: plan[step] for role in ROLES if step < len(plan := list(attempts(self.host, role, pids)))}
            for role, (name, wanted, number, *arguments) in plans.items():
                got = outcome(pids[role], number, arguments)
                self.assertEqual(got, wanted, f"{role}: {name}")
                killed += [role] if got == KILLED else []
            if not plans:
                break
            host.wait_for(lambda: all(self.pids()[role] != pids[role] for role in killed), 20, f"{killed} to be replaced")
            self.assertEqual(self.host.supervisor(), pids["supervisor"])
            deaths, tried, step = deaths + bool(killed), tried + len(plans), step + 1
        print(f"{tried} attempts by {len(ROLES)} roles", flush=True)

    def test_no_core_files_and_nobody_looks_in(self):
        for role, pid in self.pids().items():
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ", role)
            # A process that is not dumpable belongs to root in /proc; the supervisor's is root's anyway.
            self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0, role)
        user = os.stat(self.host.root / "var/lib/shard").st_uid
        pid = self.pids()["store"]
        looked = subprocess.run(["setpriv", f"--reuid={user}", "--clear-groups", "cat", f"/proc/{pid}/environ"], capture_output=True)
        self.assertNotEqual(looked.returncode, 0, "the store's own user reads the store's memory")

    def test_refused_roles_still_serve(self):
        pids = self.pids()
        for role in FILES:
            self.assertEqual(outcome(pids[role], 257, (AT_FDCWD, b"/etc/passwd", 0)), REFUSED)
        client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls())
        client.login(self.host.address, self.host.password)
        client.logout()
        self.assertEqual(self.pids(), pids)


@unittest.skipIf(intruder.missing(), intruder.missing())
class Secrets(host.HostTest):
    def handshakes(self, count):
        for _ in range(count):
            with socket.create_connection(("127.0.0.1", self.host.port(993)), timeout=10) as plain:
                host.insecure_tls().wrap_socket(plain).close()

    def key_bytes(self):
        """The private scalar, as files have it and as OpenSSL's numbers lie in memory, and the middle of the DER form."""
        path = next(path for path in (self.host.root / "var/lib/tls").iterdir() if b"PRIVATE KEY" in path.read_bytes())
        text = subprocess.run(["openssl", "pkey", "-in", path, "-noout", "-text"], capture_output=True, text=True, check=True).stdout
        scalar = bytes.fromhex("".join(text.split("priv:")[1].split("pub:")[0].split()).replace(":", ""))[-32:]
        der = subprocess.run(["openssl", "pkey", "-in", path, "-outform", "DER"], capture_output=True, check=True).stdout
        return {scalar, scalar[::-1], der[:64], path.read_bytes()[40:100]}

    def test_key_bytes_are_in_auth_alone(self):
        self.handshakes(1000)
        needles = self.key_bytes()
        for process in self.host.status()["processes"]:
            found = intruder.find_in_memory(process["pid"], needles)
            if process["role"] == "auth":
                self.assertTrue(found, "the search finds nothing where the key is: it proves nothing")
            else:
                self.assertFalse(found, process["role"])

    def test_password_hashes_are_in_auth_alone(self):
        for _ in range(50):
            client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls())
            client.login(self.host.address, self.host.password)
            client.logout()
            line = sasl.Line(self, "imap", 993)
            self.assertTrue(line.is_success(sasl.scram(line, "SCRAM-SHA-256", self.host.address, self.host.password)[0]))
            line.close()
        copy = self.host.root / "copy"   # auth holds the lock of its own
        shutil.copytree(self.host.root / "var/lib/directory", copy)
        with sqlite3.connect(copy / "directory.db") as database:
            hashes = {row[0].rsplit("$", 1)[1].encode() for row in database.execute("SELECT hash FROM credential WHERE hash != ''")}
            for column in ("scram", "scram_sha1"):   # SCRAM-SHA-256$4096:salt$StoredKey:ServerKey, also as octets
                for (keys,) in database.execute(f"SELECT {column} FROM credential WHERE {column} != ''"):
                    stored, server = keys.rsplit("$", 1)[1].split(":")
                    hashes |= {stored.encode(), server.encode(), base64.b64decode(stored), base64.b64decode(server)}
        self.assertGreater(len(hashes), 8)
        for process in self.host.status()["processes"]:
            found = intruder.find_in_memory(process["pid"], hashes)
            self.assertEqual(bool(found), process["role"] == "auth", process["role"])


if __name__ == "__main__":
    host.main()
