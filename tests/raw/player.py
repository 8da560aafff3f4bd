"""Plays one case against a host: each step is a method. What is not as the script says is an AssertionError with the
script's line."""
import base64
import contextlib
import imaplib
import os
import random
import re
import ssl
import subprocess
import time

import host as system
from connection import GREETINGS, IMPLICIT, PATIENCE, Connection, client_hello
from script import arguments, octets_of, options_of

SLOWNESS = float(os.environ.get("MAILD_SLOWNESS", 1))   # of a build with a sanitizer
SAID = ("C:", "send", "S:", "S~", "S*", "S.")
# What differs between two runs of the same: names of transactions and accounts, times, numbers of mailboxes, SCRAM's nonces ("r=").
MASKS = [(re.compile(rb"[0-9A-HJKMNP-TV-Z]{13}\.\d+"), b"ID"), (re.compile(rb"raw\d+@"), b"USER@"),
         (re.compile(rb"(UIDVALIDITY|APPENDUID|COPYUID) \d+"), rb"\1 N"),
         (re.compile(rb"^((?:\+OK )?\d+ )[0-9a-f]{16}\r"), rb"\1UID"), (re.compile(rb"MAILBOXID \(F[0-9a-f]+\)"), b"MAILBOXID N"), (re.compile(rb'"[ \d]\d-\w{3}-\d{4} [^"]*"'), b"DATE"),
         (re.compile(rb"\w{3}, [ \d]\d \w{3} \d{4} [\d:]{8} [+-]\d{4}"), b"DATE"), (re.compile(rb"\d{4}-\d\d-\d\dT[\d:]{8}Z"), b"DATE"),
         (re.compile(rb"^((?:\+|334) cj1)[0-9A-Za-z+/=]+\r"), rb"\1NONCE")]


class Player:
    def __init__(self, case, mode, daemon, account, seed):
        self.case, self.mode, self.daemon, self.seed = case, mode, daemon, seed
        self.user, self.password = account
        self.connections, self.current, self.crowd_members = {}, None, []
        self.replies, self.marks, self.seen, self.role, self.begin, self.line = [], {}, [], "worker", daemon.log_size(), 0
        plain = base64.b64encode(f"\0{self.user}\0{self.password}".encode())
        self.values = {b"%EACH%": case.each, b"%USER%": self.user.encode(), b"%NAME%": self.user.partition("@")[0].encode(), b"%PASS%": self.password.encode(), b"%PLAIN%": plain,
                       b"%USER64%": base64.b64encode(self.user.encode()), b"%PASS64%": base64.b64encode(self.password.encode()),
                       b"%LENGTH%": str(len(case.each)).encode(), b"%FIRST%": case.each.partition(b" ")[0], b"%REST%": case.each.partition(b" ")[2],
                       b"%GUESS%": base64.b64encode(f"\0guess-{self.user}\0wrong".encode()),
                       **{b"%HERE%": daemon.address_of(self.user, 1), b"%THERE%": daemon.address_of(self.user, 2)}}

    def play(self):
        try:
            self.run(self.case.steps)
        except (AssertionError, OSError, ValueError, KeyError) as error:
            raise AssertionError(f"line {self.line}, {self.mode} (seed {self.seed}): {error or type(error).__name__}") from error
        finally:
            for connection in [*self.connections.values(), *self.crowd_members]:
                with contextlib.suppress(OSError):
                    connection.close()
        return [self.masked(reply) for reply in self.replies]

    def masked(self, reply):
        for pattern, name in MASKS:
            reply = pattern.sub(name, reply)
        return reply

    def run(self, steps):
        """Step by step; joined, everything that is sent before the next `wait` goes at once, and then the replies are read."""
        position = 0
        while position < len(steps):
            if self.mode == "joined" and steps[position].verb in SAID:
                group = []
                while position < len(steps) and steps[position].verb in SAID:
                    group.append(steps[position])
                    position += 1
                self.line = group[0].number
                self.current.send(b"".join(self.said(step) for step in group if step.verb in ("C:", "send")))
                for step in group:
                    if step.verb not in ("C:", "send"):
                        self.do(step)
            else:
                self.do(steps[position])
                position += 1

    def do(self, step):
        self.line = step.number
        name = {"C:": "send", "S:": "prefix", "S~": "pattern", "S*": "tagged", "S.": "lines"}.get(step.verb, step.verb.replace("-", "_"))
        getattr(self, "do_" + name)(step)

    def filled(self, data):
        for name, value in self.values.items():
            data = data.replace(name, value)
        while (found := re.search(rb"%HELLO(?::([^%]*))?%", data)):
            name = found.group(1) or b""
            data = data.replace(found.group(0), client_hello(name if name != b"random" else b"%032x.example" % random.getrandbits(128)))
        return data

    def said(self, step):
        return self.filled(octets_of(step.words)) + (b"\r\n" if step.verb == "C:" else b"")

    # Connections.
    def do_connect(self, step):
        """connect SERVICE [as=NAME] [from=ADDRESS] [mute | hello] [alpn= sni= version= ciphers= [fails [says=]]]"""
        options, words = options_of([self.filled(octets_of([word])).decode() for word in step.words])
        service = words[0]
        connection = Connection(self.daemon, service, self.mode, self.seed, options.get("from"))
        old = self.connections.get(options.get("as", "it"))
        if old:
            old.close()
        self.connections[options.get("as", "it")] = self.current = connection
        if "mute" in words:
            return
        if service in IMPLICIT:
            self.handshake(options, words)
            if "fails" in words:
                return
        if service != "control":
            greeting = self.next_reply()
            self.check(greeting.startswith(GREETINGS.get(service, b"220 ")), "greeting", greeting)
        if "hello" in words:
            connection.send(b"LHLO client.example\r\n" if service == "lmtp" else b"EHLO client.example\r\n")
            self.check(self.next_reply().startswith(b"250-"), "250", self.replies[-1])

    def handshake(self, options, words):
        try:
            self.current.start_tls(options)
        except (ssl.SSLError, ConnectionError) as error:
            self.check("fails" in words and options.get("says", "") in str(error).replace(" ", "_").upper(), "a handshake", str(error))
            return
        self.check("fails" not in words, "a failing handshake", self.current.socket.version())

    def do_on(self, step):
        self.current = self.connections[step.words[0]]

    def do_starttls(self, step):
        options, words = options_of(step.words)
        self.handshake(options, words)

    def do_tls(self, step):
        """tls SERVICE [sni=] resumes|starts-anew: another connection, with the session that this one has left."""
        options, (service, want) = options_of(step.words)
        second = Connection(self.daemon, service)
        try:
            second.start_tls(options, self.current)
            self.check(second.socket.session_reused == (want == "resumes"), want, "the opposite")
        finally:
            second.close()

    def do_send(self, step):
        self.current.send(self.said(step))

    def do_trickle(self, step):
        """One octet after the other with a pause between, until the peer has had enough or all is sent."""
        pause = float(step.words[-1])
        for octet in self.filled(octets_of(step.words[:-1])):
            with contextlib.suppress(TimeoutError):
                if not self.current.receive(time.monotonic() + pause) or self.current.buffer:
                    return
            self.current.send(bytes([octet]))

    def do_wait(self, step):
        """Only joined it means something."""

    def do_half_close(self, step):
        self.current.half_close()

    def do_reset(self, step):
        self.current.reset()

    def do_close(self, step):
        self.current.close()

    def do_unwrap(self, step):
        self.current.unwrap()

    def do_log_in(self, step):
        if self.current.service in ("imap", "imaps"):
            self.current.send(b'login LOGIN "%s" "%s"\r\n' % (self.values[b"%USER%"], self.values[b"%PASS%"]))
            self.check(self.next_reply().startswith(b"login OK"), "login OK", self.replies[-1])
        else:
            self.current.send(b"AUTH PLAIN " + self.values[b"%PLAIN%"] + b"\r\n")
            self.check(self.next_reply().startswith((b"235", b"+OK")), "235 or +OK", self.replies[-1])

    # Replies.
    def check(self, is_right, want, got):
        if not is_right:
            raise AssertionError(f"want {want!r}, got {got[:400]!r}")

    def next_reply(self):
        reply = self.current.reply()
        self.replies.append(reply)
        return reply

    def do_prefix(self, step):
        want = self.filled(step.words[0])
        reply = self.next_reply()
        self.check(reply.startswith(want), want, reply)

    def do_pattern(self, step):
        reply = self.next_reply()
        self.check(re.match(self.filled(step.words[0]), reply, re.DOTALL), step.words[0], reply)

    def do_tagged(self, step):
        """Replies up to the one of this tag."""
        want = self.filled(step.words[0])
        while not (reply := self.next_reply()).startswith(want.split(b" ")[0] + b" "):
            pass
        self.check(reply.startswith(want), want, reply)

    def do_lines(self, step):
        """POP3: what comes up to the final dot, as it is on the wire."""
        lines = [self.next_reply()]
        while lines[-1] != b".\r\n":
            lines.append(self.next_reply())
        got = b"".join(lines[:-1])
        self.check(re.fullmatch(self.filled(step.words[0]), got, re.DOTALL | re.MULTILINE), step.words[0], got)

    def do_closed(self, step):
        self.current.expect_closed(float(step.words[0]) if step.words else PATIENCE)

    def do_silent(self, step):
        self.current.expect_silence(float(step.words[0]))

    # What the daemon did.
    def do_logged(self, step):
        """The log has the end of this connection's session: nothing of it is under way any more."""
        port = self.current.local_port
        self.current.close()   # the daemon waits for that before it logs

        def is_logged():
            text = self.daemon.log_from(self.begin)
            began = re.findall(rf"(\S+\]) \w+_session_started session=(\S+) .*remote_port={port}\b", text)
            return began and re.search(rf"{re.escape(began[-1][0])} \w+_session_finished session={began[-1][1]} ", text)
        system.wait_for(is_logged, PATIENCE, "the end of the session in the log")

    def do_log(self, step):
        pattern = self.filled(octets_of(step.words[1:])).decode("latin-1")
        if step.words[0] == "has":
            system.wait_for(lambda: re.search(pattern, self.daemon.log_from(self.begin)), PATIENCE, f"{pattern} in the log")
        else:
            found = re.search(pattern, self.daemon.log_from(self.begin))
            self.check(not found, f"nothing like {pattern} in the log", found and found.group(0))

    def do_mailbox(self, step):
        """mailbox NAME has N; mailbox NAME last ends "…" """
        client = imaplib.IMAP4_SSL("127.0.0.1", self.daemon.port(993), ssl_context=system.insecure_tls())
        try:
            client.login(self.user, self.password)
            count = int(client.select(step.words[0], readonly=True)[1][0])
            if step.words[1] == "has":
                self.check(count == int(step.words[2]), step.words[2], str(count))
            else:
                content = client.fetch(str(count), "(BODY.PEEK[])")[1][0][1]
                want = self.filled(octets_of(step.words[3:]))
                self.check(content.endswith(want), want, content[-len(want) - 200:])
        finally:
            client.logout()

    def do_memory(self, step):
        """memory mark [ROLE]; memory grew less N KiB, in any process of it (a worker), once the sessions are gone. Both take
        the least of what `memory seen` has seen since the mark before: what an allocator holds back comes and goes, a leak stays."""
        if step.words[0] == "seen":
            self.seen.append(self.daemon.memory(self.role))
            return

        def least():
            now = self.daemon.memory(self.role)
            return {pid: min(seen.get(pid, kib) for seen in [now, *self.seen]) for pid, kib in now.items()}
        if step.words[0] == "mark":
            self.role = (step.words + ["worker"])[1]
            self.marks.update(least())
            self.seen = []
            return
        limit = int(step.words[2])

        def worst():
            return max(kib - self.marks[pid] for pid, kib in least().items())
        system.wait_for(lambda: worst() < limit, 5, f"less than {limit} KiB more memory; it is {worst()}")

    def do_timer(self, step):
        if step.words[0] == "start":
            self.marks["timer"] = time.monotonic()
        else:
            spent = time.monotonic() - self.marks["timer"]
            is_right = spent < float(step.words[1]) * SLOWNESS if step.words[0] == "under" else spent > float(step.words[1])
            self.check(is_right, " ".join(step.words), f"{spent:.1f} s")

    def do_mailctl(self, step):
        """mailctl EXIT WORDS…; any: some failure that it says, without a control character that a terminal would obey."""
        words = arguments([self.filled(octets_of([word])) for word in step.words[1:]])
        run = subprocess.run([self.daemon.root / "bin/mailctl", *words], input=b"", capture_output=True, timeout=60)
        said = run.stdout + run.stderr
        is_right = 0 < run.returncode < 128 if step.words[0] == "any" else run.returncode == int(step.words[0])
        self.check(is_right and said and not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", said), f"exit {step.words[0]}", f"{run.returncode}: {said}")

    def do_repeat(self, step):
        for _ in range(int(step.words[0])):
            self.run(step.body)

    def do_crowd(self, step):
        """crowd N SERVICE OCTETS…: so many more connections, which say this and stay. crowd closed SECONDS: all have ended;
        crowd told SECONDS "…": all have heard this."""
        if step.words[0] in ("closed", "told"):
            deadline = time.monotonic() + float(step.words[1])
            for member in self.crowd_members:
                while not member.is_over if step.words[0] == "closed" else step.words[2] not in member.buffer:
                    self.check(member.receive(deadline) or step.words[0] == "closed", step.words[-1], member.buffer)
            return
        options, words = options_of([self.filled(word.encode()).decode() if isinstance(word, str) else word for word in step.words])
        for number in range(int(words[0])):
            source = f"127.1.{number >> 8}.{number & 255}" if options.get("from") == "each" else options.get("from")
            member = Connection(self.daemon, words[1], seed=number, source=source)
            if "tls" in words:
                member.start_tls({})
            member.send(self.filled(octets_of(word for word in words[2:] if isinstance(word, bytes))))
            self.crowd_members.append(member)

    def do_drop(self, step):
        """drop crowd"""
        for member in self.crowd_members:
            member.close()
        self.crowd_members = []
