"""One scripted run against a host and what came of it: each step is untried, unknown (tried, not answered) or acknowledged.
After a fault, check() holds the mailboxes against that: what was acknowledged is there and equal, what was not is wholly
there or not at all."""
import hashlib
import imaplib
import re
import smtplib
import socket
import subprocess

from tracing import host

ADA, BEA = "ada@example.org", "bea@example.org"
IMAP_PROBLEMS = (imaplib.IMAP4.error, OSError, EOFError)


class Refused(Exception):
    """The host said no, in words that mean "later"."""


class Faulty(Exception):
    """The host broke a promise."""


def digest(content):
    return hashlib.sha256(content).hexdigest()


def below_trace(content):
    return content[content.index(b"From: Bob"):]


def login(machine, address, password):
    client = imaplib.IMAP4_SSL("127.0.0.1", machine.port(993), ssl_context=host.insecure_tls(), timeout=30)
    client.login(address, password)
    return client


def accepted(answer):
    """What an IMAP command answered, if that was OK."""
    status, lines = answer
    text = " ".join(line.decode(errors="replace") for line in lines if isinstance(line, bytes))
    if status == "OK":
        return text
    if status == "NO" and ("[UNAVAILABLE]" in text or "[INUSE]" in text):
        raise Refused(text)
    raise Faulty(f"{status} {text}")


class Idler:
    """A second session of ada, in IDLE."""

    def __init__(self, machine):
        self.socket = socket.create_connection(("127.0.0.1", machine.port(143)), timeout=10)
        self.stream = self.socket.makefile("rwb")
        self.stream.readline()
        for line in (f'a LOGIN {ADA} "{machine.password}"', "b SELECT INBOX", "c IDLE"):
            self.stream.write(line.encode() + b"\r\n")
            self.stream.flush()
            self.wait(b"+ " if line == "c IDLE" else line[:2].encode())

    def wait(self, what):
        while True:
            line = self.stream.readline()
            if not line or line.startswith(b"* BYE"):
                raise ConnectionError("cut")
            if line.startswith(what):
                if what[:1].isalpha() and b" OK" not in line:
                    raise Refused(line.decode(errors="replace"))
                return
            if what == b"EXISTS" and b" EXISTS" in line:
                return

    def close(self):
        self.socket.close()


class Run:
    """SMTP to two recipients, then APPEND, STORE, MOVE, EXPUNGE with an idle session beside it, and a new account."""
    STEPS = ("deliver", "login", "idle", "append", "news", "flag", "move", "delete", "account")

    def __init__(self, machine, number):
        self.machine, self.number = machine, number
        self.delivered = host.message(f"delivered {number}", f"Delivered {number}.\r\n" * 40, f"<d.{number}@faults.example>")
        self.appended = host.message(f"appended {number}", f"Appended {number}.\r\n" * 40, f"<a.{number}@faults.example>")
        self.state = dict.fromkeys(self.STEPS, "untried")
        self.recipients, self.uid, self.why = [], None, ""
        self.imap = self.idler = None

    def go(self):
        """Up to the first step that fails: what failed, in what words, is in `why`."""
        try:
            for step in self.STEPS:
                self.state[step] = "unknown"
                getattr(self, step)()
                self.state[step] = "acknowledged"
        except (Refused, smtplib.SMTPException, *IMAP_PROBLEMS) as problem:
            self.why = f"{step}: {type(problem).__name__}: {problem}"
            self.check_words(step, problem)
        finally:
            self.close()
        return not self.why

    def check_words(self, step, problem):
        """Of a process that died only temporary things may be said."""
        if isinstance(problem, smtplib.SMTPResponseException) and problem.smtp_code >= 500:
            raise Faulty(self.why)
        if isinstance(problem, smtplib.SMTPRecipientsRefused):
            if any(code >= 500 for code, _ in problem.recipients.values()):
                raise Faulty(self.why)
        is_cut = isinstance(problem, imaplib.IMAP4.abort) or not isinstance(problem, imaplib.IMAP4.error)
        if not is_cut and "[UNAVAILABLE]" not in str(problem):
            raise Faulty(self.why)

    def close(self):
        for client in (self.imap, self.idler):
            try:
                if client:
                    client.close() if client is self.idler else client.shutdown()
            except IMAP_PROBLEMS:
                pass

    def deliver(self):
        client = smtplib.SMTP("127.0.0.1", self.machine.port(25), local_hostname="faults.example", timeout=30)
        try:
            client.ehlo_or_helo_if_needed()
            for code, text in [client.mail("bob@faults.example")]:
                if code != 250:
                    raise smtplib.SMTPSenderRefused(code, text, "bob")
            for recipient in (ADA, BEA):
                code, text = client.rcpt(recipient)
                if code == 250:
                    self.recipients.append(recipient)
                elif code >= 500:
                    raise smtplib.SMTPResponseException(code, text)
            if not self.recipients:
                raise smtplib.SMTPResponseException(code, text)
            code, text = client.data(self.delivered)
            if code != 250:
                raise smtplib.SMTPDataError(code, text)
        finally:
            client.close()

    def login(self):
        self.imap = login(self.machine, ADA, self.machine.password)
        accepted(self.imap.select("INBOX"))

    def idle(self):
        self.idler = Idler(self.machine)

    def append(self):
        text = accepted(self.imap.append("INBOX", "", "", self.appended))
        self.uid = re.search(r"APPENDUID \d+ (\d+)", text).group(1)

    def news(self):
        self.idler.wait(b"EXISTS")

    def flag(self):
        accepted(self.imap.uid("STORE", self.uid, "+FLAGS", r"(\Flagged)"))

    def move(self):
        found = accepted(self.imap.uid("SEARCH", "HEADER", "Message-ID", f"<d.{self.number}@faults.example>"))
        if found:
            accepted(self.imap.uid("MOVE", found, "Archive"))
        elif ADA in self.recipients:
            raise Faulty("an acknowledged message is not found")

    def delete(self):
        accepted(self.imap.uid("STORE", self.uid, "+FLAGS", r"(\Deleted)"))
        accepted(self.imap.expunge())

    def account(self):
        command = [self.machine.root / "bin/mailctl", "account", "add", f"user{self.number}@example.org", "--password-stdin"]
        done = subprocess.run(command, input="secret word\n", capture_output=True, text=True, timeout=60)
        if done.returncode not in (0, 69, 75):   # EX_UNAVAILABLE, EX_TEMPFAIL
            raise Faulty(f"mailctl: {done.returncode} {done.stderr}")
        if done.returncode != 0:
            raise Refused(done.stderr)


class Ledger:
    """All runs so far: which bytes each (mailbox, UID) has ever named."""

    def __init__(self, machine):
        self.machine, self.known, self.runs, self.faults = machine, {}, [], []

    def read(self, address, password, mailbox, since=1):
        with login(self.machine, address, password) as client:
            client.select(mailbox, readonly=True)
            answer = client.status(mailbox, "(UIDVALIDITY UIDNEXT)")[1][0].decode()
            validity, following = (int(re.search(rf"{word} (\d+)", answer).group(1)) for word in ("UIDVALIDITY", "UIDNEXT"))
            found = {}
            for item in client.uid("FETCH", f"{since}:*", "(UID FLAGS BODY.PEEK[])")[1]:
                if isinstance(item, tuple):
                    uid = int(re.search(rb"UID (\d+)", item[0]).group(1))
                    found[uid] = (below_trace(item[1]), b"\\Flagged" in item[0])
        return validity, following, found

    def look(self, address, password, mailbox, everything=False):
        """What is in the mailbox since the last look, with what must never change checked."""
        validity, following, bytes_of = self.known.setdefault((address, mailbox), (None, 1, {}))
        new_validity, new_following, found = self.read(address, password, mailbox, 1 if everything else following)
        if validity not in (None, new_validity):
            self.faults.append(f"{mailbox}: UIDVALIDITY changed")
        if new_following < following:
            self.faults.append(f"{mailbox}: UIDNEXT dropped from {following} to {new_following}")
        if any(uid >= new_following for uid in found):
            self.faults.append(f"{mailbox}: a UID beyond UIDNEXT {new_following}")
        for uid, (content, _) in found.items():
            if bytes_of.setdefault(uid, digest(content)) != digest(content):
                self.faults.append(f"{mailbox}: UID {uid} names other bytes")
        self.known[(address, mailbox)] = (new_validity, new_following, bytes_of)
        return {uid: entry for uid, entry in found.items() if everything or uid >= following}

    def check(self, run):
        self.runs.append(run)
        inbox = self.look(ADA, self.machine.password, "INBOX")
        archive = self.look(ADA, self.machine.password, "Archive")
        others = self.look(BEA, "pw", "INBOX")
        for content, _ in [*inbox.values(), *archive.values(), *others.values()]:
            if content not in (run.delivered, run.appended):
                self.faults.append(f"run {run.number}: altered or foreign bytes")
        count = lambda mailbox, content: sum(entry[0] == content for entry in mailbox.values())
        self.check_delivery(run, count(inbox, run.delivered), count(archive, run.delivered), count(others, run.delivered))
        self.check_append(run, {uid: flagged for uid, (content, flagged) in inbox.items() if content == run.appended})
        self.check_account(run)

    def claim(self, run, holds, what):
        if not holds:
            self.faults.append(f"run {run.number}: {what}; {run.state}; {run.why}")

    def check_delivery(self, run, inbox, archive, others):
        wanted = (int(ADA in run.recipients), int(BEA in run.recipients))
        possible = {"acknowledged": [wanted], "unknown": [wanted, (0, 0)], "untried": [(0, 0)]}[run.state["deliver"]]
        self.claim(run, (inbox + archive, others) in possible, f"delivered {inbox}+{archive} and {others} times")
        if run.state["move"] == "acknowledged":
            self.claim(run, inbox == 0, "moved, and still in INBOX")
        if run.state["move"] == "untried":
            self.claim(run, archive == 0, "in Archive without a move")

    def check_append(self, run, found):
        state, gone = run.state["append"], run.state["delete"]
        least = 1 if state == "acknowledged" and gone == "untried" else 0
        most = 0 if state == "untried" or gone == "acknowledged" else 1
        self.claim(run, least <= len(found) <= most, f"appended message there {len(found)} times")
        for uid, flagged in found.items():
            self.claim(run, run.uid is None or uid == int(run.uid), f"APPENDUID {run.uid} is UID {uid}")
            self.claim(run, flagged or run.state["flag"] != "acknowledged", "acknowledged flag lost")
            self.claim(run, not flagged or run.state["flag"] != "untried", "flag out of nowhere")

    def check_account(self, run):
        if run.state["account"] == "untried":
            return
        there = f"user{run.number}@example.org" in self.machine.mailctl("account", "list")
        self.claim(run, there or run.state["account"] == "unknown", "acknowledged account lost")
        if there:   # wholly: with its password and mailboxes
            login(self.machine, f"user{run.number}@example.org", "secret word").logout()

    def check_everything(self):
        for address, password, mailbox in ((ADA, self.machine.password, "INBOX"), (ADA, self.machine.password, "Archive"), (BEA, "pw", "INBOX")):
            self.look(address, password, mailbox, everything=True)


def prepare(machine):
    """One worker, so that each run takes the same way."""
    machine.add_account(BEA, "pw")
    path = machine.root / "etc/maild.toml"
    path.write_text(path.read_text() + "\n[pool]\nworkers = 1\n")
    machine.stop()
    machine.start()


def is_whole(machine):
    try:
        return all(p["pid"] > 0 and p["state"] == "ready" for p in machine.status()["processes"])
    except AssertionError:
        return False
