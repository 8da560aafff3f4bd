#!/usr/bin/env python3
"""mailctl fsck on a live host: it finds nothing where nothing is wrong, though mail goes in and out meanwhile, and names
what is damaged; and mailctl store rebuild, which brings a shard's mail back from its packs."""
import imaplib
import os
import pwd
import smtplib
import subprocess
import threading
import time

import host
import load


def login(machine, address, password):
    client = imaplib.IMAP4_SSL("127.0.0.1", machine.port(993), ssl_context=host.insecure_tls())
    client.login(address, password)
    return client


def deliver(machine, subject, body):
    content = host.message(subject, body)
    with smtplib.LMTP("127.0.0.1", machine.port(24), local_hostname="client.example") as client:
        client.sendmail("bob@client.example", [machine.address], content)
    return content


def packs(machine):
    return sorted(machine.root.rglob("shard/*/pack/*.pk"))


def change_flags(machine, stop, failures):
    """What moves counters: flags, copies, expunges, mailboxes that come and go."""
    try:
        client = login(machine, machine.address, machine.password)
        while not stop.is_set():
            client.create("moving")
            client.append("moving", None, None, host.message("moving"))
            client.select("moving")
            client.copy("1:*", "Archive")
            client.store("1:*", "+FLAGS", r"(\Deleted)")
            client.expunge()
            client.unselect()
            client.delete("moving")
        client.logout()
    except (imaplib.IMAP4.error, OSError) as error:
        failures.append(error)


class UnderLoad(host.HostTest):
    ACCOUNTS = 5

    def test_finds_nothing_where_nothing_is_wrong(self):
        path = self.host.root / "accounts.csv"
        path.write_text("".join(f"user{n}@example.org,pw,\n" for n in range(self.ACCOUNTS)))
        self.host.mailctl("account", "import", str(path))
        ledger, stop, failures = load.Ledger(), threading.Event(), []
        senders = [threading.Thread(target=load.sender, args=(self.host, n, 250, self.ACCOUNTS, ledger, "lmtp")) for n in range(4)]
        mover = threading.Thread(target=change_flags, args=(self.host, stop, failures))
        for thread in (*senders, mover):
            thread.start()
        runs, longest = 0, 0.0
        while any(thread.is_alive() for thread in senders) or runs < 3:
            for options in ((), ("--deep",), ("--deep", "--repair"), (self.host.address, "--deep")):
                began = time.monotonic()
                result = self.host.mailctl("fsck", "run", *options, as_json=True)
                longest = max(longest, time.monotonic() - began)
                self.assertEqual(result["rows"], [])
            runs += 1
        for thread in senders:
            thread.join()
        stop.set()
        mover.join()
        self.assertEqual(failures, [])
        self.assertEqual((len(ledger.acknowledged), ledger.refused), (1000, 0), "the checks have not disturbed the mail")
        counts = self.host.mailctl("fsck", "run", "--deep", as_json=True)["counts"]
        self.assertGreaterEqual(counts["bodies"], 1000)
        print(f"{runs} rounds of checks under load, the longest {longest:.2f} s; at last {counts}")


class Damaged(host.HostTest):
    def test_a_flipped_byte_is_named_and_costs_that_message_alone(self):
        for number in range(5):
            deliver(self.host, f"number {number}", f"body of number {number}\r\n" * 20)
        flipped = 0
        for pack in packs(self.host):
            content = pack.read_bytes()
            at = content.rfind(b"body of number 2")
            if at >= 0:
                with open(pack, "r+b") as file:
                    file.seek(at)
                    file.write(b"B")
                flipped += 1
        self.assertEqual(flipped, 1)
        self.assertEqual(self.host.mailctl("fsck", "run", as_json=True)["rows"], [], "the record's header is whole")
        for options in ((), ("--repair",), (self.host.address,)):
            rows = self.host.mailctl("fsck", "run", "--deep", *options, as_json=True, exit_code=1)["rows"]
            self.assertEqual(len(rows), 1, rows)
            self.assertEqual((rows[0]["kind"], rows[0]["account"], rows[0]["mailbox"], rows[0]["uid"], rows[0]["repaired"]),
                             ("body", self.host.address, "INBOX", 3, False))
        text = self.host.mailctl("fsck", "run", "--deep", exit_code=1)
        self.assertIn(f"{self.host.address}, INBOX, UID 3: the message cannot be read", text)
        self.assertIn("1 problem", text)
        client = login(self.host, self.host.address, self.host.password)
        client.select("INBOX")
        for uid in (1, 2, 4, 5):
            status, data = client.uid("FETCH", str(uid), "(BODY.PEEK[])")
            self.assertEqual(status, "OK")
            self.assertIn(f"body of number {uid - 1}".encode(), data[0][1])
        status, data = client.uid("FETCH", "3", "(BODY.PEEK[])")
        self.assertEqual(status, "NO")
        self.assertIn(b"[CORRUPTION]", data[0])
        status, data = client.uid("FETCH", "3", "(ENVELOPE)")
        self.assertEqual(status, "OK", "what was parsed from it is whole")
        client.logout()

    def test_exit_codes(self):
        self.host.mailctl("fsck", "run", "nobody@example.org", exit_code=67)
        self.host.mailctl("fsck", "run", "--socket", str(self.host.root / "no.sock"), exit_code=69)
        self.host.mailctl("fsck", "run", "--deeper", exit_code=64)


class SearchIndex(host.HostTest):
    def find(self, word):
        client = login(self.host, self.host.address, self.host.password)
        client.select(readonly=True)
        found = client.search(None, "TEXT", word)[1][0].decode()
        client.logout()
        return found

    def figures(self):
        return self.host.status()["store"]

    def up_to_date(self):
        host.wait_for(lambda: self.figures()["search_index_pending"] == 0, what="the search index")

    def test_is_kept_missed_by_nobody_and_made_anew(self):
        words = [f"wombat{n * 1013}x" for n in range(30)]   # none is part of another
        for word in words:
            deliver(self.host, "animals", f"There goes {word} again.\r\n")
        host.wait_for(lambda: self.figures()["search_index_pending"] == 0, 1, "the search index, within a second")
        self.assertGreater(self.figures()["search_index_bytes"], 0)
        self.assertEqual(self.find(words[17]), "18")
        self.host.stop()
        files = list(self.host.root.rglob("shard/*/fts/*.fts"))
        self.assertEqual(len(files), 1, "a restart need not index again")
        with open(files[0], "r+b") as file:
            file.seek(500)
            file.write(b"something else")
        self.host.start()
        self.assertEqual(self.find(words[17]), "18", "the damage is noticed, and the mail is read")
        self.up_to_date()
        self.assertEqual(self.find(words[17]), "18")
        self.assertEqual(self.host.mailctl("fsck", "run", as_json=True)["rows"], [])
        self.host.stop()
        for file in self.host.root.rglob("shard/*/fts/*"):
            file.unlink()
        self.host.start()
        self.assertEqual([self.find(word) for word in words[:3]], ["1", "2", "3"])
        self.up_to_date()
        self.assertEqual([self.find(word) for word in words[:3]], ["1", "2", "3"])


class Rebuild(host.HostTest):
    def contents(self):
        client = login(self.host, self.host.address, self.host.password)
        found = {}
        for mailbox in ("INBOX", "Kept"):
            client.select(mailbox, readonly=True)
            validity = client.response("UIDVALIDITY")[1][0]
            for item in client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]:
                if isinstance(item, tuple):
                    found[mailbox, validity, item[0].split(b"UID ")[1].split()[0]] = item[1]
        client.logout()
        return found

    def test_lost_and_rotten_databases_come_back(self):
        for number in range(20):
            deliver(self.host, f"number {number}", "text\r\n" * 50)
        client = login(self.host, self.host.address, self.host.password)
        client.create("Kept")
        client.select("INBOX")
        client.uid("MOVE", "3:4", "Kept")
        client.uid("STORE", "5", "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.logout()
        before = self.contents()
        self.assertEqual(len(before), 19)
        self.refuses_while_running()
        meta = next(self.host.root.rglob("shard/*/meta.db"))

        def lose():
            for name in ("meta.db", "meta.db-wal"):
                (meta.parent / name).unlink(missing_ok=True)

        def rot():
            with open(meta, "r+b") as file:
                file.write(b"\0" * 100)

        for damage, is_kept in ((lose, False), (rot, True)):
            self.host.stop()
            damage()
            self.offline_until_rebuilt()
            self.host.mailctl("store", "rebuild", exit_code=64)   # nobody there to ask, and no --yes
            text = self.host.mailctl("--yes", "store", "rebuild")
            self.assertIn("restored 19 messages", text)
            self.assertEqual(any(meta.parent.glob("meta.db.broken-*")), is_kept)
            if os.geteuid() == 0:
                for path in meta.parent.iterdir():
                    self.assertEqual(pwd.getpwuid(path.stat().st_uid).pw_name, "maild-store", path)
                    self.assertEqual(path.stat().st_mode & 0o077, 0, path)
            self.assertIn("no shard is damaged", self.host.mailctl("--yes", "store", "rebuild"))
            self.host.start()
            self.assertEqual(self.contents(), before)
            self.assertEqual(self.host.mailctl("fsck", "run", "--deep", as_json=True)["problems"], 0)
        deliver(self.host, "after", "text\r\n")
        self.assertEqual(len(self.contents()), 20)

    def refuses_while_running(self):
        for shard in ((), ("0",)):
            run = subprocess.run([self.host.root / "bin/mailctl", "--yes", "store", "rebuild", *shard], capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode, 75, run.stdout + run.stderr)
            self.assertIn(f"PID {self.host.supervisor()}: stop it first", run.stderr)

    def offline_until_rebuilt(self):
        """The host starts, says what is wrong, and takes no mail for that shard meanwhile."""
        self.host.start()
        host.wait_for(lambda: any("shard 0 is offline: stop maild and run mailctl store rebuild 0" in p["text"] for p in self.host.status()["processes"]
                                  if p["role"] == "store"), 10, "the status to say what is wrong")
        self.assertIn("store_shard_offline", self.host.log())
        rows = self.host.mailctl("fsck", "run", as_json=True, exit_code=1)["rows"]
        self.assertEqual([row["kind"] for row in rows], ["shard"])
        with smtplib.LMTP("127.0.0.1", self.host.port(24), local_hostname="client.example") as client:
            with self.assertRaises(smtplib.SMTPException) as refused:
                client.sendmail("bob@client.example", [self.host.address], host.message("not now"))
            self.assertEqual(next(iter(refused.exception.recipients.values()))[0] // 100, 4)
        self.host.stop()


if __name__ == "__main__":
    host.main()
