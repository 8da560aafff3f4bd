"""One TCP or Unix connection to the daemon: sends octets cut as the run wants it, reads whole replies."""
import random
import socket
import ssl
import struct
import time

IMPLICIT = {"imaps", "pop3s", "submissions"}
PORTS = {"smtp": 25, "lmtp": 24, "submission": 587, "submissions": 465, "imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}
GREETINGS = {"imap": b"* OK ", "imaps": b"* OK ", "pop3": b"+OK ", "pop3s": b"+OK "}
PATIENCE = 20
VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def tls_context(options):
    """What a client would never do is allowed here: old versions, weak suites, any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if "version" in options or "ciphers" in options:
        context.set_ciphers(options.get("ciphers", "ALL") + ":@SECLEVEL=0")
    if "version" in options:
        context.minimum_version = context.maximum_version = VERSIONS[options["version"]]
    if "alpn" in options:
        context.set_alpn_protocols(options["alpn"].split(","))
    return context


def client_hello(name=b""):
    """A ClientHello of a name that need be none: the octets of a placeholder of the same length are put in its place."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    placeholder = ".".join(["x" * min(50, len(name) - begin) for begin in range(0, len(name), 51)]) if name else None
    client = tls_context({}).wrap_bio(incoming, outgoing, server_hostname=placeholder)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    return hello.replace(placeholder.encode(), name) if name else hello


class Connection:
    def __init__(self, host, service, mode="as written", seed=0, source=None):
        self.host, self.service, self.mode = host, service, mode
        self.random = random.Random(seed)
        self.buffer, self.replies, self.is_over = b"", [], False
        if service == "control":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(PATIENCE)
            self.socket.connect(str(host.root / "run/control.sock"))
        else:
            self.socket = socket.create_connection(("127.0.0.1", host.port(PORTS[service])), timeout=PATIENCE,
                                                   source_address=(source, 0) if source else None)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.local_port = self.socket.getsockname()[1]

    def start_tls(self, options, before=None):
        """With the session of a connection before, and then as that one was set up."""
        self.context = before.context if before else tls_context(options)
        self.socket = self.context.wrap_socket(self.socket, server_hostname=options.get("sni"), session=before.socket.session if before else None)
        self.buffer = b""

    def pieces(self, data):
        """The data as the run's mode cuts it: long data octet by octet only at both ends, where the protocol is."""
        if self.mode == "octets":
            edges = 700 if len(data) > 1500 else len(data)
            head, middle, tail = data[:edges], data[edges:max(edges, len(data) - edges)], data[max(edges, len(data) - edges):]
            yield from (head[i:i + 1] for i in range(len(head)))
            yield from (middle[i:i + 8192] for i in range(0, len(middle), 8192))
            yield from (tail[i:i + 1] for i in range(len(tail)))
        elif self.mode == "cuts":
            position = 0
            while position < len(data):
                size = self.random.randint(1, max(30, len(data) // 40))
                yield data[position:position + size]
                position += size
        else:
            yield data

    def send(self, data):
        """What the peer does not take any more is its business; the replies will tell."""
        try:
            for piece in self.pieces(data):
                self.socket.sendall(piece)
        except (BrokenPipeError, ConnectionError, ssl.SSLError):
            pass

    def receive(self, deadline):
        """More octets in the buffer; False at the end."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no reply; so far: {self.buffer[:300]!r}")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError) as error:
            if isinstance(error, ssl.SSLWantReadError):
                raise TimeoutError("no reply under TLS") from error
            data = b""
        except TimeoutError:
            raise TimeoutError(f"no reply; so far: {self.buffer[:300]!r}") from None
        self.is_over = not data
        self.buffer += data
        return bool(data)

    def line_end(self, begin, deadline):
        while (end := self.buffer.find(b"\r\n", begin)) < 0:
            if not self.receive(deadline):
                raise AssertionError(f"closed instead of a reply; before that {self.buffer[begin:][:300]!r}")
        return end + 2

    def reply(self, seconds=PATIENCE):
        """A whole reply: SMTP's lines up to the one without a hyphen, IMAP's line with its literals, control's frame. POP3's are
        lines: whether more of them follow, only the command says."""
        deadline, end = time.monotonic() + seconds, 0
        if self.service == "control":
            while len(self.buffer) < 4 or len(self.buffer) < 4 + struct.unpack("<I", self.buffer[:4])[0]:
                if not self.receive(deadline):
                    raise AssertionError("closed instead of a frame")
            return self.take(4 + struct.unpack("<I", self.buffer[:4])[0])[4:]
        while True:
            begin, end = end, self.line_end(end, deadline)
            line = self.buffer[begin:end]
            if self.service in ("imap", "imaps"):
                if not line.endswith(b"}\r\n"):
                    return self.take(end)
                end += int(line[line.rindex(b"{") + 1:-3])
                while len(self.buffer) < end:
                    if not self.receive(deadline):
                        raise AssertionError("closed within a literal")
            elif self.service in ("pop3", "pop3s") or line[3:4] != b"-":
                return self.take(end)

    def take(self, size):
        reply, self.buffer = self.buffer[:size], self.buffer[size:]
        self.replies.append(reply)
        return reply

    def expect_closed(self, seconds):
        deadline = time.monotonic() + seconds
        while not self.is_over and not self.buffer:
            self.receive(deadline)
        if self.buffer:
            raise AssertionError(f"more instead of the end: {self.buffer[:300]!r}")

    def expect_silence(self, seconds):
        try:
            self.receive(time.monotonic() + seconds)
        except TimeoutError:
            pass
        if self.buffer or self.is_over:
            raise AssertionError(f"not silent: {self.buffer[:300]!r}, over: {self.is_over}")

    def close(self):
        self.socket.close()

    def reset(self):
        """RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def half_close(self):
        socket.socket.shutdown(self.socket, socket.SHUT_WR)   # SSLSocket.shutdown() would forget TLS altogether

    def unwrap(self):
        """close_notify, and plain text on what is left of the connection."""
        try:
            self.socket = self.socket.unwrap()
        except (OSError, ssl.SSLError):
            pass
