#!/usr/bin/env python3
"""The one command: sets a host up from what was built, sends a message to itself and reads it back; a second run changes
nothing and says so; it stops as it says."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import host


class Quickstart(host.unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="maild-quickstart-"))   # mode 0700, as mktemp -d makes it
        self.base = host.free_base()

    def tearDown(self):
        if (self.root / "bin/mailctl").exists():
            subprocess.run([self.root / "bin/mailctl", "--yes", "server", "stop"], capture_output=True)
            pid_file = self.root / "run/maild.pid"
            if pid_file.exists() and pid_file.read_text().strip():
                pid = pid_file.read_text().split()[0]
                host.wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 40, "the daemon to stop")
        shutil.rmtree(self.root, ignore_errors=True)

    def run_it(self, *options, stdin="", exit_code=0, build=host.BUILD, **who):
        run = subprocess.run([host.TOP / "conf/quickstart", *options], input=stdin, capture_output=True, text=True, timeout=900,
                             env={**os.environ, "MAILD_BUILD": str(build)}, **who)
        self.assertEqual(run.returncode, exit_code, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def test_trial(self):
        options = ["--root", str(self.root), "--port-base", str(self.base), "--domain", "example.net", "--admin", "ada"]
        text = self.run_it(*options)
        self.assertIn("the message arrived, every byte as it was sent", text)
        self.assertIn("ada@example.net", text)
        self.assertRegex(text, r"password +\S{12,}")
        self.assertIn(str(self.base + 993), text)
        self.assertRegex(text, r"example\.net\.\s+IN MX")
        self.assertIn("server stop", text)
        files = {p: p.stat().st_mtime_ns for p in (self.root / "etc").rglob("*")}
        again = self.run_it(*options)
        self.assertIn("Nothing was changed", again)
        self.assertNotRegex(again, r"password +\S{12,}")
        other = self.run_it("--root", str(self.root), "--port-base", str(self.base + 50), "--domain", "example.net", "--admin", "ada", exit_code=73)
        self.assertIn("another port base", other)
        self.assertEqual(files, {p: p.stat().st_mtime_ns for p in (self.root / "etc").rglob("*")})

    def test_as_an_ordinary_user(self):
        if os.geteuid() != 0:
            self.skipTest("all the others are run as one")
        nobody = {"user": 65534, "group": 65534, "extra_groups": []}
        if subprocess.run(["test", "-r", host.TOP / "conf/quickstart", "-a", "-x", host.BUILD / "maild"], **nobody).returncode:
            self.skipTest("an ordinary user does not reach this checkout")
        os.chown(self.root, 65534, 65534)
        options = ["--root", str(self.root), "--port-base", str(self.base)]
        self.assertIn("may not build there", self.run_it(*options, exit_code=66, build="/usr", **nobody))
        text = self.run_it(*options, **nobody)
        self.assertIn("as they are", text)                       # what root has built cannot be built again
        self.assertIn("not root: all processes run as", text)
        self.assertIn("the message arrived, every byte as it was sent", text)

    def test_no_start_leaves_it_stopped(self):
        self.run_it("--root", str(self.root), "--port-base", str(self.base), "--no-start", "--password-stdin", stdin="given\n")
        run = subprocess.run([self.root / "bin/mailctl", "server", "status"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 69, run.stdout + run.stderr)
        subprocess.run([self.root / "bin/maild"], check=True, timeout=60)
        run = subprocess.run([self.root / "bin/mailctl", "account", "list"], capture_output=True, text=True)
        self.assertIn("postmaster@example.org", run.stdout)

    def test_a_port_in_use_leaves_nothing_behind(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.base + 25))
            taken.listen()
            self.assertIn("in use", self.run_it("--root", str(self.root), "--port-base", str(self.base), exit_code=75))
        self.assertFalse((self.root / "etc/maild.toml").exists())
        self.assertIn("the message arrived", self.run_it("--root", str(self.root), "--port-base", str(host.free_base())))

    def test_wrong_words(self):
        self.assertIn("no local part", self.run_it("--root", str(self.root), "--admin", "a@b", exit_code=64))
        self.assertIn("at most", self.run_it("--root", str(self.root), "--port-base", "70000", exit_code=64))
        self.assertIn("no option", self.run_it("--rooot", "x", exit_code=64))
        self.assertIn("wants a number", self.run_it("--root", str(self.root), "--port-base", "x", exit_code=64))
        self.assertTrue(re.search("password", self.run_it("--root", str(self.root), "--password-stdin", exit_code=65)))


if __name__ == "__main__":
    host.main()
