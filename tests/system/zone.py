"""An authoritative DNS server in a few lines, over UDP and TCP, for tests of what asks the DNS."""
import socket
import struct
import threading

KINDS = {"A": 1, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "TLSA": 52, "CAA": 257}


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in name.split(".") if label) + b"\0"


def wire_data(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind in ("PTR", "CNAME"):
        return wire_name(value)
    if kind == "MX":
        preference, exchange = value.split()
        return struct.pack("!H", int(preference)) + wire_name(exchange)
    if kind == "SRV":
        *numbers, target = value.split()
        return struct.pack("!HHH", *map(int, numbers)) + wire_name(target)
    if kind == "TLSA":
        *numbers, data = value.split()
        return bytes(map(int, numbers)) + bytes.fromhex(data)
    if kind == "CAA":
        flags, tag, text = value.split(" ", 2)
        return bytes([int(flags), len(tag)]) + tag.encode() + text.strip('"').encode()
    text = value.encode("latin-1")
    return b"".join(bytes([len(piece)]) + piece for piece in (text[i:i + 255] for i in range(0, max(len(text), 1), 255)))


class Zone:
    """`records` is name → list of (kind, value) and may be changed at any time; every other name does not exist, but for those
    above one that does. Names in `silent` get no answer, and with `is_dead` none does. What is longer than 1,232 octets is truncated over UDP."""

    def __init__(self, records, ttl=60, port=0):
        self.records, self.ttl, self.silent, self.asked, self.is_dead = records, ttl, set(), [], False
        self.tcp = socket.create_server(("127.0.0.1", port))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while True:
            try:
                query, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            answer = self.answer(query)
            if answer and len(answer) > 1232:
                answer = answer[:2] + struct.pack("!HHHHH", 0x8780, 1, 0, 0, 0) + self.question(query)
            if answer:
                self.udp.sendto(answer, peer)

    def serve_tcp(self):
        while True:
            try:
                stream, _ = self.tcp.accept()
            except OSError:
                return
            with stream:
                stream.settimeout(5)
                try:
                    while head := stream.recv(2, socket.MSG_WAITALL):
                        answer = self.answer(stream.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL))
                        if answer:
                            stream.sendall(struct.pack("!H", len(answer)) + answer)
                except OSError:
                    pass

    @staticmethod
    def question(query):
        at = 12
        while query[at]:
            at += 1 + query[at]
        return query[12:at + 5]

    def find(self, name, kind):
        """Owner, kind and value; behind an alias what it leads to (RFC 1034, section 4.3.2)."""
        here = self.records.get(name, [])
        found = [(name, each, value) for each, value in here if KINDS[each] == kind]
        alias = next((value for each, value in here if each == "CNAME"), None)
        if found or alias is None:
            return found
        return [(name, "CNAME", alias)] + self.find(alias.rstrip("."), kind)

    def answer(self, query):
        question = self.question(query)
        labels, at = [], 0
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode("latin-1").lower())
            at += 1 + question[at]
        name, kind = ".".join(labels), struct.unpack("!H", question[-4:-2])[0]
        self.asked.append((name, kind))
        if self.is_dead or name in self.silent:
            return None
        found = self.find(name, kind)
        exists = name in self.records or any(each.endswith("." + name) for each in self.records)
        answers = b""
        for owner, each, value in found:
            data = wire_data(each, value)
            owner = struct.pack("!H", 0xc00c) if owner == name else wire_name(owner)
            answers += owner + struct.pack("!HHIH", KINDS[each], 1, self.ttl, len(data)) + data
        return query[:2] + struct.pack("!HHHHH", 0x8580 | (0 if exists else 3), 1, len(found), 0, 0) + question + answers

    def close(self):
        self.udp.close()
        self.tcp.close()
