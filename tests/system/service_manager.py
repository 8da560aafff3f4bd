#!/usr/bin/env python3
"""Under a service manager: readiness, watchdog and stopping are told over NOTIFY_SOCKET, and sockets that the manager
opened are used (sd_notify(3), sd_listen_fds(3)). The manager here is this test."""
import os
import signal
import socket
import subprocess

import host


class ServiceManager(host.HostTest):
    def setUp(self):
        self.host.stop()
        self.path = str(self.host.root / "notify.sock")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.path)
        os.chmod(self.path, 0o777)
        self.notify.settimeout(20)

    def tearDown(self):
        self.notify.close()
        os.unlink(self.path)

    def told(self, word):
        seen = []
        while True:
            message = self.notify.recv(4096).decode()
            seen.append(message)
            if word in message.split("\n"):
                return seen

    def run_daemon(self, before="", **environment):
        command = f'{before} exec "{self.host.root}/bin/maild" --foreground'
        return subprocess.Popen(["bash", "-c", command], env={**os.environ, "NOTIFY_SOCKET": self.path, **environment}, pass_fds=self.passed)

    def test_ready_watchdog_stopping(self):
        self.passed = ()
        daemon = self.run_daemon('WATCHDOG_PID=$$; export WATCHDOG_PID;', WATCHDOG_USEC="1000000")
        try:
            self.told("READY=1")
            with socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=5) as client:   # ready means ready
                self.assertTrue(client.makefile("rb").readline().startswith(b"220 "))
            self.told("WATCHDOG=1")
            self.told("WATCHDOG=1")
            daemon.send_signal(signal.SIGTERM)
            self.told("STOPPING=1")
            self.assertEqual(daemon.wait(40), 0)
        finally:
            daemon.kill()
            daemon.wait()

    def test_uses_the_managers_sockets(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.host.port(25)))
        listener.listen(16)
        early = socket.create_connection(("127.0.0.1", self.host.port(25)), timeout=30)   # before the daemon lives
        self.passed = (listener.fileno(),)
        daemon = self.run_daemon(f"exec 3<&{listener.fileno()} {listener.fileno()}<&-; LISTEN_PID=$$; export LISTEN_PID;", LISTEN_FDS="1")
        try:
            self.told("READY=1")
            self.assertTrue(early.makefile("rb").readline().startswith(b"220 "), "served without a new socket")
        finally:
            daemon.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(40), 0)
            listener.close()
            early.close()


if __name__ == "__main__":
    host.main()
