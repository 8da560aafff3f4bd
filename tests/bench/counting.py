"""Counts the syncs of process trees."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time


def tree(roots):
    """Their PIDs and all of their children's."""
    parents = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:   # it has ended
            continue
        parents.setdefault(int(words[1]), []).append(int(path.parent.name))
    found, unseen = [], list(roots)
    while unseen:
        pid = unseen.pop()
        found.append(pid)
        unseen += parents.get(pid, [])
    return found


def is_untraced(pid):
    try:
        return re.search(r"^TracerPid:\s*0$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M) is not None
    except OSError:   # it has ended
        return False


class Syncs:
    """with Syncs(roots) as syncs: …   and then syncs.count."""
    calls = "fsync,fdatasync,sync_file_range,syncfs,msync"

    def __init__(self, roots):
        self.roots, self.count = roots, 0

    def __enter__(self):
        self.report = tempfile.NamedTemporaryFile(mode="r", prefix="maild-bench-")
        pids = [word for pid in tree(self.roots) for word in ("-p", str(pid))]
        self.strace = subprocess.Popen(["strace", "-f", "-c", "-e", f"trace={self.calls}", "-o", self.report.name, *pids],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait_until_attached()
        return self

    def _wait_until_attached(self):
        waiting = set(tree(self.roots))
        deadline = time.monotonic() + 20
        while waiting and time.monotonic() < deadline:
            waiting = {pid for pid in waiting if is_untraced(pid)}
            time.sleep(0.02)
        if waiting:
            raise RuntimeError("strace does not attach")

    def __exit__(self, *_):
        os.kill(self.strace.pid, signal.SIGINT)
        self.strace.wait()
        text = pathlib.Path(self.report.name).read_text()
        self.report.close()
        names = self.calls.split(",")
        for line in text.splitlines():
            words = line.split()
            if words and words[-1] in names:
                self.count += int(words[3])
