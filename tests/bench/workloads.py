"""What is measured, in the order in which it is done; each is one run of maild_load."""
import dataclasses

mailbox_size, message_size, needle = 10_000, 2048, "haystackneedle"


@dataclasses.dataclass
class Workload:
    name: str                # the row of the table
    other: str               # beside whom: "dovecot", "postfix"
    arguments: tuple         # of maild_load; the first is its mode
    port: str                # the name of the server's port
    operations: int          # in a full run; a quarter with --quick
    goal_rate: float = 0     # so many times Dovecot's (and Postfix's) is wanted; 0: nothing said
    goal_cpu: float = 0      # and so many times less
    goal_cyrus: float = 0    # as goal_rate, beside Cyrus


def deliveries():
    lmtp, smtp = ("deliver", "--protocol", "lmtp"), ("deliver", "--protocol", "smtp")
    return [
        Workload("LMTP 4 KiB, 16 connections", "dovecot", (*lmtp, "--connections", "16"), "lmtp", 4000, 8, 10),
        Workload("LMTP 4 KiB, 1 connection", "dovecot", (*lmtp, "--connections", "1"), "lmtp", 800),
        Workload("LMTP 4 KiB, 10 recipients, 4 connections", "dovecot", (*lmtp, "--connections", "4", "--recipients", "10"), "lmtp", 600, 20),
        Workload("LMTP 100 KiB, 8 connections", "dovecot", (*lmtp, "--connections", "8", "--size", "102400"), "lmtp", 1200, 4),
        Workload("SMTP 4 KiB, 16 connections, to the mailbox", "postfix", (*smtp, "--connections", "16"), "smtp", 2000, 10),
        Workload("SMTP 4 KiB, STARTTLS, a new connection each, 8", "postfix",
                 (*smtp, "--connections", "8", "--reconnect", "yes", "--tls", "starttls"), "smtp", 1000),
    ]


def logins():
    login = ("login", "--connections", "8")
    return [
        Workload("IMAP login, 8 connections", "dovecot", login, "imap", 4000),
        Workload("IMAP login over TLS, 8 connections", "dovecot", (*login, "--tls", "implicit"), "imaps", 1600, 0, 3),
        Workload("TLS handshake and greeting alone, 8 connections", "dovecot", ("handshake", "--connections", "8", "--tls", "implicit"), "imaps", 1600),
        Workload("POP3 login over TLS, 8 connections", "dovecot", (*login, "--protocol", "pop3", "--tls", "implicit"), "pop3s", 1600),
        Workload("APPEND 4 KiB, 8 connections", "dovecot", ("append", "--connections", "8"), "imap", 4000),
    ]


@dataclasses.dataclass
class Command:
    """One command on a mailbox of 10,000 messages; `times` in each round."""
    name: str
    command: str
    times: int = 1
    goal_rate: float = 0
    goal_cpu: float = 0
    goal_cyrus: float = 0
    undo: str = ""   # before it can be done once more


first_commands = [
    Command("FETCH 1:* (ENVELOPE) of 10,000, the first time", "FETCH 1:* (ENVELOPE)", goal_rate=20, goal_cyrus=1.5),
]
new_session = Command("SELECT of 10,000, new session", "SELECT INBOX")
commands = [
    Command("SELECT of 10,000, again", "SELECT INBOX", 50, 1),
    Command("FETCH 1:* (FLAGS UID) of 10,000", "FETCH 1:* (FLAGS UID)", 10, 1),
    Command("FETCH 1:* (ENVELOPE) of 10,000, later", "FETCH 1:* (ENVELOPE)", 5),
    Command("STORE 1:* +FLAGS of 10,000", "STORE 1:* +FLAGS.SILENT (\\Flagged)", 1, 1, undo="STORE 1:* -FLAGS.SILENT (\\Flagged)"),
    Command("SEARCH TEXT, one hit in 10,000", f"SEARCH TEXT {needle}", 1, 50),
    Command("COPY of 1,000", "COPY 1:1000 Copies", 1, 5),
]
move = Command("MOVE of 1,000", "MOVE 1:1000 Moved", 1, 5)
body_commands = [
    Command("FETCH 1:* BODY.PEEK[] of 10,000 × 2 KiB, TLS", "FETCH 1:* BODY.PEEK[]", 3, 2.5),
]
retrieval = Workload("POP3 RETR of 10,000 × 2 KiB, TLS, 50 at once", "dovecot", ("pop3", "--tls", "implicit", "--window", "50"), "pop3s", 1)


def fill(size=mailbox_size):
    """INBOX gets its messages; one of them has the word."""
    return ("append", "--operations", str(size), "--size", str(message_size), "--multiple", "250", "--literal-plus", "yes",
            "--word", needle, "--every", str(size // 2 + 1))


def steps(timed, quiet=()):
    """Arguments of the mode imap: these commands quietly, then those."""
    words = ["imap"]
    for command in quiet:
        words += ["--quietly", command]
    for one in timed:
        words += ["--times", str(one.times), "--do", one.command]
    return tuple(words)
