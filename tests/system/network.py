"""Hosts with addresses and ports of their own on one machine: network namespaces on a common wire. Only root can make them,
and only where the kernel lets root do so."""
import atexit
import ctypes
import itertools
import os
import shutil
import subprocess

CLONE_NEWNET = 0x40000000   # setns(2)
numbers = itertools.count()

# Files of the machine that a namespace sees otherwise: pairs of source and target, then "--" and the command.
BIND = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 77; shift 2; done; shift; exec "$@"'


def run(*words, timeout=60):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def missing():
    """What keeps this machine from it, in words; empty: nothing."""
    if os.geteuid() != 0:
        return "network namespaces are made by root alone"
    if not shutil.which("ip"):
        return "no iproute2"
    try:
        trial = Network()
        try:
            trial.add("a", "10.90.255.254").run("sh", "-c", "exit 0", files={"/dev/null": "/etc/resolv.conf"})
        finally:
            trial.close()
    except AssertionError as error:
        return f"network namespaces are not permitted here: {str(error).splitlines()[-1]}"
    return ""


class Namespace:
    def __init__(self, name, address):
        self.name, self.address, self.files = name, address, {}   # files: source → target, for what runs in it

    def command(self, *words, files=None):
        pairs = [str(path) for pair in {**self.files, **(files or {})}.items() for path in pair]
        return ["ip", "netns", "exec", self.name, "sh", "-c", BIND, "sh", *pairs, "--", *map(str, words)]

    def __enter__(self):
        """What this thread opens inside belongs to the namespace."""
        self.outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.move(os.open(f"/run/netns/{self.name}", os.O_RDONLY))
        return self

    def __exit__(self, *what):
        self.move(self.outside)

    @staticmethod
    def move(descriptor):
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            if libc.setns(descriptor, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(descriptor)

    def run(self, *words, files=None, timeout=60):
        return run(*self.command(*words, files=files), timeout=timeout)

    def popen(self, *words, **options):
        return subprocess.Popen(self.command(*words), **{"stdin": subprocess.DEVNULL, **options})

    def answer_for(self, network):
        """Every address of the network is one of its own."""
        self.run("ip", "route", "add", "local", network, "dev", "lo")

    def reach(self, network, through):
        self.run("ip", "route", "add", network, "via", through.address)


class Network:
    """One wire, 10.90.0.0/16, without a way out."""

    def __init__(self):
        self.prefix, self.names, self.count = f"maild{os.getpid()}-{next(numbers)}", [], 0
        atexit.register(self.close)
        self.wire = self.make("wire")
        run("ip", "-n", self.wire, "link", "add", "wire", "type", "bridge")
        run("ip", "-n", self.wire, "link", "set", "wire", "up")

    def make(self, name):
        full = f"{self.prefix}-{name}"
        run("ip", "netns", "add", full)
        self.names.append(full)
        run("ip", "-n", full, "link", "set", "lo", "up")
        return full

    def add(self, name, address):
        full, self.count = self.make(name), self.count + 1
        run("ip", "-n", full, "link", "add", "eth0", "type", "veth", "peer", "name", f"to{self.count}", "netns", self.wire)
        run("ip", "-n", self.wire, "link", "set", f"to{self.count}", "master", "wire", "up")
        run("ip", "-n", full, "address", "add", f"{address}/16", "dev", "eth0")
        run("ip", "-n", full, "link", "set", "eth0", "up")
        return Namespace(full, address)

    def close(self):
        while self.names:
            run("ip", "netns", "delete", self.names.pop())
