#!/usr/bin/env python3
"""Many connections: a worker that is full leaves them to one with room, only a full host refuses; and a crowd at one service does
not shut another. What was turned away stands in the log with what to raise."""
import imaplib
import re
import socket

import host

CONNECTIONS = 128
SERVICES = 6
KEPT = 64 // 2 // SERVICES    # of the 64 places of each worker, for each service: half of them for all together


class CrowdTest(host.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        path = cls.host.root / "etc/maild.toml"
        text = path.read_text()
        for table, lines in (("pool", "workers = 2\n"), ("limits", f"connections = {CONNECTIONS}\nnewcomers = 50\n")):
            place = re.search(rf"^\[{table}\].*\n", text, re.MULTILINE)
            text = text[:place.end()] + lines + text[place.end():] if place else f"{text}\n[{table}]\n{lines}"
        path.write_text(text)
        cls.host.stop()
        cls.host.start()

    def connect(self, service):
        """A connection and its first line."""
        connection = socket.create_connection(("127.0.0.1", self.host.port(service)), timeout=30)
        self.addCleanup(connection.close)
        return connection, connection.makefile("rb").readline().decode()

    def log_in(self):
        """One that stays, or None if it was turned away."""
        client = imaplib.IMAP4("127.0.0.1", self.host.port(143), timeout=30)
        self.addCleanup(client.shutdown)
        client.starttls(host.insecure_tls())
        client.login(self.host.address, self.host.password)
        return client

    def sessions(self):
        return self.host.mailctl("server", "sessions", as_json=True)["rows"]

    def test_only_a_full_host_refuses(self):
        clients = []
        with self.assertRaises((imaplib.IMAP4.error, OSError)):
            while len(clients) <= CONNECTIONS:
                clients.append(self.log_in())
        workers = {0: 0, 1: 0}
        for session in self.sessions():
            workers[int(session["id"].split(":")[0])] += 1
        least = CONNECTIONS // 2 - KEPT * (SERVICES - 1)
        self.assertGreaterEqual(min(workers.values()), least, f"one worker has room, and {len(clients)} were taken")
        for service, greeting in ((25, "220"), (24, "220"), (110, "+OK")):   # they have places of their own in both workers
            mine = [self.connect(service) for _ in range(2 * KEPT)]
            self.assertTrue(all(first.startswith(greeting) for _, first in mine), service)
            for connection, _ in mine:
                connection.sendall(b"QUIT\r\n")
                self.assertIn(connection.recv(3), (b"221", b"+OK"), f"{service}: it made room for the next of them")
        host.wait_for(lambda: "room_short" in self.host.log(), what="a line for the admin")
        self.assertRegex(self.host.log(), r"room_short messages_refused=0 connections_turned_away=\d+ raise=limits\.connections")

    def test_silent_clients_of_two_services_shut_no_third(self):
        crowd = [self.connect(service) for _ in range(CONNECTIONS) for service in (143, 110)]
        self.assertTrue(all(greeting.startswith(("* OK", "+OK")) for _, greeting in crowd), "each came in, for another that left")
        for service, greeting in ((25, "220"), (24, "220")):
            self.assertTrue(self.connect(service)[1].startswith(greeting), service)
        self.log_in()

    def test_a_user_of_this_host_shuts_no_service(self):
        path = str(self.host.root / "run/submit.sock")
        for _ in range(2 * CONNECTIONS):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.settimeout(30)
            client.connect(path)
            self.assertEqual(client.recv(3), b"220", "each came in, for another that left")
        for service, greeting in ((25, "220"), (24, "220"), (143, "* OK"), (110, "+OK")):
            for _ in range(4 * KEPT):   # more than what is kept for them
                self.assertTrue(self.connect(service)[1].startswith(greeting), service)
        self.log_in()


if __name__ == "__main__":
    host.main()
