"""What was acknowledged, on another disk than the mail: each operation is written down before it is begun and again when the reply
was seen, before the client goes on. From it follows what must be there after a crash, and what may be."""
import copy
import json
import threading
import time

SYSTEM_FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "\\Deleted")


class Mailbox:
    def __init__(self, uid_validity=None):
        self.uid_validity = uid_validity   # None: not asked for yet
        self.messages = {}                 # UID → (key, flags)
        self.fresh = []                    # (key, flags) of messages whose UIDs the reply would have told, in their order

    def put(self, uids, entries):
        if uids is None:
            self.fresh += entries
        else:
            self.messages.update(zip(uids, entries))


class Operation:
    """One command of the one client that changes an account: what its mailboxes are when it has happened."""

    def __init__(self, kind, **facts):
        self.kind, self.facts = kind, facts
        self.uids = None   # from the reply: APPENDUID, COPYUID

    def apply(self, mailboxes):
        mailboxes = copy.deepcopy(mailboxes)
        getattr(self, f"apply_{self.kind}")(mailboxes, **self.facts)
        return mailboxes

    def apply_append(self, mailboxes, mailbox, key, flags):
        mailboxes[mailbox].put(self.uids, [(key, frozenset(flags))])

    def apply_store(self, mailboxes, mailbox, uids, flags, add):
        messages = mailboxes[mailbox].messages
        for uid in uids:
            key, old = messages[uid]
            messages[uid] = (key, old | set(flags) if add else old - set(flags))

    def apply_copy(self, mailboxes, mailbox, uids, to):
        mailboxes[to].put(self.uids, [mailboxes[mailbox].messages[uid] for uid in uids])

    def apply_move(self, mailboxes, mailbox, uids, to):
        self.apply_copy(mailboxes, mailbox, uids, to)
        self.apply_expunge(mailboxes, mailbox, uids)

    def apply_expunge(self, mailboxes, mailbox, uids):
        for uid in uids:
            del mailboxes[mailbox].messages[uid]

    def apply_create(self, mailboxes, mailbox):
        """With its superior levels (RFC 9051 §6.3.4)."""
        levels = mailbox.split("/")
        for depth in range(1, len(levels) + 1):
            mailboxes.setdefault("/".join(levels[:depth]), Mailbox())

    def apply_rename(self, mailboxes, mailbox, to):
        self.apply_create(mailboxes, to)
        mailboxes[to] = mailboxes.pop(mailbox)

    def apply_delete(self, mailboxes, mailbox):
        del mailboxes[mailbox]


class Account:
    """What one account's client knows. Only that client changes it; deliveries come into INBOX besides."""

    def __init__(self, address, password):
        self.address, self.password = address, password
        self.mailboxes, self.pending = {}, None
        self.told = {}       # (UIDVALIDITY, UID) → key: whatever a server ever said of it
        self.uid_next = {}   # UIDVALIDITY → the highest UIDNEXT that followed from what was said
        self.arrived = {}    # (UIDVALIDITY, UID) → key, of INBOX: what deliveries brought

    def tell(self, uid_validity, uid, key):
        """False when the same name was given to other bytes before."""
        self.uid_next[uid_validity] = max(self.uid_next.get(uid_validity, 1), uid + 1)
        return self.told.setdefault((uid_validity, uid), key) == key


class Delivery:
    def __init__(self, message, recipients, protocol):
        self.message, self.recipients, self.protocol = message, recipients, protocol
        self.acknowledged = set()   # recipients
        self.unanswered = 0         # attempts whose reply was not seen: each may have come through


class Ledger:
    def __init__(self, path):
        self.file, self.lock = open(path, "w", buffering=1), threading.Lock()
        self.accounts, self.deliveries, self.messages = {}, {}, {}
        self.aliases, self.acknowledged, self.without_reply = set(), 0, 0
        self.is_dark = False   # the disk is being cut off, or is

    def note(self, what, **facts):
        line = json.dumps({"at": round(time.time(), 4), "what": what, **facts}, default=sorted)
        with self.lock:
            self.file.write(line + "\n")

    def heard(self):
        """Each reply goes through here: without power nobody would hear it. The processes do go on for a moment while their disk is
        cut off, and the kernel then tells some of them that a sync was done whose data it drops (ext4 on Linux 6.18: plain writes and
        fdatasync of one program lose 2 of 900 files' last records so, each acknowledged after the ioctl had returned)."""
        if self.is_dark:
            raise ConnectionError("the power is off")

    def add_message(self, message):
        with self.lock:
            self.messages[message.key] = message

    def begin(self, account, operation):
        account.pending = operation
        self.note("begin", account=account.address, operation=operation.kind, **operation.facts)

    def end(self, account, refused=None):
        """The reply was seen: the operation has happened, or, when it was refused, has not."""
        operation = account.pending
        self.note("refused" if refused else "done", account=account.address, operation=operation.kind, uids=operation.uids, reply=refused)
        if not refused:
            account.mailboxes = operation.apply(account.mailboxes)
            with self.lock:
                self.acknowledged += 1
        account.pending = None

    def begin_delivery(self, delivery):
        self.note("begin", delivery=delivery.message.key, recipients=delivery.recipients, protocol=delivery.protocol, digest=delivery.message.digest)
        with self.lock:
            delivery.unanswered += 1
            self.without_reply += 1
            self.deliveries[delivery.message.key] = delivery

    def end_delivery(self, delivery, recipients):
        self.note("done", delivery=delivery.message.key, recipients=recipients)
        with self.lock:
            delivery.acknowledged |= set(recipients)
            delivery.unanswered -= 1
            self.without_reply -= 1
            self.acknowledged += len(recipients)

    def open_deliveries(self):
        return [delivery for delivery in self.deliveries.values() if not delivery.acknowledged]

    def close(self):
        self.file.close()
