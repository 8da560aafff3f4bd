"""What the processes of a server have used and hold, and how they end without being asked."""
import os
import pathlib
import re
import signal
import time

import counting
import host


def text_of(path):
    try:
        return pathlib.Path(path).read_text(errors="replace")
    except OSError:   # it has ended
        return ""


def cpu_seconds(roots):
    """Of the threads that are there, exactly."""
    paths = [path for pid in counting.tree(roots) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(text.split()[0]) for text in map(text_of, paths) if text) / 1e9


def settle(roots, patience=1800):
    """Until what they do in the background, the search index for one, has become little; the CPU that they took for it."""
    begin = before = cpu_seconds(roots)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now = cpu_seconds(roots)
        if now - before < 0.02:
            return now - begin
        before = now
    raise RuntimeError(f"still busy after {patience} s")


def role_of(pid):
    words = text_of(f"/proc/{pid}/cmdline").split("\0")
    return words[words.index("--role") + 1] if "--role" in words[:-1] else "supervisor"


def memory_by_role(roots):
    """KiB, pages that several share by parts."""
    found = {}
    for pid in counting.tree(roots):
        if kib := re.search(r"^Pss:\s+(\d+)", text_of(f"/proc/{pid}/smaps_rollup"), re.M):
            role = role_of(pid).split("-")[0].rstrip("0123456789 ")
            found[role] = found.get(role, 0) + int(kib.group(1))
    return found


def kill(roots):
    """As a fault would end them: at once, and none says anything."""
    pids = counting.tree(roots)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    host.wait_for(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids), 20, "the killed to be gone")
