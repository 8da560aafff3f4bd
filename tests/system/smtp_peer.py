"""Another mail host, as tests want it: takes mail, refuses it, is slow or dies, each as it is told."""
import socket
import threading


class SmtpPeer:
    """`replies`, a recipient's local part → the reply to its RCPT; `at_data` and `at_mail`: one for all. `greeting` and `extensions` may be changed at any
    time. What was taken is in `taken`: (reverse-path, recipients, content). With `drops_at` the connection is closed at that command ("MAIL", "DATA", ".").
    `tls`: an ssl.SSLContext for STARTTLS, which has to be among the extensions to be tried."""

    def __init__(self, address="127.0.0.1", port=0, extensions=("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 50000000")):
        self.replies, self.at_data, self.at_mail, self.greeting, self.extensions = {}, None, None, "220 peer.example ESMTP", list(extensions)
        self.drops_at, self.taken, self.sessions, self.commands = None, [], 0, []
        self.tls = None
        self.on_dot = None   # called before the reply to the final dot
        self.listener = socket.create_server((address, port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            self.sessions += 1
            threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def close(self):
        self.listener.close()

    def serve(self, stream):
        with stream:
            try:
                self.talk(stream, stream.makefile("rb"))
            except (OSError, EOFError):
                pass

    @staticmethod
    def say(stream, text):
        stream.sendall(text.encode() + b"\r\n")

    def talk(self, stream, lines):
        self.say(stream, self.greeting)
        if not self.greeting.startswith("220"):
            return
        self.converse(stream, lines)

    def converse(self, stream, lines):
        path, recipients, parameters = None, [], []
        while line := lines.readline():
            command = line.decode("utf-8", "replace").strip()
            self.commands.append(command)
            verb = command.split(" ")[0].split(":")[0].upper()
            if self.drops_at == verb:
                return
            if verb in ("EHLO", "LHLO"):
                said = ["peer.example", *self.extensions]
                self.say(stream, "\r\n".join(f"250{'-' if i + 1 < len(said) else ' '}{text}" for i, text in enumerate(said)))
            elif verb == "STARTTLS" and self.tls:
                self.say(stream, "220 2.0.0 go on")
                with self.tls.wrap_socket(stream, server_side=True) as secured:
                    return self.converse(secured, secured.makefile("rb"))
            elif verb == "MAIL":
                if self.at_mail:
                    self.say(stream, self.at_mail)
                    continue
                path, recipients, parameters = command[command.index("<") + 1:command.index(">")], [], command
                self.say(stream, "250 2.1.0 ok")
            elif verb == "RCPT":
                address = command[command.index("<") + 1:command.index(">")]
                reply = self.replies.get(address.split("@")[0], "250 2.1.5 ok")
                if reply.startswith("2"):
                    recipients.append(address)
                self.say(stream, reply)
            elif verb == "DATA":
                if not recipients:
                    self.say(stream, "503 5.5.1 no recipients")
                    continue
                self.say(stream, "354 go on")
                content = b""
                while (line := lines.readline()) != b".\r\n":
                    if not line:
                        return
                    content += line[1:] if line.startswith(b".") else line
                if self.drops_at == ".":
                    return
                if self.on_dot:
                    self.on_dot()
                if not self.at_data:
                    self.taken.append((path, recipients, content))
                self.say(stream, self.at_data or "250 2.0.0 taken")
                path, recipients = None, []
            elif verb == "QUIT":
                self.say(stream, "221 2.0.0 bye")
                return
            elif verb in ("RSET", "NOOP"):
                path, recipients = None, []
                self.say(stream, "250 2.0.0 ok")
            else:
                self.say(stream, "502 5.5.1 what?")
