#!/usr/bin/env python3
"""Nothing that was acknowledged is lost or altered while processes are killed under load. A ledger here keeps what was
acknowledged; afterwards every message of it is read back by IMAP and compared by its digest.

    load.py [--senders N] [--messages N] [--accounts N] [--kill ROLE…] [--every SECONDS]    (also usable by hand, with larger figures)"""
import argparse
import hashlib
import imaplib
import os
import random
import signal
import smtplib
import sys
import threading
import time

import host


class Ledger:
    def __init__(self):
        self.lock, self.acknowledged, self.refused = threading.Lock(), {}, 0

    def add(self, message_id, recipient, digest):
        with self.lock:
            self.acknowledged[message_id] = (recipient, digest)


def sender(machine, number, count, accounts, ledger, protocol):
    randomness = random.Random(number)
    client, sent = None, 0
    while sent < count:
        message_id = f"<{number}.{sent}@load.example>"
        recipient = f"user{randomness.randrange(accounts)}@example.org"
        body = "".join(randomness.choice("abcdefgh \u00df".replace("\u00df", "z")) for _ in range(64)) + "\r\n"
        content = host.message(f"load {number}.{sent}", body * 60, message_id)
        try:
            if client is None:
                kind = smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP
                client = kind("127.0.0.1", machine.port(24 if protocol == "lmtp" else 25), local_hostname="load.example", timeout=60)
            client.sendmail("bob@load.example", [recipient], content)
            ledger.add(message_id, recipient, hashlib.sha256(content).hexdigest())
            sent += 1
        except (smtplib.SMTPException, OSError):
            # Not acknowledged: the same message is offered again under another id, as a new one.
            ledger.refused += 1
            number += 100_000
            try:
                client.close()
            except (AttributeError, OSError):
                pass
            client = None
            time.sleep(0.05)


def killer(machine, roles, stop, killed, every):
    randomness = random.Random(1)
    while len(killed) < 4 and not stop.wait(every):   # a fifth within seconds is a crash loop: the supervisor waits
        try:
            pids = [pid for role in roles for pid in machine.pids(role) if pid > 0]
            if pids:
                os.kill(randomness.choice(pids), signal.SIGKILL)
                killed.append(1)
        except (AssertionError, ProcessLookupError):
            continue


def read_back(machine, accounts):
    """Message-ID → digests of what stands in the mailboxes, below our trace fields."""
    found = {}
    for number in range(accounts):
        client = imaplib.IMAP4_SSL("127.0.0.1", machine.port(993), ssl_context=host.insecure_tls())
        client.login(f"user{number}@example.org", "pw")
        client.select("INBOX", readonly=True)
        for item in client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]:
            if not isinstance(item, tuple):
                continue
            content = item[1][item[1].index(b"From: Bob"):]
            message_id = content.split(b"Message-ID: ", 1)[1].split(b"\r\n", 1)[0].decode()
            found.setdefault(message_id, []).append((f"user{number}@example.org", hashlib.sha256(content).hexdigest()))
        client.logout()
    return found


def run(machine, options, messages, roles, protocol):
    senders, accounts = options.senders, options.accounts
    ledger, stop, killed = Ledger(), threading.Event(), []
    threads = [threading.Thread(target=sender, args=(machine, n, messages // senders, accounts, ledger, protocol)) for n in range(senders)]
    assassin = threading.Thread(target=killer, args=(machine, roles, stop, killed, options.every))
    began = time.monotonic()
    for thread in threads:
        thread.start()
    assassin.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    stop.set()
    assassin.join()
    host.wait_for(lambda: answers(machine), 15, "the host to be whole again")
    found = read_back(machine, accounts)
    missing = [message_id for message_id in ledger.acknowledged if message_id not in found]
    altered = [message_id for message_id, entry in ledger.acknowledged.items() if message_id in found and entry not in found[message_id]]
    doubled = [message_id for message_id in ledger.acknowledged if len(found.get(message_id, ())) > 1]
    print(f"{protocol}: {len(ledger.acknowledged)} acknowledged in {seconds:.1f} s, {ledger.refused} attempts refused or cut, {len(killed)} kills of "
          f"{'/'.join(roles) or 'nobody'}: {len(missing)} missing, {len(altered)} altered, {len(doubled)} doubled")
    return not missing and not altered and not doubled and len(ledger.acknowledged) == messages // senders * senders


def answers(machine):
    try:
        return all(p["pid"] > 0 and p["state"] == "ready" for p in machine.status()["processes"])
    except AssertionError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--senders", type=int, default=16)
    parser.add_argument("--messages", type=int, default=6000)
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--every", type=float, default=0.3, help="seconds between two kills")
    parser.add_argument("--kill", nargs="*", default=None)
    options = parser.parse_args()
    machine = host.Host()
    path = machine.root / "accounts.csv"
    path.write_text("".join(f"user{n}@example.org,pw,\n" for n in range(options.accounts)))
    machine.mailctl("account", "import", str(path))
    rounds = [options.kill] if options.kill is not None else [["worker"], ["store"], ["auth", "control"]]
    good = True
    for number, roles in enumerate(rounds):
        good &= run(machine, options, options.messages // len(rounds), roles, ("smtp", "lmtp")[number % 2])
        machine.mailctl("server", "status")
        if number + 1 < len(rounds):   # a fresh set of mailboxes for the next ledger
            machine.close()
            machine = host.Host()
            path = machine.root / "accounts.csv"
            path.write_text("".join(f"user{n}@example.org,pw,\n" for n in range(options.accounts)))
            machine.mailctl("account", "import", str(path))
    figures = machine.status()["store"]
    print(f"syncs per message: {figures['syncs'] / max(figures['messages_delivered'], 1):.3f}")
    machine.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
