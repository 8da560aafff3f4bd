"""The measurements of tests/bench/growth with many connections that wait in IDLE."""
import dataclasses
import json
import subprocess
import time

import growing
import loading
import report
import servers
import usage

accounts = 100   # which the connections share: after a start each password is hashed once, which is not the matter here
pattern = f"idle%n@{servers.domain}"
lonely = f"lonely@{servers.domain}"   # whom deliveries go to; one session more, so that all of the cost is that of one


def hold(growth, count, tls):
    """So many connections wait, of a server that has begun anew, so that nothing that it had kept is used again."""
    growth.restart()
    quick, roots = growth.options.quick, growth.server.roots()
    arguments = ("idle", "--tls", "implicit" if tls else "none", "--connections", count, "--accounts", 10 if quick else accounts,
                 "--account", pattern, "--settle", 0 if quick else 3, "--rest", 3600)
    command = growth.command_line("imaps" if tls else "imap", *arguments)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as load:
        try:
            line = load.stdout.readline()
            begun, = growth.note([json.loads(line)], arguments)
            if "failure" in begun:
                raise RuntimeError(f"{' '.join(command)}\n{line}")
            held = Held(count, begun["kib_per_connection"], 1000 / begun["rate"], usage.memory_by_role(roots))
            seconds, before = 1 if quick else 20, usage.cpu_seconds(roots)
            time.sleep(seconds)   # what they cost while nobody uses them
            held.resting = 1e6 * (usage.cpu_seconds(roots) - before) / seconds / count
            held.told = growth.load("imap", "idle", "--connections", 1, "--settle", 0, "--probes", 20 if quick else 200, "--account", lonely,
                                    "--delivery-port", growth.server.ports["lmtp"])[-1]
        finally:
            load.terminate()
    return held


@dataclasses.dataclass
class Held:
    count: int
    kib: float           # of each, all processes
    beginning: float     # ms that one took to begin, the login included
    memory: dict         # KiB of each role, all of it
    resting: float = 0   # µs of CPU in a second, each
    told: dict = None    # maild_load's answer about deliveries to one more connection


def idle(growth):
    growth.forget("idle")
    options = growth.options
    shared = [f"idle{n}@{servers.domain}" for n in range(1, (10 if options.quick else accounts) + 1)]
    growth.server.add_accounts([*shared, lonely])
    growth.load("imap", "login", "--account", pattern, "--connections", 4, "--accounts", len(shared), "--operations", len(shared))   # their first
    counts = growing.powers(20 if options.quick else 1000, options.connections)
    lines = []
    for tls in (False, True):
        kind, before = "TLS" if tls else "plain", hold(growth, counts[0] // 10, tls)
        for count in counts:
            held = hold(growth, count, tls)
            told = held.told["content_to_exists_ms"]
            growth.curve("idle", f"memory of a {kind} connection, KiB", "constant", "connections", unit="KiB", least=4).add(count, held.kib)
            growth.curve("idle", f"CPU of an idle {kind} connection, µs/s", "constant", "connections", unit="µs", least=20).add(count, held.resting)
            growth.curve("idle", f"delivery told in IDLE, {kind}", "log n", "connections").add(count, held.told["server_cpu_s_per_1k"], told["p50"])
            loading.say(f"  {count:,} {kind}: {held.kib:.1f} KiB each, {held.resting:.1f} µs/s each, told after {told}; {held.memory}")
            parts = [(held.memory[role] - before.memory[role]) / (count - before.count) for role in ("worker", "store", "auth")]
            numbers = (held.kib, *parts, held.resting, told["p50"], told["p99"], held.beginning)
            lines.append((f"{count:,}, {kind}", *(report.number(max(value, 0)) for value in numbers)))
            before = held
    head = ("idle connections", "KiB each", "of it worker", "store", "auth", "CPU each, µs/s", "EXISTS after, p50, ms", "p99, ms", "to begin one, ms")
    growth.tables.append("\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *lines)))
    floor, = growth.load("imap", "tls", "--connections", 100 if options.quick else 1000)
    growth.tables.append(f"OpenSSL alone keeps {floor['kib_per_connection']:.1f} KiB for a connection that waits.")
