"""A small IMAP client for tests that must know exactly what was said: one command at a time, replies as lists of tokens."""
import re
import socket

ATOM = re.compile(rb"[^\s()\"{\[\]]+(?:\[[^\]]*\](?:<\d+>)?)?")


class Refused(Exception):
    """NO or BAD: the server has answered, and nothing was done."""


class Unavailable(ConnectionError):
    """NO [UNAVAILABLE]: neither done nor undone for certain."""


class Client:
    def __init__(self, port, address, password, seconds=15):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.stream, self.count = self.socket.makefile("rb"), 0
        self.line()
        self.command(f"LOGIN {address} {password}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()
        self.socket.close()

    def line(self):
        """One line with its literals in place: [bytes, literal, bytes, …]."""
        parts = []
        while True:
            text = self.stream.readline()
            if not text.endswith(b"\r\n"):
                raise ConnectionError("the server has gone")
            parts.append(text[:-2])
            literal = re.search(rb"\{(\d+)\}\r\n$", text)
            if not literal:
                return parts
            parts[-1] = text[:literal.start()]
            size = int(literal[1])
            content = self.stream.read(size)
            if len(content) < size:
                raise ConnectionError("the server has gone")
            parts.append(content)

    def command(self, text, literal=None):
        """The untagged replies, each as tokens, and the text of the tagged one; Refused when it is not OK."""
        self.count += 1
        tag = f"a{self.count}"
        words = f"{tag} {text}".encode()
        self.socket.sendall(words + b"\r\n" if literal is None else words + b" {%d+}\r\n" % len(literal) + literal + b"\r\n")
        untagged = []
        while True:
            parts = self.line()
            if parts[0].startswith(b"* "):
                untagged.append(parts)
            elif parts[0].startswith(tag.encode() + b" "):
                status = parts[0].decode("ascii", "replace").split(" ", 1)[1]
                if "[UNAVAILABLE]" in status:
                    raise Unavailable(status)
                if not status.startswith("OK"):
                    raise Refused(status)
                return [tokens(reply) for reply in untagged], status


def tokens(parts):
    """What stands behind "* ": atoms and strings as bytes, NIL as None, lists as lists; codes in brackets as text."""
    stack = [[]]
    for index, part in enumerate(parts):
        if index % 2:
            stack[-1].append(part)
            continue
        at = 2 if index == 0 else 0
        while at < len(part):
            at = token(part, at, stack)
    return stack[0]


def token(part, at, stack):
    byte = part[at:at + 1]
    if byte == b"(":
        stack.append([])
    elif byte == b")":
        done = stack.pop()
        stack[-1].append(done)
    elif byte == b'"':
        end = at + 1
        while part[end:end + 1] != b'"':
            end += 2 if part[end:end + 1] == b"\\" else 1
        stack[-1].append(re.sub(rb"\\(.)", rb"\1", part[at + 1:end]))
        return end + 1
    elif byte == b"[" or (atom := ATOM.match(part, at)) is None:
        return at + 1
    else:
        stack[-1].append(None if atom[0] == b"NIL" else atom[0])
        return atom.end()
    return at + 1


def code(status, name):
    """The words of a response code: code("OK [APPENDUID 1 2] done", "APPENDUID") → ["1", "2"]."""
    found = re.search(rf"\[{name} ([^\]]*)\]", status)
    return found[1].split() if found else None


def numbers(uid_set):
    """Every UID of a set, in its order."""
    out = []
    for item in uid_set.split(","):
        first, _, last = item.partition(":")
        out.extend(range(int(first), int(last or first) + 1))
    return out


def pairs(items):
    """A FETCH or STATUS list as a dictionary."""
    return dict(zip(items[::2], items[1::2]))
