"""System calls made by a running process on somebody else's behalf: what a taken-over role could try, tried in the role
itself, by ptrace(2). So the sandbox that is tested is the one that runs, and nothing for it is built into the daemon."""
import ctypes
import os
import platform
import signal

ATTACH, DETACH, GETREGS, SETREGS, SINGLESTEP = 16, 17, 12, 13, 9
WALL = 0x40000000
SYSCALL = b"\x0f\x05"
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es "
             "fs gs").split()
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
RED_ZONE = 512   # below the stack pointer: the compiler's

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in REGISTERS]


def missing():
    if platform.machine() != "x86_64":
        return "registers are known for x86_64 only"
    return "" if os.geteuid() == 0 else "only root enters the daemon's processes"


def ptrace(request, pid, data=None):
    if libc.ptrace(request, pid, None, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


class Killed(Exception):
    """The process ended in the call."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.signal = number


class Intruder:
    """Holds a process. The first thread alone is held: the filter is the same for all."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        ptrace(ATTACH, self.pid)
        os.waitpid(self.pid, WALL)
        self.saved = Registers()
        ptrace(GETREGS, self.pid, ctypes.byref(self.saved))
        self.is_there = True
        return self

    def __exit__(self, *_):
        if self.is_there:
            ptrace(SETREGS, self.pid, ctypes.byref(self.saved))
            ptrace(DETACH, self.pid)

    def call(self, number, *arguments):
        """Arguments are numbers, or bytes, which are put on the stack. The result, negative for an error; or Killed."""
        registers = Registers.from_buffer_copy(self.saved)
        address = registers.rsp - RED_ZONE
        for name, value in zip(ARGUMENTS, arguments):
            if isinstance(value, bytes):
                address = (address - len(value) - 1) & ~15
                self.write(address, value + b"\0")
                value = address
            setattr(registers, name, value & (2**64 - 1))
        registers.rsp = address - RED_ZONE
        registers.rax, registers.orig_rax = number, 2**64 - 1   # not a call that would be restarted
        registers.rip = self.instruction()
        ptrace(SETREGS, self.pid, ctypes.byref(registers))
        ptrace(SINGLESTEP, self.pid)
        _, status = os.waitpid(self.pid, WALL)
        if os.WIFSIGNALED(status):
            self.is_there = False
            raise Killed(os.WTERMSIG(status))
        ptrace(GETREGS, self.pid, ctypes.byref(registers))
        return ctypes.c_longlong(registers.rax).value

    def instruction(self):
        """A `syscall`: that which the process waits behind, or else one of libc's."""
        if self.read(self.saved.rip - 2, 2) == SYSCALL:
            return self.saved.rip - 2
        with open(f"/proc/{self.pid}/maps") as maps:
            area = next(line.split()[0] for line in maps if " r-xp " in line and "/libc" in line)
        start, end = (int(part, 16) for part in area.split("-"))
        return start + self.read(start, end - start).index(SYSCALL)

    def read(self, address, size):
        with open(f"/proc/{self.pid}/mem", "rb", 0) as memory:
            memory.seek(address)
            return memory.read(size)

    def write(self, address, content):
        with open(f"/proc/{self.pid}/mem", "r+b", 0) as memory:
            memory.seek(address)
            memory.write(content)


def find_in_memory(pid, needles):
    """Which of the byte strings stand somewhere in the writable memory of a process."""
    found, longest = set(), max(map(len, needles))
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            area, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            at, end = (int(part, 16) for part in area.split("-"))
            rest = b""
            while at < end:
                try:
                    memory.seek(at)
                    piece = memory.read(min(end - at, 1 << 22))
                except OSError:
                    break
                if not piece:
                    break
                text = rest + piece
                found.update(needle for needle in needles if needle in text)
                rest, at = text[-longest:], at + len(piece)
    return found
