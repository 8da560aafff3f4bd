"""A SOCKS 5 proxy (RFC 1928) without a login, for tests: `asked` has the addresses and ports that it was to connect to."""
import socket
import struct
import threading


class SocksProxy:
    def __init__(self):
        self.asked, self.refuses = [], False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, stream):
        with stream:
            try:
                _, methods = stream.recv(2, socket.MSG_WAITALL)
                stream.recv(methods, socket.MSG_WAITALL)
                stream.sendall(b"\5\0")
                kind = stream.recv(4, socket.MSG_WAITALL)[3]
                family, size = {1: (socket.AF_INET, 4), 4: (socket.AF_INET6, 16)}[kind]
                address = socket.inet_ntop(family, stream.recv(size, socket.MSG_WAITALL))
                port = struct.unpack("!H", stream.recv(2, socket.MSG_WAITALL))[0]
                if self.refuses:
                    stream.sendall(b"\5\2\0\1" + bytes(6))   # not allowed by ruleset
                    return
                self.asked.append((address, port))
                with socket.create_connection((address, port), 10) as target:
                    stream.sendall(b"\5\0\0\1" + bytes(6))
                    back = threading.Thread(target=self.copy, args=(target, stream), daemon=True)
                    back.start()
                    self.copy(stream, target)
                    back.join()
            except OSError:
                pass

    @staticmethod
    def copy(source, target):
        try:
            while octets := source.recv(65536):
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
