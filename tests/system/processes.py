#!/usr/bin/env python3
"""What the processes are and may do: who runs as whom, detached from the terminal, without capabilities, sandboxed; what
happens at each signal; what is said of a wrong configuration."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import unittest

import host

USERS = {"worker": "maild-net", "auth": "maild-auth", "store": "maild-store", "control": "maild", "resolver": "maild-out", "trace": "maild", "sender": "maild-out"}


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


class Processes(host.HostTest):
    kind = host.SendingHost

    def all_pids(self):
        return {self.host.supervisor(): "supervisor", **{p["pid"]: p["role"] for p in self.host.status()["processes"]}}

    def test_roles_and_users(self):
        processes = self.host.status()["processes"]
        self.assertEqual(sorted({p["role"].split()[0] for p in processes}), ["auth", "control", "resolver", "sender", "store", "trace", "worker"])
        for process in processes:
            status = status_of(process["pid"])
            self.assertEqual(status["NoNewPrivs"], "1", process)
            self.assertEqual(status["Seccomp"], "2", process)
            for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(status[capabilities], 16), 0, (capabilities, process))
            if os.geteuid() == 0:
                self.assertEqual(process["user"], USERS[process["role"].split()[0]])
                self.assertNotIn("0", status["Uid"].split())
                self.assertNotIn("0", status["Gid"].split())
                self.assertLessEqual(set(status["Groups"].split()), {status["Gid"].split()[0]})

    def test_detached(self):
        supervisor = self.host.supervisor()
        for pid in self.all_pids():
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            session, terminal = int(stat[3]), int(stat[4])
            self.assertEqual(terminal, 0, "no controlling terminal")
            self.assertNotEqual(session, os.getsid(0))
            self.assertNotEqual(session, supervisor, "never a session leader")
            for fd in (0, 1, 2):
                self.assertEqual(os.readlink(f"/proc/{pid}/fd/{fd}"), "/dev/null", (pid, fd))
            self.assertNotEqual(os.readlink(f"/proc/{pid}/cwd"), os.getcwd())

    def test_second_start_says_who_runs(self):
        run = subprocess.run([self.host.root / "bin/maild"], capture_output=True, text=True, timeout=30)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(str(self.host.supervisor()), run.stderr)

    def test_hup_keeps_sessions(self):
        with socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=10) as client:
            stream = client.makefile("rwb")
            self.assertTrue(stream.readline().startswith(b"220 "))
            os.kill(self.host.supervisor(), signal.SIGHUP)
            host.wait_for(lambda: "reload" in self.host.log(), 10, "the reload in the log")
            stream.write(b"NOOP\r\n")
            stream.flush()
            self.assertTrue(stream.readline().startswith(b"250"))
        self.assertEqual(self.host.mailctl("server", "reload", as_json=True)["changed"], True)

    def test_broken_configuration_is_refused_and_the_old_one_stays(self):
        path = self.host.root / "etc/maild.toml"
        good, workers = path.read_text(), self.host.pids("worker")
        try:
            path.write_text(good + "\n[limits]\nconnectoins = 5\n" if "[limits]" not in good else good.replace("[limits]", "[limits]\nconnectoins = 5", 1))
            check = subprocess.run([self.host.root / "bin/maild", "--check"], capture_output=True, text=True, timeout=30)
            self.assertEqual(check.returncode, 78)
            self.assertRegex(check.stderr + check.stdout, r"maild\.toml:\d+")
            self.assertIn("connectoins", check.stderr + check.stdout)
            self.host.mailctl("server", "reload", exit_code=78)
            self.assertEqual(self.host.pids("worker"), workers)
            with socket.create_connection(("127.0.0.1", self.host.port(143)), timeout=5) as client:
                self.assertTrue(client.makefile("rb").readline().startswith(b"* OK"))
        finally:
            path.write_text(good)
        self.assertEqual(subprocess.run([self.host.root / "bin/maild", "--check"], capture_output=True, timeout=30).returncode, 0)

    def test_reload_changes_the_tls_mode_of_a_port_for_every_connection(self):
        path = self.host.root / "etc/maild.toml"
        good = path.read_text()
        port = f"port = {self.host.port(143)}\n"

        def offers_starttls():
            with socket.create_connection(("127.0.0.1", self.host.port(143)), timeout=5) as client:
                return b"STARTTLS" in client.makefile("rb").readline()
        try:
            self.assertTrue(offers_starttls())
            path.write_text(good.replace(port + 'tls = "starttls"', port + 'tls = "none"'))
            self.host.mailctl("server", "reload")
            host.wait_for(lambda: not offers_starttls(), 10, "the new TLS mode")
            self.assertEqual([offers_starttls() for _ in range(20)], [False] * 20)
        finally:
            path.write_text(good)
            self.host.mailctl("server", "reload")

    @unittest.skipUnless(shutil.which("openssl"), "no openssl to make a certificate with")
    def test_a_certificate_that_ends_soon_is_named(self):
        path, files = self.host.root / "etc/maild.toml", {name: self.host.root / f"etc/{name}.pem" for name in ("certificate", "key")}
        good = path.read_text()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/CN=mail.example.org", "-out", files["certificate"], "-keyout", files["key"]], check=True, capture_output=True)
        try:
            path.write_text(good + "\n[tls]\n" + "".join(f'{name} = "{file}"\n' for name, file in files.items()))
            check = subprocess.run([self.host.root / "bin/maild", "--check"], capture_output=True, text=True, timeout=30)
            self.assertEqual(check.returncode, 0, check.stderr)
            self.assertRegex(check.stdout, r"TLS +mail\.example\.org: expires in [01] days?, on \d{4}-\d\d-\d\d")
            self.host.mailctl("server", "reload")
            words = "certificate of mail.example.org: expires in "
            host.wait_for(lambda: words in self.host.mailctl("server", "status"), 10, "the warning in the status")
        finally:
            path.write_text(good)
            self.host.mailctl("server", "reload")
        host.wait_for(lambda: words not in self.host.mailctl("server", "status"), 10, "the warning to go")

    def test_usr1_reopens_the_log(self):
        log = self.host.root / "var/log/maild.log"
        log.rename(log.with_suffix(".1"))
        os.kill(self.host.supervisor(), signal.SIGUSR1)
        host.wait_for(log.exists, 10, "a new log file")

        def logged():
            with socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=10) as client:
                client.makefile("rb").readline()
            return "smtp_session" in self.host.log()
        host.wait_for(logged, 10, "a worker's line in the new file")

    def test_every_role_comes_back(self):
        for role in ("worker", "auth", "store", "control", "resolver", "sender"):
            before = self.host.pids(role)
            os.kill(before[0], signal.SIGKILL)

            def back():
                try:
                    now = self.host.pids(role)
                except AssertionError:
                    return False
                return len(now) == len(before) and before[0] not in now and 0 not in now
            host.wait_for(back, 15, f"{role} to come back")
            self.assertIn(role, self.host.log())

    def test_waiting_connections_survive_the_workers(self):
        workers = self.host.pids("worker")
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        clients = [socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=20) for _ in range(20)]
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        for client in clients:
            self.assertTrue(client.makefile("rb").readline().startswith(b"220 "), "served by a new worker")
            client.close()


class Stopping(host.HostTest):
    def test_term_drains_and_leaves_nothing(self):
        status = self.host.status()
        pids = [p["pid"] for p in status["processes"]] + [self.host.supervisor()]
        with socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=40) as client:
            stream = client.makefile("rb")
            stream.readline()
            os.kill(self.host.supervisor(), signal.SIGTERM)
            self.assertTrue(stream.readline().startswith(b"421"), "told before the end")
        host.wait_for(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids), 40, "all processes to end")
        self.host.start()
        self.assertGreater(len(self.host.status()["processes"]), 3)

    def test_sessions_that_do_not_end_are_cut_and_the_workers_end_well(self):
        path = self.host.root / "etc/maild.toml"
        text, line = path.read_text(), "drain_time = \"1 s\"\n"
        place = re.search(r"^\[limits\].*\n", text, re.MULTILINE)
        path.write_text(text[:place.end()] + line + text[place.end():] if place else f"{text}\n[limits]\n{line}")
        self.host.mailctl("server", "reload")
        clients = []
        for _ in range(20):   # large mail that never ends
            client = socket.create_connection(("127.0.0.1", self.host.port(24)), timeout=40)
            self.addCleanup(client.close)
            stream = client.makefile("rb")
            stream.readline()
            for line in ("LHLO client.example", "MAIL FROM:<bob@client.example> SIZE=3000000", f"RCPT TO:<{self.host.address}>", "DATA"):
                client.sendall(line.encode() + b"\r\n")
                while stream.readline()[3:4] == b"-":
                    pass
            client.sendall(b"Subject: x\r\n\r\n" + (b"x" * 70 + b"\r\n") * 5000)
            clients.append(client)
        before = len(self.host.log().splitlines())
        self.host.stop()
        said = self.host.log().splitlines()[before:]
        self.assertTrue(any("sessions_cut service=lmtp" in line for line in said), said)
        ends = [line for line in said if "role_ended role=worker" in line]
        self.assertTrue(ends and all("exit code 0" in line for line in ends), ends)
        self.host.start()

    def test_when_the_supervisor_dies_all_end_and_it_starts_again(self):
        pids = [p["pid"] for p in self.host.status()["processes"]]
        os.kill(self.host.supervisor(), signal.SIGKILL)
        host.wait_for(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids), 40, "the orphans to end")
        self.host.start()
        with socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=5) as client:
            self.assertTrue(client.makefile("rb").readline().startswith(b"220 "))


if __name__ == "__main__":
    host.main()
