"""A real Maild for one test: installed under a temporary directory, on loopback, with ports of its own. As root it has
its own users, as an ordinary user it runs as that user; both ways are to work."""
import atexit
import fcntl
import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import termios
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MAILD_BUILD", TOP / "build"))
STANDARD = (25, 24, 587, 465, 143, 993, 110, 995)


def free_base():
    """A port base of which every standard port is free."""
    for _ in range(200):
        base = random.randrange(20000, 60000, 50)
        try:
            for port in STANDARD:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", base + port))
            return base
        except OSError:
            continue
    raise RuntimeError("no free ports")


def wait_for(condition, seconds=10, what="condition"):
    """Polls a condition; its value once it is true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.02)


class Host:
    """`place`: a network.Namespace that it lives in, with the standard ports."""
    sends = False   # mail for others is held: this machine's DNS and the Internet are no part of a test

    def __init__(self, domain="example.org", admin="ada", password="correct horse", place=None):
        self.place = place
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="maild-system-"))
        os.chmod(self.root, 0o755)
        atexit.register(self.close)
        self.base, self.domain, self.password = 0 if place else free_base(), domain, password
        self.address = f"{admin}@{domain}"
        if os.geteuid() == 0:
            subprocess.run([TOP / "conf/create-users"], check=True)
        self.prepare()
        (self.root / "bin").mkdir()
        for program in ("maild", "mailctl", "sendmail"):
            if program == "sendmail" and not (BUILD / program).exists():
                continue   # only some tests want it
            self._install(BUILD / program, self.root / "bin" / program)
        self.mailctl("setup", "init", "--domain", domain, "--host", f"mail.{domain}", "--admin", admin, "--root", str(self.root),
                     "--port-base", str(self.base), "--password-stdin", stdin=password + "\n")
        if not self.sends:
            path = self.root / "etc/maild.toml"
            path.write_text(path.read_text() + "\n[queue]\nsending = \"off\"\n")
            self.mailctl("server", "reload")
            wait_for(lambda: all(p["role"] != "sender" for p in self.status()["processes"]), 20, "the sender to go")

    def prepare(self):
        """What a test wants under its root before it is set up: a disk of its own, say."""

    @staticmethod
    def _install(source, target):
        try:
            os.link(source, target)
        except OSError:   # another device, or another user's file (proc(5), protected_hardlinks)
            shutil.copy2(source, target)

    def in_place(self, *command):
        return self.place.command(*command) if self.place else list(command)

    def port(self, standard):
        return self.base + standard

    def mailctl(self, *arguments, stdin=None, exit_code=0, as_json=False):
        command = self.in_place(self.root / "bin/mailctl", *(["--json"] if as_json else []), *arguments)
        run = subprocess.run(command, input=stdin if stdin is not None else "", capture_output=True, text=True, timeout=300)
        if run.returncode != exit_code:
            raise AssertionError(f"{' '.join(map(str, command))}: exit {run.returncode}\n{run.stdout}{run.stderr}\n{self.log_tail()}")
        return json.loads(run.stdout)["result"] if as_json else run.stdout

    def status(self):
        return self.mailctl("server", "status", as_json=True)

    def add_account(self, address, password):
        self.mailctl("account", "add", address, "--password-stdin", stdin=password + "\n")

    def configure(self, old, new):
        """One place of the configuration file by another, in force at once."""
        path = self.root / "etc/maild.toml"
        text = path.read_text()
        assert old in text, old
        path.write_text(text.replace(old, new))
        self.mailctl("server", "reload")

    def supervisor(self):
        return int((self.root / "run/maild.pid").read_text().split()[0])

    def pids(self, role):
        return [p["pid"] for p in self.status()["processes"] if p["role"].split()[0] == role]

    def start(self):
        run = subprocess.run(self.in_place(self.root / "bin/maild"), capture_output=True, text=True, timeout=60)
        if run.returncode != 0:
            raise AssertionError(f"maild: exit {run.returncode}\n{run.stdout}{run.stderr}{self.log_tail()}")

    def log(self):
        path = self.root / "var/log/maild.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def log_tail(self):
        return "\n".join(self.log().splitlines()[-30:])

    def stop(self):
        """SIGTERM to the supervisor, and wait until it is gone."""
        try:
            pid = self.supervisor()
            os.kill(pid, signal.SIGTERM)
        except (OSError, ValueError, IndexError):
            return
        wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 40, "the daemon to stop")

    def close(self):
        if self.root.exists():
            self.stop()
            shutil.rmtree(self.root, ignore_errors=True)


class SendingHost(Host):
    """With every role that a fresh host has."""
    sends = True


def insecure_tls():
    """The trial's certificate is self-signed and names the host: tests check the way, not the name."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def message(subject="hello", body="Hello.\r\n", message_id=None, sender="bob@client.example"):
    message_id = message_id or f"<{random.getrandbits(64):x}@client.example>"
    return (f"From: Bob <{sender}>\r\nTo: <ada@example.org>\r\nSubject: {subject}\r\n"
            f"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\nMessage-ID: {message_id}\r\n\r\n{body}").encode()


def run_client(*command, stdin=None, env=None, exit_code=0, cwd=None):
    run = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, timeout=120, cwd=cwd,
                         env={**os.environ, **(env or {})})
    if run.returncode != exit_code:
        raise AssertionError(f"{command[0]}: exit {run.returncode}\n{run.stdout.decode(errors='replace')}\n{run.stderr.decode(errors='replace')}")
    return run.stdout


def type_into(command, steps, home):
    """A program with a screen of its own: what has to appear on it, and what is typed then, step by step, until it ends."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, {**os.environ, "HOME": str(home), "TERM": "vt100"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    screen, steps, deadline = b"", list(steps), time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            octets = os.read(terminal, 65536) if select.select([terminal], [], [], 1)[0] else b""
        except OSError:   # it has closed its terminal
            break
        screen += octets.replace(b"\0", b"")
        if steps and re.search(steps[0][0], screen):
            os.write(terminal, steps.pop(0)[1])
            screen = b""
    if time.monotonic() >= deadline:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if steps or status != 0:
        raise AssertionError(f"{command[0]}: exit {status}, still to be typed: {steps}\n{screen.decode(errors='replace')}")


class HostTest(unittest.TestCase):
    """One host for all tests of a class."""
    maxDiff = None
    kind = Host

    @classmethod
    def setUpClass(cls):
        cls.host = cls.kind()

    @classmethod
    def tearDownClass(cls):
        cls.host.close()


def main():
    unittest.main(verbosity=2)
