"""Messages of many shapes from a seed, and what IMAP must say of them: worked out by Python's own parser, which shares no line
with the daemon's."""
import base64
import email.message
import email.parser
import email.policy
import email.utils
import hashlib

MARK = b"X-Power-Key: "   # the first field: what stands above it was added on the way


class Message:
    def __init__(self, key, content):
        self.key, self.content, self.digest = key, content, hashlib.sha256(content).hexdigest()


def text(randomness, lines):
    return "".join(" ".join(randomness.choice(("storm", "mast", "oar", ".", "..", "keel", "From here", "rope")) for _ in range(8)) + "\r\n"
                   for _ in range(lines))


def header(randomness, key, content_type, more=""):
    date = email.utils.formatdate(1_700_000_000 + randomness.randrange(10**8))
    return (f"X-Power-Key: {key}\r\nFrom: \"Bob {randomness.randrange(99)}\" <bob@client.example>\r\nTo: Ada <ada@example.org>, eve@example.net\r\n"
            f"Cc: <zoe@example.com>\r\nSubject: cut {key}\r\nDate: {date}\r\nMessage-ID: <{key}@power.example>\r\n"
            f"In-Reply-To: <before-{key}@power.example>\r\nMIME-Version: 1.0\r\n{more}Content-Type: {content_type}\r\n")


def attachment(randomness, boundary):
    encoded = base64.encodebytes(randomness.randbytes(randomness.randrange(60, 30_000))).decode().replace("\n", "\r\n")
    return (f"--{boundary}\r\nContent-Type: application/octet-stream; name=\"log.bin\"\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-Disposition: attachment; filename=\"log.bin\"\r\n\r\n{encoded}\r\n")


def plain(randomness, key):
    return header(randomness, key, "text/plain; charset=us-ascii") + "\r\n" + text(randomness, randomness.randrange(1, 200))


def alternative(randomness, key):
    parts = "".join(f"--alt\r\nContent-Type: text/{kind}; charset=\"utf-8\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{text(randomness, 20)}\r\n"
                    for kind in ("plain", "html"))
    return header(randomness, key, "multipart/alternative; boundary=\"alt\"") + f"\r\nTwo forms.\r\n{parts}--alt--\r\n"


def mixed(randomness, key):
    body = f"--mix\r\nContent-Type: text/plain\r\n\r\n{text(randomness, 5)}\r\n" + attachment(randomness, "mix")
    return header(randomness, key, "multipart/mixed; boundary=\"mix\"") + f"\r\n{body}--mix--\r\n"


def forwarded(randomness, key):
    inner = header(randomness, f"inner-{key}", "text/plain").replace("X-Power-Key", "X-Inner-Key") + "\r\n" + text(randomness, 10)
    body = f"--fwd\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n\r\n--fwd\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n"
    return header(randomness, key, "multipart/mixed; boundary=\"fwd\"") + f"\r\n{body}--fwd--\r\n"


def make(randomness, key):
    shape = randomness.choice((plain, plain, alternative, mixed, forwarded))
    return Message(key, shape(randomness, key).encode("ascii"))


def below_trace(content):
    """(trace fields, message as it was sent), or nothing where no message of ours begins."""
    at = 0 if content.startswith(MARK) else content.find(b"\r\n" + MARK) + 2
    return (content[:at], content[at:]) if content.startswith(MARK, at) else None


def key_of(content):
    return content[len(MARK):content.index(b"\r\n")].decode("ascii", "replace")


# --- What IMAP must say ----------------------------------------------------------------------------------------------
# Strings as bytes and NIL as None, as replies are read; RFC 9051 §7.5.2.
def octets(value):
    return None if value is None else str(value).encode()


def addresses(message, *fields):
    for field in fields:
        if message[field] is not None:
            return [[octets(name or None), None, *map(octets, address.split("@"))] for name, address in email.utils.getaddresses([message[field]])]
    return None


def envelope(message):
    return [octets(message["Date"]), octets(message["Subject"]), addresses(message, "From"), addresses(message, "Sender", "From"),
            addresses(message, "Reply-To", "From"), addresses(message, "To"), addresses(message, "Cc"), addresses(message, "Bcc"),
            octets(message["In-Reply-To"]), octets(message["Message-ID"])]


def parameters(message, field):
    found = [(name.lower(), value) for name, value in (message.get_params(header=field) or [])[1:]]
    return [octets(word) for pair in found for word in pair] or None


def body_structure(message):
    disposition = message.get_content_disposition()
    disposition = disposition and [octets(disposition), parameters(message, "Content-Disposition")]
    if message.is_multipart() and message.get_content_maintype() == "multipart":
        return [*map(body_structure, message.get_payload()), octets(message.get_content_subtype()), parameters(message, "Content-Type"),
                disposition, None, None]
    if message.get_content_type() == "message/rfc822":
        inner = message.get_payload(0)
        body = inner.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n", max_line_length=None))
        special = [envelope(inner), body_structure(inner), str(body.count(b"\n")).encode()]
    else:
        body = message.get_payload().encode("ascii")
        special = [str(body.count(b"\n")).encode()] if message.get_content_maintype() == "text" else []
    # A text without a charset is us-ascii (RFC 2046 §4.1.2); whether that is said is the server's choice.
    return [octets(message.get_content_maintype()), octets(message.get_content_subtype()), parameters(message, "Content-Type"), None, None,
            octets(message.get("Content-Transfer-Encoding", "7bit")), str(len(body)).encode(), *special, None, disposition, None, None]


def normal(structure):
    """Case does not count in types and parameter names, and a default charset may be told or not."""
    if not isinstance(structure, list):
        return structure.lower() if isinstance(structure, bytes) else structure
    if len(structure) >= 2 and structure[:2] == [b"charset", b"us-ascii"] or structure[:2] == [b"CHARSET", b"US-ASCII"]:
        return normal(structure[2:]) or None
    return [normal(part) for part in structure]


def expected(content):
    """(ENVELOPE, BODYSTRUCTURE) of a message of ours, below its trace fields."""
    message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(content)
    return normal(envelope(message)), normal(body_structure(message))
