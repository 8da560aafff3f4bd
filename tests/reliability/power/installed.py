#!/usr/bin/env python3
"""`mailctl fsck crash-test` from an installed tree: nothing is found on a disk, memory is found, and what cannot be run is said."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("MAILD_BUILD", HERE.parents[2] / "build"))
sys.path.insert(0, str(HERE))

import disk   # noqa: E402


class CrashTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="maild-installed-")
        cls.addClassCleanup(cls.place.cleanup)
        os.chmod(cls.place.name, 0o755)
        cls.prefix = pathlib.Path(cls.place.name) / "usr"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], check=True, capture_output=True)

    def crash_test(self, *words, json_too=False, exit_code=0):
        environment = {name: value for name, value in os.environ.items() if name != "MAILD_BUILD"}
        run = subprocess.run([self.prefix / "bin/mailctl", *(["--json"] if json_too else []), "fsck", "crash-test", *map(str, words)],
                             capture_output=True, text=True, timeout=300, env=environment)
        self.assertEqual(run.returncode, exit_code, run.stdout + run.stderr)
        return json.loads(run.stdout)["result"] if json_too else run.stdout + run.stderr

    def test_a_disk(self):
        answer = self.crash_test(self.place.name, "--cycles", "2")
        self.assertIn("cycle 1: ", answer)
        self.assertIn("2 power cuts", answer)
        self.assertIn("VERDICT: nothing found", answer)

    @unittest.skipUnless(os.path.ismount("/dev/shm"), "no tmpfs on /dev/shm")
    def test_memory_is_no_disk(self):
        result = self.crash_test("/dev/shm", "--cycles", "0", json_too=True, exit_code=1)
        self.assertEqual((result["verdict"], result["file_system"]), ("found", "tmpfs"))
        self.assertIn("memory", result["found"][0])

    def test_what_cannot_be(self):
        self.crash_test(self.prefix / "bin/mailctl", exit_code=66)
        self.crash_test(self.place.name, "--cycles", "many", exit_code=64)
        script = self.prefix / "libexec/maild/tests/reliability/crash_test"
        script.rename(script.with_suffix(".away"))
        try:
            self.assertIn("not installed", self.crash_test(self.place.name, exit_code=69))
        finally:
            script.with_suffix(".away").rename(script)


if __name__ == "__main__":
    if missing := disk.what_is_missing("ext4"):
        print(f"SKIPPED: {missing}")
        sys.exit(77)
    unittest.main(verbosity=2)
