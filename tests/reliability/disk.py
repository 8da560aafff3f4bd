#!/usr/bin/env python3
"""A disk that is full, broken, read-only or slow, under a running host: mail is refused for the time being, what is there
is served, nothing acknowledged is lost, and afterwards the host goes on by itself."""
import contextlib
import imaplib
import os
import signal
import smtplib
import subprocess
import threading
import time
import unittest

import tracing
import volume
from tracing import host

SENDERS = 24
LARGE = ("x" * 76 + "\r\n") * 13_000   # about a megabyte


class DiskTest(unittest.TestCase):
    """A host of its own for each test: a fault leaves its traces."""
    mkfs = ()

    def setUp(self):
        if why := volume.missing() or tracing.missing():
            self.skipTest(why)
        self.host = host.Host()
        path = self.host.root / "etc/maild.toml"
        path.write_text(path.read_text().replace('min_free = "64 MiB"', 'min_free = "16 MiB"') + "\n[pool]\nworkers = 1\n")
        self.volume = volume.Volume(self.host, *self.mkfs)
        self.addCleanup(self.host.close)
        self.addCleanup(self.volume.close)

    def send(self, subject):
        """The reply that ends the attempt."""
        with smtplib.SMTP("127.0.0.1", self.host.port(25), local_hostname="disk.example", timeout=60) as client:
            client.ehlo()
            for code, text in (client.mail("bob@disk.example"), client.rcpt(self.host.address)):
                if code != 250:
                    return code, text
            return client.data(host.message(subject))

    def assert_sent(self, subject):
        reply = self.send(subject)
        self.assertEqual(reply[0], 250, reply)

    @contextlib.contextmanager
    def session(self):
        client = imaplib.IMAP4_SSL("127.0.0.1", self.host.port(993), ssl_context=host.insecure_tls(), timeout=60)
        client.login(self.host.address, self.host.password)
        client.select("INBOX")
        try:
            yield client
        finally:
            client.shutdown()

    def subjects(self):
        with self.session() as client:
            items = client.fetch("1:*", "(BODY.PEEK[])")[1]
            return [line[9:].decode() for item in items if isinstance(item, tuple)
                    for line in item[1].split(b"\r\n") if line.startswith(b"Subject: ")]

    def wait_for_room(self):
        host.wait_for(lambda: self.host.status()["store"]["accepts_mail"], 10, "room again")

    def store(self):
        return self.host.pids("store")[0]

    def wait_for_store(self, old):
        def back():
            try:
                process = next(p for p in self.host.status()["processes"] if p["role"] == "store")
                return process if process["pid"] not in (0, old) and process["state"] == "ready" else None
            except AssertionError:
                return None
        return host.wait_for(back, 20, "a new store")


    def files(self):
        """Names, sizes and times of the shard's files."""
        facts = ((path, path.stat()) for path in sorted(self.volume.path.glob("**/shard/**/*")))
        return [(str(path), fact.st_size, fact.st_mtime_ns) for path, fact in facts]

    def assert_reads_only(self, why, subjects):
        """Mail is refused for the time being, what is there is read, and people are told once."""
        code, text = self.send("refused")
        self.assertEqual((code, text[:5]), (451, b"4.3.0"))
        self.assertEqual(self.subjects(), subjects)
        with self.session() as client:
            for status, text in (client.append("INBOX", "", "", host.message("refused")), client.store("1", "+FLAGS", r"(\Deleted)"),
                                 client.create("new"), client.copy("1", "Archive")):
                self.assertEqual((status, text[0][:13]), ("NO", b"[UNAVAILABLE]"))
            self.assertEqual(client.fetch("1", "(FLAGS BODY[HEADER])")[0], "OK", "though it cannot be marked as seen")
            self.assertEqual(client.noop()[0], "OK")
        remedy = "mend the disk, then run mailctl server reload"
        status = self.host.status()
        self.assertIn(f"is read-only, {why}: {remedy}", next(p["text"] for p in status["processes"] if p["role"] == "store"))
        self.assertEqual((status["store"]["accepts_mail"], status["store"]["read_only_shards"]), (False, 1))
        self.assertIn("read-only: refusing mail with 451 4.3.0", status["text"])
        self.assertEqual(self.host.log().count("store_shard_read_only"), 1)

    def write_again(self):
        old = self.store()
        self.host.mailctl("server", "reload")
        self.wait_for_store(old)
        self.assertEqual(self.host.status()["store"]["read_only_shards"], 0)


class Full(DiskTest):
    def test_no_room(self):
        pids = sorted(p["pid"] for p in self.host.status()["processes"])
        for subject in ("first", "second"):
            self.assert_sent(subject)
        self.volume.fill(leave=8 << 20)
        host.wait_for(lambda: not self.host.status()["store"]["accepts_mail"], 10, "the watermark")
        with smtplib.SMTP("127.0.0.1", self.host.port(25), timeout=30) as client:
            client.ehlo("disk.example")
            code, text = client.mail("bob@disk.example")
            self.assertEqual((code, text[:5]), (452, b"4.3.1"))
        self.volume.fill(leave=0)
        with self.session() as client:
            appended = 0   # what was allocated before for the pack is used up first
            while (answer := client.append("INBOX", "", "", host.message("appended", LARGE)))[0] == "OK":
                appended += 1
            self.assertIn(b"[UNAVAILABLE]", answer[1][0])
            self.assertEqual(client.store("1", "+FLAGS", r"(\Deleted)")[0], "OK")
            self.assertEqual(client.expunge(), ("OK", [b"1"]), "what makes room is possible")
        there = ["second"] + ["appended"] * appended
        self.assertEqual(self.subjects(), there)
        self.volume.empty()
        self.wait_for_room()
        self.assert_sent("third")
        self.assertEqual(self.subjects(), [*there, "third"])
        self.assertEqual(sorted(p["pid"] for p in self.host.status()["processes"]), pids, "without any restart")

    def test_the_log_has_no_room(self):
        log = self.host.root / "var/log"
        volume.run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", log)
        self.addCleanup(volume.run, "umount", "-l", log)
        self.host.mailctl("server", "reload")
        with open(log / "filler", "wb", 0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        for number in range(20):
            self.assert_sent(f"unlogged {number}")
        (log / "filler").unlink()
        self.assert_sent("logged")
        self.assertIn("smtp_message_accepted", self.host.log(), "the log goes on when there is room")
        self.assertEqual(len(self.subjects()), 21)


class NoInodes(DiskTest):
    mkfs = ("-N", "64")

    def test_no_inodes(self):
        self.assert_sent("first")
        self.volume.fill_inodes()
        old = self.store()
        os.kill(old, 9)   # the next one must begin a pack, for which there is no inode
        self.wait_for_store(old)
        code, text = self.send("second")
        self.assertEqual((code, text[:5]), (452, b"4.3.1"))
        self.assertEqual(self.subjects(), ["first"])
        self.volume.empty()
        self.wait_for_room()
        self.assert_sent("third")
        self.assertEqual(self.subjects(), ["first", "third"])


class Broken(DiskTest):
    def fail_once(self, calls, subject):
        """A message while such calls fail: refused, and the store replaced."""
        old = self.store()
        with tracing.failing(old, calls, "EIO"):
            code, text = self.send(subject)
            self.assertEqual((code, text[:5]), (451, b"4.3.0"), calls)
            tracing.wait_until_gone(old, 10)
            self.assertTrue(tracing.is_gone(old), "a store that failed to write lives on")
        return self.wait_for_store(old)

    def test_write_errors(self):
        self.assert_sent("first")
        self.fail_once("fdatasync", "lost")
        self.assert_sent("second")
        self.fail_once("pwritev,pwrite64", "lost too")
        before = self.files()
        self.assert_reads_only("its disk failed to write twice", ["first", "second"])
        self.assertEqual(self.files(), before, "a shard that is read-only changes nothing")
        self.write_again()
        self.assert_sent("third")
        self.assertEqual(self.subjects(), ["first", "second", "third"], "what failed is not there, the rest is")

    def test_read_errors(self):
        self.assert_sent("first")
        self.host.stop()   # nothing is in the memory of the next one
        self.host.start()
        packs = [option for path in self.volume.path.glob("shard/*/pack/*.pk") for option in ("-P", path)]
        with self.session() as client, tracing.failing(self.store(), "pread64,preadv", "EIO", options=packs):
            status, text = client.fetch("1", "(BODY.PEEK[])")
            self.assertEqual(status, "NO", text)
            self.assertEqual(client.noop()[0], "OK")
        self.assertEqual(self.subjects(), ["first"], "an error of one moment is none of the next")
        self.assert_sent("second")

    def test_file_system_turns_read_only(self):
        self.assert_sent("first")
        trigger = f"/sys/fs/ext4/{self.volume.loop_device()}/trigger_fs_error"
        if not os.path.exists(trigger):
            self.skipTest("this kernel does not break ext4 for us")
        others = [self.host.pids(role) for role in ("worker", "auth", "control")]
        with open(trigger, "w") as file:
            file.write("1")
        old = self.store()
        self.assertEqual(self.send("refused")[0], 451)
        self.wait_for_store(old)
        self.assertIn("Read-only file system", self.host.log())
        self.assert_reads_only("its file system is read-only", ["first"])
        self.assertEqual([self.host.pids(role) for role in ("worker", "auth", "control")], others, "the others stay")
        self.host.stop()
        volume.run("umount", self.volume.path)
        subprocess.run(["fsck.ext4", "-y", self.volume.image], capture_output=True)
        volume.run("mount", "-o", "loop", self.volume.image, self.volume.path)
        self.host.start()
        self.assert_sent("second")
        self.assertEqual(self.subjects(), ["first", "second"])


    def test_remounted_read_only_and_back(self):
        self.assert_sent("first")
        shards = next(self.volume.path.glob("**/shard"))
        self.host.stop()   # a mount of their own: of the whole volume there are other writers
        volume.run("mount", "--bind", shards, shards)
        self.addCleanup(volume.run, "umount", "-l", shards)
        self.host.start()
        self.assert_sent("second")
        old, supervisor = self.store(), self.host.supervisor()
        os.kill(supervisor, signal.SIGSTOP)   # nothing is remounted that somebody writes to
        os.kill(old, signal.SIGKILL)
        host.wait_for(lambda: tracing.is_gone(old), 10, "the end of the store")
        volume.run("mount", "-o", "remount,bind,ro", shards)
        before = self.files()
        os.kill(supervisor, signal.SIGCONT)
        self.wait_for_store(old)
        self.assert_reads_only("its file system is read-only", ["first", "second"])
        self.assertEqual(self.files(), before)
        volume.run("mount", "-o", "remount,bind,rw", shards)
        self.assertEqual(self.send("refused")[0], 451, "until the owner starts anew")
        self.write_again()
        self.assert_sent("third")
        self.assertEqual(self.subjects(), ["first", "second", "third"])


class Slow(DiskTest):
    def test_syncs_of_half_a_second(self):
        self.assert_sent("first")
        before, replies = self.host.status()["store"], []
        with self.session() as client, tracing.delaying(self.store(), "fdatasync", 500_000):
            senders = [threading.Thread(target=lambda: replies.append(self.send("slow")[0])) for _ in range(SENDERS)]
            began = time.monotonic()
            for sender in senders:
                sender.start()
            slowest = 0.0
            while any(sender.is_alive() for sender in senders):   # readers beside them
                asked = time.monotonic()
                self.assertEqual(client.fetch("1", "(BODY.PEEK[])")[0], "OK")
                slowest = max(slowest, time.monotonic() - asked)
            seconds = time.monotonic() - began
        after = self.host.status()["store"]
        self.assertEqual(replies, [250] * SENDERS)
        commits = after["commits"] - before["commits"]
        print(f"{SENDERS} messages in {seconds:.1f} s and {commits} commits; slowest read {slowest:.3f} s", flush=True)
        self.assertLess(commits, SENDERS / 2, "those who wait share a sync")
        self.assertLess(slowest, 0.4, "a reader waits for no sync")


if __name__ == "__main__":
    host.main()
