"""Clients that never rest: senders over SMTP, submission and LMTP, and for each account one mail program that appends, marks, copies,
moves, expunges, and makes, renames and deletes mailboxes. Each writes into the ledger first. They end when the power does."""
import base64
import socket
import threading

import imap
import messages
from ledger import SYSTEM_FLAGS, Delivery, Operation

CUT = (OSError, EOFError)   # what a client of a dead server meets
PORTS = {"smtp": 25, "lmtp": 24, "submission": 587}


class Sender(threading.Thread):
    def __init__(self, host, ledger, randomness, name, protocol, again=()):
        super().__init__(name=name, daemon=True)
        self.host, self.ledger, self.randomness, self.protocol = host, ledger, randomness, protocol
        self.again, self.fault = list(again), None   # again: what a sender that saw no reply must send once more
        self.socket = self.stream = None

    def run(self):
        try:
            self.converse()
        except CUT:
            pass
        except Exception as error:   # a fault of the test or of the daemon, told by the main thread
            self.fault = error
        finally:
            if self.socket:
                self.stream.close()
                self.socket.close()

    def say(self, text, expect):
        self.socket.sendall(text)
        return self.reply(expect)

    def reply(self, expect=b"2"):
        while True:
            line = self.stream.readline()
            self.ledger.heard()
            if not line.endswith(b"\r\n"):
                raise ConnectionError("the server has gone")
            if line[3:4] != b"-":
                if not line.startswith(expect):
                    raise ConnectionError(line.decode("ascii", "replace"))   # 4yz while the store is away
                return line

    def converse(self):
        self.socket = socket.create_connection(("127.0.0.1", self.host.port(PORTS[self.protocol])), timeout=15)
        self.stream = self.socket.makefile("rb")
        self.reply()
        self.say(b"LHLO power.example\r\n" if self.protocol == "lmtp" else b"EHLO power.example\r\n", b"250")
        if self.protocol == "submission":
            account = next(iter(self.ledger.accounts.values()))
            login = base64.b64encode(f"\0{account.address}\0{account.password}".encode())
            self.say(b"AUTH PLAIN " + login + b"\r\n", b"235")
        number = 0
        while True:
            self.deliver(self.again.pop() if self.again else self.new_delivery(number))
            number += 1

    def new_delivery(self, number):
        key = f"{self.name}.{number}"
        message = messages.make(self.randomness, key)
        self.ledger.add_message(message)
        addresses = list(self.ledger.accounts)
        recipients = self.randomness.sample(addresses, self.randomness.choice((1, 1, 2, len(addresses))))
        if self.protocol == "submission":
            recipients = recipients[:1] + [f"{key}@elsewhere.example"]
        return Delivery(message, recipients, self.protocol)

    def deliver(self, delivery):
        sender = next(iter(self.ledger.accounts)) if self.protocol == "submission" else "bob@client.example"
        self.ledger.begin_delivery(delivery)
        self.socket.sendall(b"MAIL FROM:<%s>\r\n" % sender.encode() + b"".join(b"RCPT TO:<%s>\r\n" % r.encode() for r in delivery.recipients) + b"DATA\r\n")
        for _ in range(len(delivery.recipients) + 1):
            self.reply(b"250")
        self.reply(b"354")
        self.socket.sendall(delivery.message.content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        for _ in delivery.recipients if self.protocol == "lmtp" else [None]:
            self.reply(b"250")
        self.ledger.end_delivery(delivery, delivery.recipients)


class MailProgram(threading.Thread):
    """The only client that changes its account, so that it always knows what must be there."""

    WEIGHTS = {"look": 4, "append": 4, "store": 5, "copy": 3, "move": 5, "expunge": 4, "create": 2, "rename": 1, "delete": 1}

    def __init__(self, host, ledger, randomness, name, account):
        super().__init__(name=name, daemon=True)
        self.host, self.ledger, self.randomness, self.account = host, ledger, randomness, account
        self.client, self.selected, self.fault, self.made = None, None, None, 0

    def command(self, text, literal=None):
        try:
            return self.client.command(text, literal)
        finally:
            self.ledger.heard()

    def run(self):
        try:
            with imap.Client(self.host.port(143), self.account.address, self.account.password) as self.client:
                while True:
                    kind = self.randomness.choices(list(self.WEIGHTS), list(self.WEIGHTS.values()))[0]
                    getattr(self, kind)()
        except CUT:
            pass
        except Exception as error:
            self.fault = error

    def do(self, operation, command, literal=None):
        self.ledger.begin(self.account, operation)
        try:
            _, status = self.command(command, literal)
        except imap.Refused as refusal:
            self.ledger.end(self.account, str(refusal))
            raise
        if told := imap.code(status, "APPENDUID") or imap.code(status, "COPYUID"):
            operation.uids = imap.numbers(told[-1])
            self.remember(int(told[0]), operation)
        self.ledger.end(self.account)
        return status

    def remember(self, uid_validity, operation):
        facts = operation.facts
        keys = [facts["key"]] if operation.kind == "append" else [self.account.mailboxes[facts["mailbox"]].messages[uid][0] for uid in facts["uids"]]
        for uid, key in zip(operation.uids, keys):
            if not self.account.tell(uid_validity, uid, key):
                raise AssertionError(f"I4: UID {uid} of {uid_validity} was given to other bytes")

    def select(self, mailbox):
        if self.selected != mailbox:
            self.selected = None
            self.command(f'SELECT "{mailbox}"')
            self.selected = mailbox

    def some(self, most=5):
        """A mailbox that has messages, and a few UIDs of it in their order."""
        boxes = [name for name, mailbox in self.account.mailboxes.items() if mailbox.messages]
        if not boxes:
            return None, []
        # The fullest first, so that no mailbox grows without end.
        name = max(boxes, key=lambda box: len(self.account.mailboxes[box].messages) * self.randomness.random())
        uids = list(self.account.mailboxes[name].messages)
        self.select(name)
        return name, sorted(self.randomness.sample(uids, min(len(uids), self.randomness.randint(1, most))))

    def others(self, but=None):
        return [name for name in self.account.mailboxes if name not in ("INBOX", but)]

    def own(self):
        """Mailboxes that this program made: it never touches the names of those that every account has."""
        return [name for name in self.others(self.selected) if name.startswith("Box/")]

    def look(self):
        """What has arrived: whatever is shown here is a promise too."""
        self.select("INBOX")
        inbox = self.account.mailboxes["INBOX"]
        after = self.account.uid_next.get(inbox.uid_validity, 1)
        replies, _ = self.command(f"UID FETCH {after}:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (X-Power-Key)])")
        for reply in replies:
            if len(reply) < 3 or reply[1] != b"FETCH":
                continue
            items = reply[2]
            uid = int(items[items.index(b"UID") + 1])
            if uid < after:
                continue
            key = items[-1].split(b": ", 1)[1].split(b"\r\n")[0].decode()
            if not self.account.tell(inbox.uid_validity, uid, key):
                raise AssertionError(f"I4: UID {uid} of INBOX was given to other bytes")
            self.account.arrived[(inbox.uid_validity, uid)] = key
            inbox.messages[uid] = (key, frozenset())
            self.ledger.note("seen", account=self.account.address, uid=uid, key=key)

    def append(self):
        if not self.others():
            return
        key = f"{self.name}.{self.made}"
        self.made += 1
        message = messages.make(self.randomness, key)
        self.ledger.add_message(message)
        mailbox, flags = self.randomness.choice(self.others()), self.randomness.sample(SYSTEM_FLAGS, self.randomness.randrange(3))
        self.do(Operation("append", mailbox=mailbox, key=key, flags=flags), f'APPEND "{mailbox}" ({" ".join(flags)})', message.content)

    def store(self):
        mailbox, uids = self.some()
        if uids:
            flags, add = self.randomness.sample((*SYSTEM_FLAGS, "$Forwarded", "storm"), self.randomness.randint(1, 2)), self.randomness.random() < 0.7
            self.do(Operation("store", mailbox=mailbox, uids=uids, flags=flags, add=add),
                    f"UID STORE {','.join(map(str, uids))} {'+' if add else '-'}FLAGS ({' '.join(flags)})")

    def transfer(self, kind):
        mailbox, uids = self.some()
        if uids and (to := self.others(mailbox)):
            to = self.randomness.choice(to)
            self.do(Operation(kind, mailbox=mailbox, uids=uids, to=to), f'UID {kind.upper()} {",".join(map(str, uids))} "{to}"')

    def copy(self):
        self.transfer("copy")

    def move(self):
        self.transfer("move")

    def expunge(self):
        mailbox, uids = self.some(12)
        if uids:
            uid_set = ",".join(map(str, uids))
            self.do(Operation("store", mailbox=mailbox, uids=uids, flags=["\\Deleted"], add=True), f"UID STORE {uid_set} +FLAGS (\\Deleted)")
            self.do(Operation("expunge", mailbox=mailbox, uids=uids), f"UID EXPUNGE {uid_set}")

    def new_name(self):
        self.made += 1
        return f"Box/{self.name}.{self.made}"

    def create(self):
        if len(self.own()) < 4:
            name = self.new_name()
            self.do(Operation("create", mailbox=name), f'CREATE "{name}"')
            replies, _ = self.command(f'STATUS "{name}" (UIDVALIDITY)')
            self.account.mailboxes[name].uid_validity = next(int(imap.pairs(reply[-1])[b"UIDVALIDITY"]) for reply in replies if reply[0] == b"STATUS")

    def rename(self):
        if boxes := self.own():
            old, new = self.randomness.choice(boxes), self.new_name()
            self.do(Operation("rename", mailbox=old, to=new), f'RENAME "{old}" "{new}"')

    def delete(self):
        if len(boxes := self.own()) > 2:
            name = self.randomness.choice(boxes)
            self.do(Operation("delete", mailbox=name), f'DELETE "{name}"')
