"""Faults from outside, by strace(1): the k-th system call of a running process is where it dies, fails or waits. Nothing in
the daemon knows of it, so what is tested is the program as it ships."""
import collections
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import host   # noqa: E402

SKIPPED = 77   # exit code, known to ctest


def missing():
    """Why such tests cannot run here; empty if they can."""
    if os.geteuid() != 0:
        return "only root attaches to the daemon's processes"
    return "" if shutil.which("strace") else "no strace"


def is_gone(pid):
    """Gone, or a zombie that its parent has not seen yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until_gone(pid, seconds):
    try:
        return host.wait_for(lambda: is_gone(pid), seconds)
    except AssertionError:
        return False


class Tracer:
    """strace, attached to one process and all its threads until the end of a `with` block."""

    def __init__(self, pid, calls, *options):
        self.pid, self.calls, self.options = pid, calls, options

    def __enter__(self):
        self.output = tempfile.NamedTemporaryFile("r", prefix="maild-trace-")
        command = ["strace", "-f", "-p", str(self.pid), "-o", self.output.name, "-e", "trace=" + self.calls,
                   "-e", "signal=none", *self.options]
        self.strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        line = self.strace.stderr.readline()
        if "attached" not in line:
            self.strace.wait()
            raise AssertionError(f"strace: {line}")
        return self

    def __exit__(self, *_):
        # A dead process is reaped by strace, which then ends; told to end meanwhile, it may wait for ever for the wrong thread.
        if not is_gone(self.pid):
            self.strace.send_signal(signal.SIGTERM)   # lets its process go
        try:
            self.strace.wait(5)
        except subprocess.TimeoutExpired:
            self.strace.kill()
            self.strace.wait()
        self.strace.stderr.close()
        self.output.close()

    def lines(self):
        return pathlib.Path(self.output.name).read_text(errors="replace").splitlines()

    def calls_of_busiest_thread(self):
        """strace counts `when=` for each thread on its own."""
        begun = [line.split(None, 1) for line in self.lines() if "(" in line and "resumed>" not in line]
        counts = collections.Counter(thread for thread, _ in begun)
        return max(counts.values(), default=0)


def killing(pid, calls, k):
    """The process dies where one of its threads begins its k-th such call."""
    return Tracer(pid, calls, "-e", f"inject={calls}:signal=KILL:when={k}")


def failing(pid, calls, error, options=()):
    """Instead of such a call the process makes one that its sandbox allows; strace's own way, call -1, would kill it."""
    return Tracer(pid, calls, "-e", f"inject={calls}:error={error}:syscall=getpid", *options)


def delaying(pid, calls, microseconds):
    return Tracer(pid, calls, "-e", f"inject={calls}:delay_enter={microseconds}")
