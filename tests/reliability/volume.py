"""A small file system of its own for the daemon's data: an ext4 image on a loop device, that can be filled and broken."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from tracing import host


def missing():
    if os.geteuid() != 0:
        return "only root mounts"
    if not shutil.which("mkfs.ext4"):
        return "no mkfs.ext4"
    found = subprocess.run(["losetup", "-f"], capture_output=True)
    return "" if found.returncode == 0 else "no loop devices"


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stderr}")
    return done.stdout


class Volume:
    """Mounted over a host's data directory, with what was in it."""

    def __init__(self, machine, *options, size="256M"):
        self.machine, self.path = machine, machine.root / "var/lib"
        self.image = pathlib.Path(tempfile.mkstemp(prefix="maild-volume-")[1])
        machine.stop()
        run("truncate", "-s", size, self.image)
        run("mkfs.ext4", "-q", "-F", "-m", "0", *options, self.image)
        saved = machine.root / "saved"
        self.path.rename(saved)
        self.path.mkdir()
        run("mount", "-o", "loop,errors=remount-ro", self.image, self.path)
        shutil.copystat(saved, self.path)
        run("cp", "-a", f"{saved}/.", self.path)
        run("sync", "-f", self.path)
        machine.start()

    def free(self):
        facts = os.statvfs(self.path)
        return facts.f_bavail * facts.f_frsize

    def fill(self, leave):
        """All but so many bytes."""
        size = self.free() - leave
        if size > 0:
            subprocess.run(["fallocate", "-l", str(size), self.path / "filler"], capture_output=True)
        with open(self.path / "filler", "ab") as filler:   # and what fallocate could not have
            try:
                while leave == 0:
                    filler.write(bytes(4096))
                    filler.flush()
            except OSError:
                pass

    def empty(self):
        for name in self.path.glob("filler*"):
            name.unlink()

    def fill_inodes(self):
        number = 0
        try:
            while True:
                (self.path / f"filler{number}").touch()
                number += 1
        except OSError:
            return number

    def loop_device(self):
        return pathlib.Path(run("findmnt", "-n", "-o", "SOURCE", self.path).strip()).name

    def close(self):
        self.machine.stop()
        host.wait_for(lambda: subprocess.run(["umount", self.path], capture_output=True).returncode == 0, 20, "umount")
        self.image.unlink()
