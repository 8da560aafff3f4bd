"""What one IMAP client believes of a mailbox, from nothing but the untagged replies it got, and the rules these have to keep
(RFC 3501 §7, RFC 7162 §3). Sequence numbers are positions in a list, so a reply too many or too few shifts everything behind it."""

import collections


class Violation(AssertionError):
    """The server broke the protocol, or showed what is not so."""


def require(condition, words):
    if not condition:
        raise Violation(words)


Snapshot = collections.namedtuple("Snapshot", "uid_validity highest known")


class Message:
    __slots__ = ("flags", "uid")   # None: EXISTS has told of it, FETCH not yet

    def __init__(self, uid=None, flags=None):
        self.uid, self.flags = uid, flags


def flags_of(words):
    # \Recent is each session's own (RFC 3501 §2.3.2).
    return frozenset(word.decode() for word in words if word.lower() != b"\\recent")


class View:
    def __init__(self, kind):
        self.kind = kind              # plain, condstore or qresync
        self.messages = []
        self.uid_validity = self.highest = None

    def known(self):
        return {message.uid: message.flags for message in self.messages if message.uid}

    def snapshot(self):
        """What a client keeps on its disk to come back to (RFC 7162 §3.2.5)."""
        return Snapshot(self.uid_validity, self.highest, self.known())

    def unknown(self):
        """The sequence numbers of which UID or flags were never told: always the last ones."""
        return [at + 1 for at, message in enumerate(self.messages) if message.uid is None or message.flags is None]

    def at(self, seq):
        require(1 <= seq <= len(self.messages), f"message {seq} of {len(self.messages)}")
        return self.messages[seq - 1]

    def exists(self, count):
        require(count >= len(self.messages), f"{count} EXISTS after {len(self.messages)}, and no EXPUNGE (RFC 3501 §7.3.1)")
        self.messages += [Message() for _ in range(count - len(self.messages))]

    def expunge(self, seq):
        require(self.kind != "qresync", "EXPUNGE to a client that enabled QRESYNC (RFC 7162 §3.2.10)")
        self.at(seq)
        del self.messages[seq - 1]

    def vanish(self, uids):
        require(self.kind == "qresync", "VANISHED to a client that did not enable QRESYNC")
        gone = set(uids)
        left = [message for message in self.messages if message.uid is None or message.uid not in gone]
        nameless = len(gone) - (len(self.messages) - len(left))
        unknown = [at for at, message in enumerate(left) if message.uid is None]
        require(nameless <= len(unknown), f"VANISHED of UIDs that were not there: {sorted(gone)}")
        if nameless and unknown[0] < len(left) - len(unknown):
            left = [Message() for _ in left]   # which of them it was cannot be known, so all are fetched anew
        self.messages = left[:len(left) - nameless]

    def fetch(self, seq, items, is_asked):
        message = self.at(seq)
        if b"UID" in items:
            uid = int(items[b"UID"])
            require(message.uid in (None, uid), f"message {seq} has UID {message.uid}, and now {uid}")
            message.uid = uid
            require(self.ascends_at(seq - 1), f"UID {uid} of message {seq} does not ascend")
        if b"FLAGS" in items:
            message.flags = flags_of(items[b"FLAGS"])
            if not is_asked:
                require(self.kind == "plain" or b"MODSEQ" in items, f"flags of {seq} without MODSEQ (RFC 7162 §3.1)")
                require(self.kind != "qresync" or b"UID" in items, f"flags of {seq} without UID (RFC 7162 §3.2.4)")
        return message

    def ascends_at(self, at):
        uid = self.messages[at].uid
        before = self.messages[at - 1].uid if at else None
        behind = self.messages[at + 1].uid if at + 1 < len(self.messages) else None
        return (before is None or before < uid) and (behind is None or uid < behind)

    def mark(self, numbers, is_uid, change, flags):
        """What STORE with .SILENT did: the server says nothing of it, the client knows."""
        by_uid = {message.uid: message for message in self.messages}
        for number in numbers:
            message = by_uid.get(number) if is_uid else self.at(number)
            if message is None or message.flags is None:
                continue
            if change == "+":
                message.flags = message.flags | flags
            elif change == "-":
                message.flags = message.flags - flags
            else:
                message.flags = flags
