#!/usr/bin/env python3
"""limits.memory as a contract: with so much for all processes, a thousand idle clients and a hundred large deliveries at once
neither fail nor exceed it. Some deliveries are told to come later (452, 421), come, and arrive, each once.

    memory.py [--clients N] [--deliveries N] [--size OCTETS] [--memory MIB] [--port 24|25] [--no-size]    (the figures of the
    contract: --clients 1000 --deliveries 100 --size 50000000 --memory 256; ctest takes smaller messages)"""
import argparse
import asyncio
import hashlib
import imaplib
import os
import pathlib
import re
import resource
import sys
import threading
import time

import host

BLOCK = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+/abcdefghijkl\r\n" * 820
LATER = ("452", "421")
FILES = "memory files"


def descendants(parent):
    """The process and all below it."""
    pids = [parent]
    for pid in pids:
        try:
            pids += map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):   # it has just ended
            continue
    return pids


def held_files(pid):
    """Memory files of the process, by inode: octets that they take, mapped or not."""
    files = {}
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            if os.readlink(entry).startswith("/memfd:"):
                status = os.stat(entry)
                files[status.st_ino] = status.st_blocks * 512
        except (FileNotFoundError, ProcessLookupError):   # it has just been closed
            continue
    return files


class Watch(threading.Thread):
    """What all processes of a host take together, ten times a second: their proportional shares, and memory files that no
    process has mapped, which are nobody's share."""

    def __init__(self, supervisor):
        super().__init__(daemon=True)
        self.supervisor, self.over, self.samples, self.most, self.parts, self.fault = supervisor, threading.Event(), 0, 0, {}, None

    def take(self):
        shares, shared, files, parts = 0, 0, {}, {}
        for pid in descendants(self.supervisor):
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                name = pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
                files |= held_files(pid)
            except (FileNotFoundError, ProcessLookupError):   # it has just ended; whatever else it is, nothing is measured
                continue
            if not text:   # it has ended, and is not waited for yet
                continue
            sizes = {key: int(kib) * 1024 for key, kib in re.findall(r"^(Pss\w*): +(\d+) kB", text, re.MULTILINE)}
            shares += sizes["Pss"]
            shared += sizes["Pss_Shmem"]
            parts[f"{pid} {name.split('/')[-1]}"] = (sizes["Pss_Anon"], sizes["Pss_File"], sizes["Pss_Shmem"])
        total = shares - shared + max(shared, sum(files.values()))
        return total, parts | {FILES: (0, 0, sum(files.values()))}

    def run(self):
        while not self.over.wait(0.1):
            try:
                total, parts = self.take()
            except Exception as error:   # finish() raises it where somebody sees it
                self.fault = error
                return
            self.samples += 1
            if total > self.most:
                self.most, self.parts = total, parts

    def finish(self):
        self.over.set()
        self.join()
        if self.fault:
            raise self.fault
        return self.most

    def unmeasured(self, roles):
        """Those of the processes that are no part of what was measured."""
        measured = {int(part.split()[0]) for part in self.parts if part != FILES}
        return {role: pid for role, pid in roles.items() if pid not in measured}


def told(parts):
    mib = lambda octets: f"{octets / 2**20:7.1f}"
    return "\n".join(f"  {name:40} anonymous {mib(a)}  files {mib(f)}  shared {mib(s)} MiB" for name, (a, f, s) in parts.items())


async def idle_client(machine, tls, turns):
    """A mail program that has logged in, opened INBOX, and waits."""
    async with turns:
        reader, writer = await asyncio.open_connection("127.0.0.1", machine.port(993), ssl=tls)
        await reader.readline()
        for tag, command in (("a", f'LOGIN {machine.address} "{machine.password}"'), ("b", "SELECT INBOX")):
            writer.write(f"{tag} {command}\r\n".encode())
            while not (line := await reader.readline()).startswith(tag.encode()):
                assert line, "the connection ended"
            assert b" OK" in line, line
        writer.write(b"c IDLE\r\n")
        while not (await reader.readline()).startswith(b"+"):
            pass
        return reader, writer


class Refused(Exception):
    pass


async def reply(reader, *wanted):
    line = b"   -"
    while line[3:4] == b"-":
        line = await reader.readline()
    text = line.decode(errors="replace").strip()
    if text[:3] not in wanted:
        raise Refused(text)
    return text


def content(options, number):
    """The message, in pieces: each one another, so that none can be taken for another's."""
    header = host.message(f"large {number}", "", f"<large.{number}@client.example>")
    yield header
    left = options.size - len(header)
    while left > 0:
        mark = f"{number:09}".encode()
        piece = (mark + BLOCK[len(mark):])[-left:]
        yield b"x" + piece[1:] if piece.startswith(b"\n") else piece   # no LF alone
        left -= len(piece)


def digest(pieces):
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


async def attempt(machine, options, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", machine.port(options.port))
    try:
        await reply(reader, "220")
        declared = "" if options.no_size else f" SIZE={options.size}"
        for line, code in ((f"{'LHLO' if options.port == 24 else 'EHLO'} client.example", "250"),
                           (f"MAIL FROM:<bob@client.example>{declared}", "250"),
                           (f"RCPT TO:<{machine.address}>", "250"), ("DATA", "354")):
            writer.write(line.encode() + b"\r\n")
            await reply(reader, code)
        for piece in content(options, number):
            writer.write(piece)
            await writer.drain()
        writer.write(b".\r\n")
        await writer.drain()
        return await reply(reader, "250")
    finally:
        writer.close()


async def delivery(machine, options, number, refusals):
    """Until it is taken. What is refused must say that it may come again."""
    for _ in range(1000):
        try:
            return await attempt(machine, options, number)
        except Refused as refusal:
            refusals.append(str(refusal))
            assert str(refusal)[:3] in LATER, refusal
            await asyncio.sleep(1)   # as a queue does, only sooner
    raise AssertionError("never taken")


async def load(machine, options, watch):
    turns, refusals = asyncio.Semaphore(20), []
    before, _ = watch.take()
    tls = host.insecure_tls()
    clients = await asyncio.gather(*(idle_client(machine, tls, turns) for _ in range(options.clients)))
    idle, parts = watch.take()
    print(f"before {before / 2**20:.1f} MiB, with {options.clients} idle clients {idle / 2**20:.1f} MiB:\n{told(parts)}", flush=True)
    began = time.monotonic()
    outcomes = await asyncio.gather(*(delivery(machine, options, number, refusals) for number in range(options.deliveries)),
                                    return_exceptions=True)
    lost = [repr(outcome) for outcome in outcomes if isinstance(outcome, BaseException)]
    print(f"{options.deliveries} deliveries in {time.monotonic() - began:.1f} s, {len(refusals)} refused {sorted(set(refusals))}", flush=True)
    return clients, lost, idle, {"connections_turned_away" if "Too many connections" in refusal else "messages_refused" for refusal in refusals}


def read_back(machine, options):
    """The number in a Message-ID → the digest of each message in INBOX that has it, below our trace fields."""
    found = {}
    with imaplib.IMAP4_SSL("127.0.0.1", machine.port(993), ssl_context=host.insecure_tls()) as client:
        client.login(machine.address, machine.password)
        client.select("INBOX", readonly=True)
        for uid in client.uid("SEARCH", "ALL")[1][0].split():
            message = client.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1]
            number = re.search(rb"<large\.(\d+)@", message[:8192])
            found.setdefault(int(number.group(1)), []).append(digest([message[-options.size:]]))
    return found


def is_alive(client):
    """A client in IDLE: DONE, and the answer to that. What came meanwhile stands before."""
    async def ask():
        reader, writer = client
        writer.write(b"DONE\r\n")
        while not (line := await asyncio.wait_for(reader.readline(), 30)).startswith(b"c "):
            if not line:
                return False
        writer.close()
        return b" OK" in line
    return ask()


def processes(machine):
    return {p["role"]: p["pid"] for p in machine.status()["processes"]}


async def run(machine, options):
    watch = Watch(machine.supervisor())
    watch.start()
    pids = processes(machine)
    began = time.monotonic()
    clients, lost, idle, refused = await load(machine, options, watch)
    seconds = time.monotonic() - began
    most = watch.finish()
    print(f"at most {most / 2**20:.1f} MiB of {options.memory} in {watch.samples} samples:\n{told(watch.parts)}")
    alive = await asyncio.gather(*map(is_alive, clients))
    after, parts = watch.take()
    print(f"afterwards {after / 2**20:.1f} MiB:\n{told(parts)}")
    found = read_back(machine, options)
    wrong = [number for number in range(options.deliveries) if found.get(number) != [digest(content(options, number))]]
    checks = {"deliveries lost": sorted(set(lost)),
              "too few samples": watch.samples < max(seconds, 1),
              "processes that were not measured": watch.unmeasured(pids),
              "less memory than with idle clients alone": most < idle,
              "refusals that the admin does not hear of": [what for what in refused if not re.search(f"room_short .*{what}=[1-9]", machine.log())],
              "more memory than the limit": most > options.memory * 2**20,
              "idle clients lost": not all(alive),
              "deliveries missing, doubled, cut or changed": wrong,
              "processes that ended": processes(machine) != pids}
    faults = [f"{what}: {value}" for what, value in checks.items() if value]
    print("\n".join(faults) or "kept")
    return not faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--deliveries", type=int, default=100)
    parser.add_argument("--size", type=int, default=10_000_000)
    parser.add_argument("--memory", type=int, default=256, help="MiB; 0: no limit is set")
    parser.add_argument("--port", type=int, default=24, choices=(24, 25))
    parser.add_argument("--no-size", action="store_true", help="nobody says how much he is going to send")
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    machine = host.Host()
    path = machine.root / "etc/maild.toml"
    if options.memory:
        line = f"memory = \"{options.memory} MiB\"\n"
        text = path.read_text()
        place = re.search(r"^\[limits\].*\n", text, re.MULTILINE)
        text = text[:place.end()] + line + text[place.end():] if place else text + "\n[limits]\n" + line
        path.write_text(text)
        machine.stop()
        machine.start()
    good = asyncio.run(run(machine, options))
    machine.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
