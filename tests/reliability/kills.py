#!/usr/bin/env python3
"""Each role is killed at each of its system calls that can matter: at the k-th one of a scripted run, for every k until a run
ends without a kill. Afterwards the role is back by itself, what was acknowledged is there and equal, and what was not is
wholly there or not at all (DESIGN 1).

    kills.py [--all] [--role ROLE…] [--kills N] [--seed S]    without --all: N kills at seeded places"""
import argparse
import os
import random
import signal
import sqlite3
import sys
import time

import ledger
import tracing
from tracing import host

# The calls that another process, a peer or the disk can see.
CALLS = {"store": "write,pwrite64,pwritev,fdatasync,fsync,ftruncate,unlink,rename,sendmsg",
         "worker": "sendmsg,sendto,write",
         "auth": "sendmsg,write,pwrite64,fdatasync",
         "control": "sendmsg,sendto,write",
         "supervisor": "sendmsg,write,openat,close,clone,clone3,vfork"}
SHARE = {"store": 0.4, "worker": 0.25, "auth": 0.15, "control": 0.08, "supervisor": 0.12}
DEATHS_IN_A_ROW = 4   # a fifth within ten seconds is a crash loop, and the supervisor waits
BACK_WITHIN = 5.0     # seconds


class Matrix:
    def __init__(self):
        self.machine = host.Host()
        ledger.prepare(self.machine)
        self.ledger, self.number, self.deaths, self.slowest = ledger.Ledger(self.machine), 0, {}, 0.0

    def pid_of(self, role):
        return self.machine.supervisor() if role == "supervisor" else self.machine.pids(role)[0]

    def run(self, role, pid):
        """One scripted run. The supervisor has no part in it: it is given a reload and a process to replace."""
        self.number += 1
        run = ledger.Run(self.machine, self.number)
        syncs = self.syncs() if role == "store" else 0
        if role == "supervisor":
            control = self.machine.pids("control")[0]
            os.kill(self.machine.supervisor(), signal.SIGHUP)
            os.kill(control, signal.SIGKILL)
        done = run.go()
        if done and role == "store":
            # One that died before the first question or behind the last answer counts from nought again.
            host.wait_for(lambda: tracing.is_gone(pid) or self.syncs() >= syncs + 2, 10, "the checkpoint after the run")
        return run

    def syncs(self):
        try:
            return self.machine.status()["store"]["syncs"]
        except (AssertionError, KeyError, TypeError):
            return sys.maxsize   # killed in the checkpoint: nothing to wait for

    def count(self, role):
        pid = self.pid_of(role)
        with tracing.Tracer(pid, CALLS[role]) as tracer:
            run = self.run(role, pid)
            calls = tracer.calls_of_busiest_thread()
        self.ledger.check(run)
        if run.why:
            raise AssertionError(f"no run without a fault: {run.why}")
        return calls

    def kill(self, role, k):
        """Whether the k-th call came, and the role died there."""
        self.rest(role)
        pid = self.pid_of(role)
        with tracing.killing(pid, CALLS[role], k):
            try:
                run = self.run(role, pid)
            except ledger.Faulty as fault:
                self.ledger.faults.append(f"{role} at call {k}: {fault}")
                run = None
            if run is None or run.why:   # a connection is cut a moment before its process is gone
                tracing.wait_until_gone(pid, 5)
        died, began = tracing.is_gone(pid), time.monotonic()
        if died:
            self.deaths.setdefault(role, []).append(began)
        if died and role == "supervisor":
            self.machine.start()   # what a service manager does
        host.wait_for(lambda: ledger.is_whole(self.machine) and (not died or self.pid_of(role) != pid), 40,
                      f"{role} to be back after its call {k}")
        self.slowest = max(self.slowest, time.monotonic() - began)
        if died and time.monotonic() - began > BACK_WITHIN and role != "supervisor":
            self.ledger.faults.append(f"{role} at call {k}: back only after {time.monotonic() - began:.1f} s")
        if run:
            self.ledger.check(run)
            if run.why and not died:
                self.ledger.faults.append(f"{role} lived at call {k}, and yet: {run.why}")
        return died

    def rest(self, role):
        """Before a fifth death in a short time, everything begins anew instead."""
        victim = "control" if role == "supervisor" else role
        recent = [at for at in self.deaths.get(victim, []) if time.monotonic() - at < 12]
        if len(recent) >= DEATHS_IN_A_ROW or (role == "supervisor" and len(recent) >= DEATHS_IN_A_ROW - 1):
            self.machine.stop()
            self.machine.start()
            self.deaths = {}
        if role == "supervisor":
            self.deaths.setdefault("control", []).append(time.monotonic())

    def finish(self):
        """All of it once more, and the databases by SQLite's own check."""
        self.ledger.check_everything()
        self.machine.stop()
        for path in (self.machine.root / "var/lib").rglob("*.db"):
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                for check in ("integrity_check", "foreign_key_check"):
                    rows = database.execute(f"PRAGMA {check}").fetchall()
                    if rows not in ([("ok",)], []):
                        self.ledger.faults.append(f"{path.name}: {check}: {rows[:3]}")
        return self.ledger.faults


def every(matrix, roles):
    for role in roles:
        k = missed = 0
        while missed < 3:   # which calls fall into which commit differs from run to run
            k += 1
            missed = 0 if matrix.kill(role, k) else missed + 1
        print(f"{role}: killed at {k - missed} calls, {len(matrix.ledger.faults)} faults so far", flush=True)


def sample(matrix, roles, kills, randomness):
    plan = []
    for role in roles:
        calls = matrix.count(role)
        wanted = max(1, round(kills * SHARE[role] / sum(SHARE[each] for each in roles)))
        places = randomness.sample(range(1, calls + 1), min(wanted, calls))
        plan += [(role, k) for k in places]
        print(f"{role}: {len(places)} of {calls} calls")
    randomness.shuffle(plan)
    died = sum(matrix.kill(role, k) for role, k in plan)
    print(f"{died} of {len(plan)} planned kills came")
    if died < len(plan) / 2:
        matrix.ledger.faults.append("too few kills came: the test tests nothing")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--role", nargs="*", default=list(CALLS), choices=list(CALLS))
    parser.add_argument("--kills", type=int, default=32)
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
    faults = matrix.finish()
    print("\n".join(faults) or f"seed {options.seed}: {matrix.number} runs in {time.monotonic() - began:.0f} s, nothing lost, altered, "
          f"doubled or halved; back after {matrix.slowest:.1f} s at most")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
