#!/usr/bin/env python3
"""Processes that hang, starve or keep dying, signals in storms, a log that goes away: the host goes on, and says so."""
import os
import pathlib
import signal
import smtplib
import socket
import subprocess
import threading
import time

import tracing
from tracing import host

HUNG_AT_MOST = 45   # seconds: a heartbeat every ten, missing for thirty
HANDS = 6           # senders at once
DESCRIPTORS = 64    # of a starved process


def ticks(pid):
    """Of the processor's time."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


class Roles(host.HostTest):
    def greeting(self, timeout=10):
        with socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=timeout) as client:
            return client.makefile("rb").readline()

    def send(self, subject):
        with smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="roles.example", timeout=30) as client:
            return client.sendmail("bob@roles.example", [self.host.address], host.message(subject))

    def is_taken(self, subject):
        try:
            return self.send(subject) == {}
        except smtplib.SMTPRecipientsRefused:   # 451: whoever knows the addresses is not back yet
            return False

    def test_a_hung_worker_is_replaced(self):
        hung, other = self.host.pids("worker")
        os.kill(hung, signal.SIGSTOP)
        began = time.monotonic()
        host.wait_for(lambda: tracing.is_gone(hung), HUNG_AT_MOST, "the watchdog")
        self.assertIn('why="no heartbeat for 30 s"', self.host.log())
        host.wait_for(lambda: other in (now := self.host.pids("worker")) and hung not in now and 0 not in now, 10, "a new worker")
        print(f"replaced after {time.monotonic() - began:.0f} s", flush=True)

    def kill_auth(self):
        """The process that was killed; none while auth is away, which the status may not say yet."""
        victim = next(iter(self.host.pids("auth")))
        try:
            os.kill(victim, signal.SIGKILL) if victim else None
        except ProcessLookupError:
            return None
        return victim

    def test_a_crash_loop_waits_and_the_others_serve(self):
        delays = []
        for _ in range(7):
            victim = host.wait_for(self.kill_auth, 20, "auth to kill")
            host.wait_for(lambda: f"role_pid={victim} how=" in self.host.log(), 10, "its end in the log")
            ended = next(line for line in self.host.log().splitlines() if f"role_pid={victim} how=" in line)
            delays.append(int(ended.rsplit("restart_in_ms=", 1)[1]))
            self.assertTrue(self.greeting().startswith(b"220 "), "workers serve while auth is away")
        self.assertEqual(delays[:4], [0, 0, 0, 0])
        self.assertEqual(delays[4:], [1000, 2000, 4000])
        host.wait_for(lambda: self.is_taken("after the crash loop"), 20, "mail to be taken again")

    def test_a_log_that_was_deleted_comes_back(self):
        log = self.host.root / "var/log/maild.log"
        log.unlink()
        self.send("into the void")
        os.kill(self.host.supervisor(), signal.SIGUSR1)
        host.wait_for(log.exists, 10, "a new log")
        self.send("written down")
        host.wait_for(lambda: "smtp_message_accepted" in self.host.log(), 10, "the next line")

    def test_a_storm_of_reloads(self):
        pids = sorted(p["pid"] for p in self.host.status()["processes"])
        with smtplib.SMTP("127.0.0.1", self.host.port(25), timeout=60) as client:
            client.ehlo("roles.example")
            for number in range(1000):
                os.kill(self.host.supervisor(), signal.SIGHUP)
                if number % 50 == 0:
                    self.assertEqual(client.noop()[0], 250, "the session outlives every reload")
        self.send("after the storm")
        self.assertEqual(sorted(p["pid"] for p in self.host.status()["processes"]), pids)


class Starved(host.HostTest):
    """Fewer descriptors than connections."""

    def test_no_descriptors_left(self):
        self.host.stop()
        subprocess.run(["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", self.host.root / "bin/maild"], check=True)
        workers = self.host.pids("worker")
        clients = [socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=10) for _ in range(2 * DESCRIPTORS)]
        served = sum(map(self.is_served, clients))
        self.assertGreater(served, 4)
        self.assertLess(served, 2 * DESCRIPTORS - 4, "all were served: nothing was short")
        before = sum(map(ticks, workers))
        time.sleep(2)   # the time in which a loop that spins on EMFILE would show
        self.assertLess(sum(map(ticks, workers)) - before, os.sysconf("SC_CLK_TCK"), "waits, and does not spin")
        for client in clients:
            client.close()

        def greeted():
            with socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=10) as client:
                return client.makefile("rb").readline().startswith(b"220 ")
        host.wait_for(greeted, 10, "service again")
        self.assertEqual(self.host.pids("worker"), workers, "by the same processes")
        print(f"{served} of {len(clients)} connections served", flush=True)

    @staticmethod
    def is_served(client):
        client.settimeout(0.3)
        try:
            return client.recv(4).startswith(b"220")
        except OSError:
            return False


class Stopping(host.HostTest):
    def attempt(self, subject):
        """What came of it. A connection that nobody greeted was owed nothing; behind the greeting each command is owed a reply."""
        try:
            client = smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="roles.example", timeout=60)
        except smtplib.SMTPConnectError as told:
            return str(told.smtp_code)
        except ConnectionRefusedError:
            return "refused"
        except (smtplib.SMTPServerDisconnected, OSError):
            return "not greeted"
        try:
            code, _ = client.ehlo()   # here, for sendmail would answer a 421 to EHLO with HELO and take the end for a reply that was owed
            if code != 250:
                return str(code)
            client.sendmail("bob@roles.example", [self.host.address], host.message(subject))
            return "accepted"
        except smtplib.SMTPResponseException as told:
            return str(told.smtp_code)
        except smtplib.SMTPRecipientsRefused as told:
            return str(next(iter(told.recipients.values()))[0])
        except (smtplib.SMTPServerDisconnected, OSError) as cut:
            return f"cut: {cut}"
        finally:
            client.close()

    def sender(self, stop, results):
        while not stop.is_set() and (not results or results[-1] != "refused"):
            results.append(self.attempt(f"load {len(results)}"))

    def test_term_under_load_drops_no_reply(self):
        stop, results = threading.Event(), []
        senders = [threading.Thread(target=self.sender, args=(stop, results)) for _ in range(HANDS)]
        for sender in senders:
            sender.start()
        host.wait_for(lambda: results.count("accepted") > 100, 60, "load")
        pid = self.host.supervisor()
        os.kill(pid, signal.SIGTERM)
        host.wait_for(lambda: tracing.is_gone(pid), 60, "the end")
        stop.set()
        for sender in senders:
            sender.join()
        self.host.start()
        stored = self.host.status()["store"]["messages_stored"]
        print(f"{results.count('accepted')} accepted, {stored} stored, {len(results) - results.count('accepted')} told to wait: "
              f"{sorted(set(results) - {'accepted'})}", flush=True)
        self.assertEqual(stored, results.count("accepted"), "each of them was told")
        self.assertLessEqual(set(results), {"accepted", "421", "451", "not greeted", "refused"})


if __name__ == "__main__":
    host.main()
