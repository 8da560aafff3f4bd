"""One connection with a view: every untagged reply is taken into the view the moment it is read, and held against what may be said
while the command under way is (RFC 3501 §7.4.1: no EXPUNGE while FETCH, STORE or SEARCH with sequence numbers are)."""
import re
import select

import imap
from view import View, require

NO_EXPUNGES = ("FETCH", "STORE", "SEARCH", "SORT", "THREAD")
# What a command may be told when another client was faster.
EXPECTED = ("[EXPUNGEISSUED]", "[MODIFIED", "[NONEXISTENT]", "[TRYCREATE]")


class Reader:
    """What a stream does, and whether it holds something back: IDLE must not wait for what has been read already."""

    def __init__(self, connection):
        self.connection, self.octets = connection, b""

    def fill(self):
        more = self.connection.recv(65536)
        self.octets += more
        return bool(more)

    def readline(self):
        while b"\n" not in self.octets:
            if not self.fill():
                return b""
        line, _, self.octets = self.octets.partition(b"\n")
        return line + b"\n"

    def read(self, size):
        while len(self.octets) < size and self.fill():
            pass
        content, self.octets = self.octets[:size], self.octets[size:]
        return content

    def close(self):
        """The socket is closed by its owner."""


class Conversation(imap.Client):
    def __init__(self, port, address, password, kind, ledger):
        super().__init__(port, address, password, seconds=60)
        self.kind, self.ledger, self.view, self.replies = kind, ledger, View(kind), []
        self.answered = 0
        self.stream.close()
        self.stream = Reader(self.socket)
        if kind != "plain":
            self.say(f"ENABLE {kind.upper()}")

    def say(self, text, literal=None):
        """One command; its status when it is OK, None when another client was faster."""
        return self.say_all([text], literal)[0]

    def say_all(self, texts, literal=None):
        """Commands that are sent at once; their statuses."""
        self.replies, tags = [], []
        octets = b""
        for text in texts:
            self.count += 1
            tags.append(f"a{self.count}")
            octets += f"{tags[-1]} {text}".encode()
            octets += b"\r\n" if literal is None else b" {%d+}\r\n" % len(literal) + literal + b"\r\n"
        self.socket.sendall(octets)
        return [self.status(tag, text) for tag, text in zip(tags, texts)]

    def status(self, tag, text):
        while True:
            parts = self.line()
            if parts[0].startswith(b"* "):
                self.take(parts, text)
                continue
            words = parts[0].decode("ascii", "replace")
            require(words.startswith(tag + " "), f"{words!r} while {tag} {text} is under way")
            status = words.split(" ", 1)[1]
            self.answered += 1
            if status.startswith("OK"):
                return status
            require(status.startswith("NO") and any(code in status for code in EXPECTED), f"{text}: {status}")
            return None

    def take(self, parts, command):
        reply = imap.tokens(parts)
        self.replies.append(reply)
        may_expunge = not command.startswith(NO_EXPUNGES)
        require(reply[0] != b"BYE", f"{parts[0]!r}")
        if command.startswith("SELECT"):
            return   # the view is made from all of them
        if reply[0] == b"VANISHED":
            require(may_expunge, f"VANISHED while {command} is under way")
            self.view.vanish(imap.numbers(reply[1].decode()))
        elif len(reply) > 1 and reply[1] == b"EXISTS":
            self.view.exists(int(reply[0]))
        elif len(reply) > 1 and reply[1] == b"EXPUNGE":
            require(may_expunge, f"EXPUNGE while {command} is under way (RFC 3501 §7.4.1)")
            self.view.expunge(int(reply[0]))
        elif len(reply) > 2 and reply[1] == b"FETCH":
            self.take_fetch(int(reply[0]), imap.pairs(reply[2]), "FETCH" in command)

    def take_fetch(self, seq, items, is_asked):
        message = self.view.fetch(seq, items, is_asked)
        key = subject_in(items)
        if key and message.uid:
            self.ledger.tell(self.view.uid_validity, message.uid, key)

    def learn(self):
        """UID and flags of what EXISTS has told of; nothing may be expunged meanwhile, but more may come."""
        while unknown := self.view.unknown():
            status = self.say(f"FETCH {','.join(map(str, unknown))} (UID FLAGS)")
            left = set(unknown) & set(self.view.unknown())
            require(not left or not status, f"no UID or FLAGS for {sorted(left)} of {unknown}, and {status}")
            if left:
                return   # some are gone, and to be expunged soon: RFC 5530 §3

    def idle(self, seconds):
        """IDLE (RFC 2177): whatever comes within the time."""
        self.count += 1
        tag = f"a{self.count}"
        self.socket.sendall(f"{tag} IDLE\r\n".encode())
        while not (parts := self.line())[0].startswith(b"+"):
            self.take(parts, "IDLE")
        while self.stream.octets or select.select([self.socket], [], [], seconds)[0]:
            self.take(self.line(), "IDLE")
            seconds /= 2
        self.socket.sendall(b"DONE\r\n")
        self.status(tag, "IDLE")


def subject_in(items):
    """The key of a message, from whatever part of it was asked for."""
    for name, value in items.items():
        if name == b"ENVELOPE":
            return value[1].decode()
        if name.startswith(b"BODY[") and value and (found := re.match(rb"Subject: (\S+)\r\n", value)):
            return found[1].decode()
    return None
