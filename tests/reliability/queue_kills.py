#!/usr/bin/env python3
"""Mail to another host while roles are killed at their system calls: what was acknowledged arrives, or its sender hears why not; nothing twice but what was in
flight when who knew of it died.

    queue_kills.py [--all] [--role ROLE…] [--kills N] [--seed S]    without --all: N kills at seeded places"""
import argparse
import collections
import imaplib
import random
import smtplib
import sys
import time

import tracing
from tracing import host

import smtp_peer   # noqa: E402  beside host
import zone

CALLS = {"sender": "sendmsg,sendto,write,writev,connect,recvmsg",
         "store": "write,pwrite64,pwritev,fdatasync,fsync,sendmsg",
         "worker": "sendmsg,sendto,write",
         "auth": "sendmsg,write"}
MAY_DOUBLE = {"sender"}   # it may die behind the final dot; the others' deaths leave it, and it knows
DEATHS_IN_A_ROW = 4


class Machine(host.SendingHost):
    pass


class Matrix:
    def __init__(self):
        self.peer = smtp_peer.SmtpPeer()
        self.zone = zone.Zone({"far.example": [("MX", "10 mx.far.example")], "mx.far.example": [("A", "127.0.0.1")], "plain.example": [("A", "127.0.0.1")]})
        self.peer.replies["nobody"] = "550 5.1.1 No such person"
        self.machine = Machine()
        path = self.machine.root / "etc/maild.toml"
        path.write_text(path.read_text() + f"\n[queue]\nport = {self.peer.port}\nloopback = \"allowed\"\nretry_first = \"10 s\"\n"
                        f"[dns]\nservers = [\"{self.zone.address}\"]\n[pool]\nworkers = 1\n")
        self.machine.stop()
        self.machine.start()
        host.wait_for(self.is_whole, 30, "every role")
        self.number, self.faults, self.doubled, self.deaths = 0, [], 0, collections.defaultdict(list)

    def is_whole(self):
        try:
            return all(p["state"] == "ready" for p in self.machine.status()["processes"])
        except AssertionError:
            return False

    def submit(self, tag):
        """The recipients whose message was acknowledged, each a message of its own."""
        taken = []
        for recipient in ("bob@far.example", "eve@plain.example", "nobody@far.example"):
            try:
                with smtplib.SMTP("127.0.0.1", self.machine.port(587), timeout=20) as client:
                    client.starttls(context=host.insecure_tls())
                    client.login(self.machine.address, self.machine.password)
                    client.sendmail(self.machine.address, [recipient], host.message(f"{tag} {recipient}", sender=self.machine.address))
                    taken.append(recipient)
            except (smtplib.SMTPException, OSError):
                pass
        return taken

    def run(self):
        self.number += 1
        tag = f"run{self.number}x"
        return tag, self.submit(tag)

    def queue(self):
        try:
            return self.machine.mailctl("queue", "list", as_json=True)["rows"]
        except AssertionError:
            return None

    def is_drained(self):
        rows = self.queue()
        if rows:
            try:
                self.machine.mailctl("queue", "retry", "--all")
            except AssertionError:
                pass
        return rows == []

    def reports(self, tag):
        with imaplib.IMAP4_SSL("127.0.0.1", self.machine.port(993), ssl_context=host.insecure_tls(), timeout=30) as client:
            client.login(self.machine.address, self.machine.password)
            client.select("INBOX", readonly=True)
            return len(client.search(None, "TEXT", f'"{tag}"', "HEADER", "Content-Type", "multipart/report")[1][0].split())

    def check(self, role, k, tag, taken):
        host.wait_for(self.is_whole, 40, f"{role} to be back after its call {k}")
        host.wait_for(self.is_drained, 60, f"an empty queue after {role} died at call {k}")
        arrived = collections.Counter(recipient for _, recipients, content in self.peer.taken if tag.encode() in content for recipient in recipients)
        for recipient in taken:
            if recipient.startswith("nobody"):
                told = self.reports(tag)
                if told == 0:
                    self.faults.append(f"{role} at call {k}: nobody was told that {recipient} was refused")
                self.doubled += max(told - 1, 0)
            elif arrived[recipient] == 0:
                self.faults.append(f"{role} at call {k}: the message for {recipient} is lost")
        for recipient, count in arrived.items():
            if count > 1:
                self.doubled += count - 1
                if role not in MAY_DOUBLE and recipient in taken:
                    self.faults.append(f"{role} at call {k}: {count} copies for {recipient}")

    def count(self, role):
        pid = self.machine.pids(role)[0]
        with tracing.Tracer(pid, CALLS[role]) as tracer:
            tag, taken = self.run()
            host.wait_for(self.is_drained, 60, "an empty queue")
            calls = tracer.calls_of_busiest_thread()
        self.check(role, 0, tag, taken)
        return calls

    def kill(self, role, k):
        self.rest(role)
        pid = self.machine.pids(role)[0]
        with tracing.killing(pid, CALLS[role], k):
            tag, taken = self.run()
            end = time.monotonic() + 15
            while time.monotonic() < end and not tracing.is_gone(pid) and not self.is_drained():
                time.sleep(0.05)
        died = tracing.is_gone(pid)
        if died:
            self.deaths[role].append(time.monotonic())
        self.check(role, k, tag, taken)
        return died

    def rest(self, role):
        """Before a fifth death in a short time, everything begins anew instead."""
        if len([at for at in self.deaths[role] if time.monotonic() - at < 12]) >= DEATHS_IN_A_ROW:
            self.machine.stop()
            self.machine.start()
            self.deaths.clear()
            host.wait_for(self.is_whole, 30, "every role")


def every(matrix, roles):
    for role in roles:
        k = missed = 0
        while missed < 3:
            k += 1
            missed = 0 if matrix.kill(role, k) else missed + 1
        print(f"{role}: killed at {k - missed} calls, {matrix.doubled} duplicates, {len(matrix.faults)} faults so far", flush=True)


def sample(matrix, roles, kills, randomness):
    plan = []
    for role in roles:
        calls = matrix.count(role)
        places = randomness.sample(range(1, calls + 1), min(max(1, kills // len(roles)), calls))
        plan += [(role, k) for k in places]
        print(f"{role}: {len(places)} of {calls} calls", flush=True)
    randomness.shuffle(plan)
    died = sum(matrix.kill(role, k) for role, k in plan)
    print(f"{died} of {len(plan)} planned kills came")
    if died < len(plan) / 2:
        matrix.faults.append("too few kills came: the test tests nothing")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--role", nargs="*", default=list(CALLS), choices=list(CALLS))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if tracing.missing():
        print(f"skipped: {tracing.missing()}")
        return tracing.SKIPPED
    matrix, began = Matrix(), time.monotonic()
    if options.all:
        every(matrix, options.role)
    else:
        sample(matrix, options.role, options.kills, random.Random(options.seed))
    print("\n".join(matrix.faults) or f"seed {options.seed}: {matrix.number} runs in {time.monotonic() - began:.0f} s, nothing lost, {matrix.doubled} duplicates")
    matrix.machine.close()
    return 1 if matrix.faults else 0


if __name__ == "__main__":
    sys.exit(main())
