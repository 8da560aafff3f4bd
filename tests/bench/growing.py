"""The measurements of tests/bench/growth. Each takes a Maild of its own, makes it greater step by step, and adds what an operation costs then to its
curves. CPU is that of all processes of the server."""
import json
import resource
import socket
import statistics
import subprocess
import time

import counting
import curves
import loading
import servers
import usage
import workloads


def powers(first, last):
    """Of ten."""
    sizes = [first]
    while sizes[-1] * 10 <= last:
        sizes.append(sizes[-1] * 10)
    return sizes


def median(answers, *keys):
    def value(answer):
        for key in keys:
            answer = answer[key]
        return answer
    return statistics.median(map(value, answers))


class Growth:
    """What the measurements share: the options, a server that is begun anew for each, the curves and the tables."""

    def __init__(self, options):
        self.options, self.server, self.curves, self.tables = options, None, {}, []
        if options.points and options.points.exists():
            self.curves = curves.from_json(options.points.read_text())
        self.answers = options.answers.open("w") if options.answers else None

    def begin(self):
        if self.server is not None and self.options.quick:
            return   # one does for all
        self.close()
        self.server = servers.Maild(None, 0, None)
        self.server.start()
        # All connections come from one address, and one worker may get nearly all of them.
        self.server.machine.configure("connections_per_address = 10000", f"connections_per_address = 30000\nconnections = {2 * self.options.connections + 1000}")
        self.server.await_ports()

    def restart(self):
        if not self.options.quick:
            self.server.stop()
            self.server.start()

    def close(self):
        if self.server is not None:
            self.server.close()
            self.server = None

    def curve(self, group, name, law, of, **more):
        return self.curves.setdefault(group, {}).setdefault(name, curves.Curve(name, law, of, **more))

    def forget(self, *groups):
        """They are measured anew."""
        for group in groups:
            self.curves.pop(group, None)

    def command_line(self, port, *arguments):
        return loading.command_line(self.options.build, self.server, port, *arguments)

    def load(self, port, *arguments):
        return self.note(loading.load(self.command_line(port, *arguments)), arguments)

    def note(self, answers, arguments):
        if self.answers:
            self.answers.write("".join(json.dumps({"workload": [str(word) for word in arguments], **answer}) + "\n" for answer in answers))
            self.answers.flush()
        return answers

    def quiet(self):
        return usage.settle(self.server.roots())


# Deliveries to more and more accounts.

def deliveries(growth):
    growth.forget("accounts")
    options, server = growth.options, growth.server
    cpu = growth.curve("accounts", "LMTP delivery, 16 senders", "log n", "accounts")
    importing = growth.curve("accounts", "import of an account", "log n", "accounts")
    lines, there = [], 0
    for count in powers(1, options.accounts):
        names = [f"user{n}@{servers.domain}" for n in range(there + 1, count + 1)]
        before, began = usage.cpu_seconds(server.roots()), time.monotonic()
        server.add_accounts(names)
        importing.add(count, 1000 * (usage.cpu_seconds(server.roots()) - before) / len(names), 1000 * (time.monotonic() - began) / len(names))
        there = count
        deliver = ("deliver", "--protocol", "lmtp", "--connections", 16, "--accounts", count)
        growth.load("lmtp", *deliver, "--operations", max(count, options.operations // 4))   # each has a mailbox then
        growth.quiet()
        answers = [growth.load("lmtp", *deliver, "--operations", max(count, options.operations))[0] for _ in range(options.rounds)]
        for answer in answers:
            cpu.add(count, answer["server_cpu_s_per_1k"], answer["latency_ms"]["p50"])
        line = (median(answers, "rate"), median(answers, "server_cpu_s_per_1k"), *(median(answers, "latency_ms", share) for share in ("p50", "p99")))
        loading.say("{:,} accounts: {:.0f}/s, CPU {:.2f} ms each, p50 {:.1f} ms, p99 {:.1f} ms".format(count, *line))
        lines.append((count, *line))
    growth.tables.append(plain_table(("accounts", "deliveries/s", "CPU each, ms", "p50, ms", "p99, ms"), lines))


def plain_table(head, lines):
    cells = [head, ["---"] * len(head)] + [[f"{line[0]:,}", *(curves.report.number(value) for value in line[1:])] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


# Mailboxes that are ten times as large each; the store has them all.

def mailboxes(growth):
    growth.forget("messages", "start")
    growth.server.add_accounts([f"box{size}@{servers.domain}" for size in powers(100, growth.options.messages)])
    for size in powers(100, growth.options.messages):
        Mailbox(growth, size).measure()


class Mailbox:
    def __init__(self, growth, size):
        self.growth, self.size, self.rounds = growth, size, 1 if growth.options.quick else 5
        self.account = f"box{size}@{servers.domain}"

    def add(self, name, law, answers):
        """Operations of one kind."""
        curve = self.growth.curve("messages", name, law, "messages")
        for answer in answers:
            curve.add(self.size, answer["server_cpu_s_per_1k"], answer["latency_ms"]["p50"])
        loading.say(f"  {self.size:,} messages: {name}: {curve.cell(self.size)}")

    def load(self, port, *arguments):
        return self.growth.load(port, *arguments, "--account", self.account)

    def commands(self, *quietly, timed):
        return self.load("imap", *workloads.steps(timed, ["SELECT INBOX", *quietly]))

    def measure(self):
        self.fill()
        self.growth.quiet()
        self.new_sessions()
        self.whole_mailbox()
        self.single_messages()
        self.arrivals()
        Starts(self.growth, self.size, self.account).measure()

    def fill(self):
        answers = self.load("imap", *workloads.fill(self.size), "--connections", 4)
        answers[0]["latency_ms"] = {"p50": 1000 / answers[0]["rate"]}   # of a message, not of 250
        self.add("MULTIAPPEND of 2 KiB, each", "log n", answers)
        loading.say(f"  {answers[0]['rate']:,.0f} messages/s")
        if not self.growth.options.quick:   # of what is not yet in its place: the write-ahead log, the search index
            Starts(self.growth, self.size, self.account).after_kill("kill -9 while filled", "n")

    def new_sessions(self):
        """SELECT, and the first command that has to know the messages."""
        middle = self.size // 2
        steps = [workloads.Command("", "SELECT INBOX"), workloads.Command("", f"UID FETCH {middle} (FLAGS)")]
        pairs = [self.load("imap", *workloads.steps(steps)) for _ in range(4 * self.rounds)]
        self.add("SELECT, new session", "log n", [first for first, _ in pairs])
        self.add("the first UID FETCH of a session", "n", [second for _, second in pairs])
        self.add("SELECT, again", "log n", self.commands(timed=[workloads.Command("", "SELECT INBOX", 10 * self.rounds)]))

    def whole_mailbox(self):
        times = max(1, min(4 * self.rounds, 200_000 // self.size))
        everything = [("FETCH FLAGS of all", "FETCH 1:* (FLAGS UID)", times), ("FETCH ENVELOPE of all, the first time", "FETCH 1:* (ENVELOPE)", 1),
                      ("SEARCH TEXT, a word of one message", f"SEARCH TEXT {workloads.needle}", times),
                      ("STORE +FLAGS to all", "STORE 1:* +FLAGS.SILENT (\\Flagged)", 1)]
        answers = self.commands("NOOP", "UID FETCH 1 (FLAGS)", timed=[workloads.Command(*one) for one in everything])
        for (name, command, _), answer in zip(everything, answers, strict=True):
            if command.startswith("FETCH") and answer["untagged"] != self.size or command.startswith("SEARCH") and answer["octets"] < len("* SEARCH 1\r\n"):
                raise RuntimeError(f"{command}: {answer}")
            self.add(name, "n", [answer])

    def single_messages(self):
        """Evenly over the mailbox."""
        count = 4 * self.rounds
        uids = [1 + (2 * n + 1) * self.size // (2 * count) for n in range(count)]
        for name, law, command in (("FETCH of one message by UID", "log n", "UID FETCH {} (FLAGS BODY.PEEK[])"),
                                   ("STORE to one", "log n", "UID STORE {} +FLAGS (\\Answered)"),
                                   ("COPY of one", "log n", "UID COPY {} Copies"),
                                   ("STORE +\\Deleted and EXPUNGE of one", "log n", None)):
            timed = [command.format(uid) for uid in uids] if command else [
                line for uid in uids for line in (f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)", f"UID EXPUNGE {uid}")]
            quietly = ["CREATE Copies"] if "COPY" in name else []
            answers = self.commands("UID FETCH 1 (FLAGS)", *quietly, timed=[workloads.Command("", line) for line in timed])
            self.add(name, law, answers if command else map(sum_of, answers[::2], answers[1::2]))

    def arrivals(self):
        """Deliveries, and what one session that has the mailbox open adds to them."""
        count = 20 * self.rounds
        self.add("LMTP delivery into it, 16 senders", "log n", self.load("lmtp", "deliver", "--connections", 16, "--operations", 4 * count))
        answers = self.load("imap", "idle", "--connections", 1, "--settle", 0, "--probes", count, "--delivery-port", self.growth.server.ports["lmtp"])
        probed = answers[-1]
        probed["latency_ms"] = probed["content_to_exists_ms"]
        self.add("a delivery that is told in IDLE", "log n", [probed])


def sum_of(first, second):
    """What two commands took together."""
    return {"server_cpu_s_per_1k": first["server_cpu_s_per_1k"] + second["server_cpu_s_per_1k"],
            "latency_ms": {"p50": first["latency_ms"]["p50"] + second["latency_ms"]["p50"]}}


class Starts:
    """From the start of the program to the first login, and what that cost."""

    def __init__(self, growth, size, account):
        self.growth, self.size, self.account, self.rounds = growth, size, account, growth.options.rounds

    def measure(self):
        for _ in range(self.rounds):
            self.change()
            self.growth.server.stop()
            self.start("orderly stop")
            self.first_select()
            self.change()
            self.after_kill("kill -9")
            self.first_select()

    def first_select(self):
        """The store reads the numbers of all messages then, and keeps them while there is room."""
        answer, = self.growth.load("imap", *workloads.steps([workloads.Command("", "SELECT INBOX")]), "--account", self.account)
        curve = self.growth.curve("start", "the first SELECT after a start", "n", "messages")
        curve.add(self.size, answer["server_cpu_s_per_1k"], answer["latency_ms"]["p50"])
        loading.say(f"  {self.size:,} messages: {curve.name}: {curve.cell(self.size)}")

    def change(self):
        self.growth.load("lmtp", "deliver", "--connections", 4, "--operations", 100, "--account", self.account)

    def after_kill(self, name, law_behind="log n"):
        usage.kill(self.growth.server.roots())
        self.start(name, law_behind)

    def start(self, name, law_behind="log n"):
        """`law_behind`: what goes on in the background afterwards; messages that the search index has not seen yet, it has still to see."""
        server = self.growth.server
        spent, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        first = subprocess.Popen([server.machine.root / "bin/maild"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not logs_in(server.ports["imap"], self.account):
            if time.monotonic() > began + 600:
                raise RuntimeError(f"no login\n{server.machine.log_tail()}")
            time.sleep(0.002)
        wall, cpu = time.monotonic() - began, usage.cpu_seconds(server.roots())
        if first.wait(60) != 0:
            raise RuntimeError(f"maild: exit {first.returncode}\n{server.machine.log_tail()}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu += after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime
        curve = self.growth.curve("start", f"start after {name}", "log n", "messages", least=20)
        curve.add(self.size, 1000 * cpu, 1000 * wall)
        behind = self.growth.quiet()
        loading.say(f"  {self.size:,} messages: {curve.name}: {1000 * wall:.0f} ms, CPU {1000 * cpu:.0f} ms, and {1000 * behind:.0f} behind it")
        self.growth.curve("start", f"work behind {name}", law_behind, "messages", least=100).add(self.size, 1000 * behind)


def logs_in(port, account):
    """Whether a login is accepted now."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rwb") as stream:
            stream.readline()
            stream.write(f"a LOGIN {account} {servers.password}\r\n".encode())
            stream.flush()
            return stream.readline().startswith(b"a OK")
    except OSError:
        return False
