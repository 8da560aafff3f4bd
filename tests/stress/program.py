"""A mail program that does anything at any time. What it does is drawn from its seed; what comes of it also depends on the others."""
import random
import threading

import imap
from conversation import Conversation
from selection import resync, select
from view import require

MAILBOXES = ("Stress", "Stress/Other")
FLAGS = ("\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted", "$Forwarded", "stress")
ITEMS = ("FLAGS", "(UID FLAGS)", "ENVELOPE", "(UID ENVELOPE INTERNALDATE RFC822.SIZE)", "BODYSTRUCTURE", "(UID BODY.PEEK[])",
         "BODY.PEEK[HEADER.FIELDS (Subject)]", "(UID BODY[])", "BODY[TEXT]", "(PREVIEW SAVEDATE)", "(EMAILID FLAGS)")
KEYS = ("ALL", "UNSEEN", "DELETED", "NOT FLAGGED", "KEYWORD stress", "SUBJECT 7", "TEXT body", "OR SEEN LARGER 300", "UID 1:50", "RETURN (COUNT MIN) ALL")
WEIGHTS = {"append": 7, "fetch": 12, "store": 12, "search": 5, "copy": 3, "move": 3, "expunge": 4, "noop": 3, "idle": 2, "status": 2,
           "pipeline": 3, "reselect": 2, "reconnect": 1}
FULL = 250   # messages; beyond it programs delete more
# RFC 5465: delayed, because these programs use sequence numbers; what comes is told with its UID and flags.
NOTIFY = ("NOTIFY SET (SELECTED-DELAYED (MessageNew (UID FLAGS) MessageExpunge FlagChange))"
          " (PERSONAL (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))")


class Program(threading.Thread):
    """`above` stands before the names of the mailboxes: a guest's are another account's."""

    def __init__(self, host, ledger, account, above, name, seed, rounds):
        super().__init__(name=name, daemon=True)
        self.host, self.ledger, self.account, self.above, self.rounds = host, ledger, account, above, rounds
        self.random = random.Random(f"{seed}.{name}")
        self.kind = self.random.choice(("plain", "condstore", "qresync"))
        self.notifies = self.random.random() < 0.3
        self.habits = f"{self.kind}{', notify' * self.notifies}{', guest' * bool(above)}"
        self.client = self.mailbox = self.fault = None
        self.snapshots = {}   # of a client that can resynchronise
        self.made = self.commands = 0
        self.last = ""

    def run(self):
        try:
            self.connect()
            while self.rounds.goes_on(self):
                kind = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
                self.last = kind
                getattr(self, kind)()
                self.client.learn()
                self.ledger.sizes[self.mailbox] = len(self.client.view.messages)
        except Exception as error:   # told by the main thread, with the seed
            self.fault = error
            self.rounds.abort()
        finally:
            if self.client:
                self.commands += self.client.answered
                self.client.close()

    # Coming and going.
    def connect(self):
        self.client = Conversation(self.host.port(143), *self.account, self.kind, self.ledger)
        if self.notifies:
            self.client.say(NOTIFY)
        self.select()

    def reconnect(self):
        self.commands += self.client.answered
        self.client.close()
        self.connect()

    def reselect(self):
        if self.random.random() < 0.5:
            self.client.say("UNSELECT")
        self.select()

    def select(self):
        mailbox = MAILBOXES[0] if self.random.random() < 0.6 else MAILBOXES[1]
        snapshot = self.snapshots.get(mailbox)
        if snapshot and self.random.random() < 0.8:
            resync(self.client, self.above + mailbox, snapshot, self.random.random() < 0.5)
        else:
            select(self.client, self.above + mailbox)
        self.mailbox = mailbox
        if self.kind == "qresync":
            self.snapshots[mailbox] = self.client.view.snapshot()

    # What changes nothing.
    def some(self, is_uid=False, most=20):
        """A set of messages that this client knows, as the protocol writes it."""
        numbers = [m.uid for m in self.client.view.messages] if is_uid else range(1, len(self.client.view.messages) + 1)
        if not numbers:
            return None
        first = self.random.randrange(len(numbers))
        last = min(len(numbers) - 1, first + self.random.randrange(most))
        if self.random.random() < 0.5:
            return [numbers[first]] if first == last else list(numbers[first:last + 1])
        return sorted(self.random.sample(list(numbers), min(len(numbers), self.random.randint(1, 5))))

    def fetch(self):
        is_uid = self.random.random() < 0.5
        if numbers := self.some(is_uid):
            self.client.say(f"{'UID ' * is_uid}FETCH {joined(numbers)} {self.random.choice(ITEMS)}")

    def search(self):
        is_uid, count = self.random.random() < 0.5, len(self.client.view.messages)
        verb = self.random.choice(("SEARCH", "SEARCH", "SORT (SUBJECT)", "SORT (REVERSE ARRIVAL)", "THREAD REFERENCES"))
        keys = self.random.choice(KEYS[:-1] if verb != "SEARCH" else KEYS)
        charset = "" if verb == "SEARCH" else "UTF-8 "
        self.client.say(f"{'UID ' * is_uid}{verb} {charset}{keys}")
        count = max(count, len(self.client.view.messages))   # with NOTIFY more may have come before it
        for reply in self.client.replies:
            if reply[0] in (b"SEARCH", b"SORT") and not is_uid:
                require(all(1 <= int(word) <= count for word in reply[1:] if not isinstance(word, list)), f"{reply} of {count}")

    def pipeline(self):
        """Commands that may be sent at once: none lets messages disappear while another's numbers are read (RFC 3501 §5.5)."""
        commands = []
        for _ in range(self.random.randint(2, 5)):
            if numbers := self.some():
                commands.append(self.random.choice((f"FETCH {joined(numbers)} (UID FLAGS)", f"STORE {joined(numbers)} +FLAGS (stress)", "SEARCH UNSEEN")))
        if commands:
            self.client.say_all(commands)

    def noop(self):
        self.client.say(self.random.choice(("NOOP", "CHECK")))

    def idle(self):
        self.client.idle(self.random.random() / 5)

    def status(self):
        self.client.say(f'STATUS "{self.above}{self.other()}" (MESSAGES UNSEEN UIDNEXT SIZE)')

    # What changes the mailbox.
    def append(self):
        mailbox = self.random.choice(MAILBOXES)
        if self.ledger.sizes[mailbox] > FULL:
            return
        key = f"{self.name}.{self.made}"
        self.made += 1
        flags = self.random.sample(FLAGS, self.random.randrange(3))
        content = f"Subject: {key}\r\nFrom: {self.name}@stress.example\r\n\r\n{'body ' * self.random.randrange(1, 200)}\r\n".encode()
        if status := self.client.say(f'APPEND "{self.above}{mailbox}" ({" ".join(flags)})', content):
            uid_validity, uid = imap.code(status, "APPENDUID")
            self.ledger.tell(int(uid_validity), int(uid), key)

    def store(self):
        is_uid, silent = self.random.random() < 0.5, self.random.random() < 0.4
        numbers = self.some(is_uid)
        if not numbers:
            return
        change = self.random.choice("+++--=").replace("=", "")
        likely = FLAGS if len(self.client.view.messages) > FULL / 2 else [flag for flag in FLAGS if flag != "\\Deleted"]
        flags = frozenset(self.random.sample(likely, self.random.randint(1, 3)))
        condition = f"(UNCHANGEDSINCE {self.client.view.highest}) " if self.kind != "plain" and self.random.random() < 0.2 else ""
        status = self.client.say(f"{'UID ' * is_uid}STORE {joined(numbers)} {condition}{change}FLAGS{'.SILENT' * silent} ({' '.join(flags)})")
        if silent and status:
            refused = imap.code(status, "MODIFIED")
            left = set(numbers) - set(imap.numbers(refused[0]) if refused else ())
            self.client.view.mark(left, is_uid, change, flags)

    def other(self):
        return MAILBOXES[1] if self.mailbox == MAILBOXES[0] else MAILBOXES[0]

    def transfer(self, verb):
        is_uid, target = self.random.random() < 0.6, self.other()
        if self.ledger.sizes[target] < FULL and (numbers := self.some(is_uid, 5)):
            source = self.client.view.uid_validity
            status = self.client.say(f'{"UID " * is_uid}{verb} {joined(numbers)} "{self.above}{target}"')
            told = [b" ".join(w for w in r if isinstance(w, bytes)).decode() for r in self.client.replies if b"COPYUID" in r]
            for text in [status or "", *(f"[{words[words.index('COPYUID'):]}]" for words in told)]:
                if words := imap.code(text, "COPYUID"):
                    self.ledger.copied(source, imap.numbers(words[1]), int(words[0]), imap.numbers(words[2]))

    def copy(self):
        self.transfer("COPY")

    def move(self):
        self.transfer("MOVE")

    def expunge(self):
        numbers = self.some(is_uid=True) if self.random.random() < 0.3 else None
        self.client.say(f"UID EXPUNGE {joined(numbers)}" if numbers else "EXPUNGE")

    def agree(self, truth):
        """Whether this client, told all there is to tell, believes what is."""
        self.client.say("NOOP")
        self.client.learn()
        return self.client.view.known() == truth[self.mailbox].known()


def joined(numbers):
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}:{numbers[-1]}"
    return ",".join(map(str, numbers))
