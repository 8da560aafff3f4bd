"""A disk whose power can be cut: a file system of its own in an image on a loop device. cut() is the kernel's own shutdown of
the file system without flushing its log: what was synced stays, everything else, names and sizes included, is gone."""
import fcntl
import os
import shutil
import struct
import subprocess
import time

EXT4_IOC_SHUTDOWN = 0x8004587D   # the same number on XFS
NO_LOG_FLUSH = 2                 # as when the power fails: not even the log is written
MIB = 1024 * 1024


class Disk:
    def __init__(self, image, mountpoint, kind="ext4", size=2048 * MIB):
        self.image, self.mountpoint, self.kind = image, mountpoint, kind
        with open(image, "wb") as file:
            file.truncate(size)   # sparse
        command = {"ext4": ["mkfs.ext4", "-q", "-E", "lazy_itable_init=1,lazy_journal_init=1"], "xfs": ["mkfs.xfs", "-q"]}[kind]
        subprocess.run([*command, image], check=True, capture_output=True)
        mountpoint.mkdir(parents=True, exist_ok=True)
        self.mount()
        os.chmod(mountpoint, 0o755)

    def mount(self):
        subprocess.run(["mount", "-o", "loop", self.image, self.mountpoint], check=True, capture_output=True)

    def cut(self):
        directory = os.open(self.mountpoint, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(directory, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(directory)

    def unmount(self, seconds=20):
        """Once nobody has a file of it open: a killed process needs a moment to let go."""
        deadline = time.monotonic() + seconds
        while self.is_mounted():
            run = subprocess.run(["umount", self.mountpoint], capture_output=True, text=True)
            if run.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"umount: {run.stderr.strip()}")
            time.sleep(0.01)

    def power_returns(self):
        self.unmount()
        self.mount()

    def close(self):
        self.unmount()

    def is_mounted(self):
        """By the kernel's table: XFS after a shutdown does not even let itself be looked at, and os.path.ismount says no."""
        with open("/proc/self/mounts") as mounts:
            return any(line.split()[1] == str(self.mountpoint) for line in mounts)


def what_is_missing(kind):
    """Why power cannot be cut here, in words; nothing when it can."""
    if os.geteuid() != 0:
        return "not root: no file system can be mounted"
    if not os.path.exists("/dev/loop-control"):
        return "no loop devices"
    for program in (f"mkfs.{kind}", "mount", "umount"):
        if shutil.which(program) is None:
            return f"no {program}"
    return None
