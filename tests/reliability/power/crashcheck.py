"""The oracle: what the ledger says against what a host shows after a crash, invariant by invariant (PROMISES names them).
It reads the mail over IMAP like any client, and the store's files on their own, while no daemon runs."""
import collections
import hashlib
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time

import imap
import messages
from ledger import Mailbox

PROMISES = {
    "I1": "every acknowledged message is there, for each of its recipients",
    "I2": "its bytes are the same below the trace fields, and nothing is there that was not sent",
    "I3": "more than one copy only where the reply was not seen; one delivery reaches all of its recipients or none",
    "I4": "(UIDVALIDITY, UID) names the same bytes for ever; UIDs grow and UIDNEXT never drops",
    "I5": "mod-sequences never drop; what was stored, copied, moved, expunged, made, renamed, deleted is so, what was under way wholly or not at all",
    "I6": "ENVELOPE, BODYSTRUCTURE and RFC822.SIZE are those of the bytes",
    "I7": "counters and what quota counts are as computed anew; the database is sound",
    "I8": "every acknowledged recipient elsewhere is in the queue, once",
    "I9": "no reference leads nowhere: every body that the database names is whole in its pack, and the host's own deep check finds nothing",
    "I10": "no manual step: the host starts by itself, with the administration that was acknowledged",
    "I11": "service is back within 5 s",
    "I12": "descriptors and memory are back to where they were",
}
COUNTERS = """
SELECT 'mailbox ' || b.id, b.messages, b.unseen, b.deleted, b.size, b.deleted_size, count(m.uid), coalesce(sum(m.flags & 1 = 0), 0),
       coalesce(sum(m.flags & :deleted != 0), 0), coalesce(sum(m.size), 0), coalesce(sum(iif(m.flags & :deleted != 0, m.size, 0)), 0)
FROM mailbox b LEFT JOIN message m ON m.mailbox_id = b.id WHERE b.deleted_at IS NULL GROUP BY b.id"""
USAGE = """
SELECT 'account ' || a.id, a.used_messages, a.used_bytes, count(m.uid), coalesce(sum(m.size), 0)
FROM account a LEFT JOIN mailbox b ON b.account_id = a.id AND b.deleted_at IS NULL LEFT JOIN message m ON m.mailbox_id = b.id GROUP BY a.id"""
REFERENCES = """
SELECT 'body ' || body.id, refs, (SELECT count(*) FROM message JOIN content c ON c.id = content_id WHERE c.body_id = body.id)
  + (SELECT count(*) FROM expunged JOIN content c ON c.id = content_id WHERE c.body_id = body.id)
  + (SELECT count(*) FROM queue_message q WHERE q.body_id = body.id) FROM body"""
DANGLING = """
SELECT 'message ' || mailbox_id || '/' || uid FROM message WHERE content_id NOT IN (SELECT id FROM content)
UNION ALL SELECT 'content ' || id FROM content WHERE body_id NOT IN (SELECT id FROM body)
UNION ALL SELECT 'queue ' || id FROM queue_message WHERE body_id NOT IN (SELECT id FROM body)"""
RECORD_HEADER = 32   # store/pack_record.hpp


class Oracle:
    def __init__(self, ledger):
        self.ledger, self.faults = ledger, []
        self.modseq, self.checked_body, self.structures = {}, 0, {}
        self.baseline = None

    def fault(self, invariant, text):
        self.faults.append((invariant, text))

    def differs(self, invariant, what, got, want):
        if got != want:
            self.fault(invariant, f"{what}: got {got}, want {want}")
        return got != want

    # --- The store's files, while nothing runs ---------------------------------------------------------------------------
    def check_files(self, shard, scratch):
        """On copies: not even a lock or a -shm file is left beside what the daemon will open."""
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        for name in ("meta.db", "meta.db-wal"):
            if (shard / name).exists():
                shutil.copy2(shard / name, scratch / name)
        database = sqlite3.connect(scratch / "meta.db")
        try:
            self.check_database(database)
            self.check_modseqs(database)
            self.check_queue(database)
            self.check_bodies(database, shard / "pack")
        except sqlite3.DatabaseError as error:
            self.fault("I7", f"the database cannot be read: {error}")
        finally:
            database.close()

    def check_database(self, database):
        for (found,) in database.execute("PRAGMA integrity_check"):
            self.differs("I7", "integrity_check", found, "ok")
        for broken in database.execute("PRAGMA foreign_key_check"):
            self.fault("I7", f"foreign key: {broken}")
        for name, *figures in database.execute(COUNTERS, {"deleted": 8}):
            self.differs("I7", f"{name} (messages, unseen, deleted, size, deleted size)", figures[:5], figures[5:])
        for name, *figures in database.execute(USAGE):
            self.differs("I7", f"{name} (messages, bytes)", figures[:2], figures[2:])
        for name, refs, counted in database.execute(REFERENCES):
            self.differs("I7", f"{name} references", refs, counted)
        for (name,) in database.execute(DANGLING):
            self.fault("I9", f"{name} leads nowhere")

    def check_modseqs(self, database):
        for table, column in (("account", "modseq"), ("mailbox", "highest_modseq")):
            for number, modseq in database.execute(f"SELECT id, {column} FROM {table}"):
                before = self.modseq.get((table, number), 0)
                if modseq < before:
                    self.fault("I5", f"{table} {number}: {column} fell from {before} to {modseq}")
                self.modseq[(table, number)] = modseq
        for mailbox, highest, uid, modseq in database.execute(
                "SELECT b.id, b.highest_modseq, m.uid, m.modseq FROM message m JOIN mailbox b ON b.id = m.mailbox_id WHERE m.modseq > b.highest_modseq"):
            self.fault("I5", f"mailbox {mailbox}: UID {uid} has {modseq}, above HIGHESTMODSEQ {highest}")

    def check_queue(self, database):
        queued = {}
        for address, digest in database.execute(
                "SELECT r.address, b.digest FROM queue_recipient r JOIN queue_message q ON q.id = r.queue_id JOIN body b ON b.id = q.body_id"):
            queued.setdefault(address, []).append(digest.hex())
        for delivery in self.ledger.deliveries.values():
            for address in delivery.recipients:
                if address not in self.ledger.accounts:
                    self.check_copies("I8", delivery, address, len(queued.get(address, [])))
                    if any(digest != delivery.message.digest for digest in queued.get(address, [])):
                        self.fault("I8", f"{address}: the queue leads to other bytes")

    def check_copies(self, invariant, delivery, address, count):
        least = 1 if address in delivery.acknowledged else 0
        if count < least:
            self.fault(invariant, f"{delivery.message.key} was acknowledged for {address} over {delivery.protocol} and is not there")
        if count > least + delivery.unanswered:
            self.fault("I3", f"{delivery.message.key} is there {count} times for {address}; acknowledged {least}, {delivery.unanswered} replies not seen")

    def check_bodies(self, database, packs):
        """Those of the last cycle; older ones are read over IMAP as long as a mailbox shows them."""
        for body, pack, offset, metadata, length, digest in database.execute(
                "SELECT id, pack, record_offset, metadata_length, length, digest FROM body WHERE id > ? ORDER BY id", (self.checked_body,)):
            path = packs / f"{pack:010}.pk"
            content = b""
            if path.exists():
                with open(path, "rb") as file:
                    file.seek(offset + RECORD_HEADER + metadata)
                    content = file.read(length)
            if hashlib.sha256(content).digest() != digest:
                self.fault("I9", f"body {body} is not whole in {path.name} at {offset}")
            self.checked_body = body

    # --- The host, as a client sees it -----------------------------------------------------------------------------------
    def check_host(self, host):
        for account in self.ledger.accounts.values():
            with imap.Client(host.port(143), account.address, account.password) as client:
                self.check_account(client, account)
        arrived = {address: collections.Counter(account.arrived.values()) for address, account in self.ledger.accounts.items()}
        for delivery in self.ledger.deliveries.values():
            counts = set()
            for address in delivery.recipients:
                if address in arrived:
                    count = arrived[address][delivery.message.key]
                    counts.add(count)
                    self.check_copies("I1", delivery, address, count)
            if len(counts) > 1:
                self.fault("I3", f"{delivery.message.key} reached some of its recipients and others not: {counts} copies")
        self.forget_settled()

    def forget_settled(self):
        """What was acknowledged, arrived and is accounted for need not be counted again: the mailboxes' own state goes on."""
        for account in self.ledger.accounts.values():
            account.pending = None
        self.ledger.deliveries = {key: delivery for key, delivery in self.ledger.deliveries.items()
                                  if not delivery.acknowledged or delivery.unanswered or delivery.protocol == "submission"}

    def check_account(self, client, account):
        actual, arrivals = self.read(client, account), {}
        inbox = actual.setdefault("INBOX", Mailbox(0))   # no INBOX has UIDVALIDITY 0: when it is gone, that shows
        known = account.mailboxes.get("INBOX", Mailbox()).messages
        for uid in [uid for uid in inbox.messages if uid not in known]:
            place = (inbox.uid_validity, uid)
            if place in account.arrived:
                continue   # it was known and went: an expunge that came undone
            arrivals[uid] = inbox.messages.pop(uid)
            account.arrived[place] = arrivals[uid][0]
        if account.mailboxes:
            self.compare(account, actual)
        inbox.messages.update(arrivals)
        account.mailboxes = actual

    def compare(self, account, actual):
        """The mailboxes are as after the last acknowledged operation, or as after the one that was under way."""
        candidates = [account.mailboxes]
        if account.pending:
            candidates.insert(0, account.pending.apply(account.mailboxes))
        found = [differences(actual, candidate) for candidate in candidates]
        if all(found):
            under_way = f" (under way: {account.pending.kind} {account.pending.facts})" if account.pending else ""
            for difference in min(found, key=len):
                self.fault("I5", f"{account.address}: {difference}{under_way}")

    def read(self, client, account):
        """Every mailbox with every message, each checked by itself on the way."""
        replies, _ = client.command('LIST "" "*"')
        mailboxes = {}
        for reply in replies:
            if reply[0] == b"LIST" and b"\\Noselect" not in reply[1] and b"\\NonExistent" not in reply[1]:
                name = reply[-1].decode()
                mailboxes[name] = self.read_mailbox(client, account, name)
        return mailboxes

    def read_mailbox(self, client, account, name):
        replies, _ = client.command(f'STATUS "{name}" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)')
        status = next(imap.pairs(reply[-1]) for reply in replies if reply[0] == b"STATUS")
        mailbox = Mailbox(int(status[b"UIDVALIDITY"]))
        client.command(f'EXAMINE "{name}"')
        if status[b"MESSAGES"] != b"0":
            replies, _ = client.command("UID FETCH 1:* (UID FLAGS RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])")
            for reply in replies:
                if len(reply) > 2 and reply[1] == b"FETCH":
                    self.read_message(account, name, mailbox, imap.pairs(reply[2]))
        where, unseen = f"{account.address} {name}", sum("\\Seen" not in flags for _, flags in mailbox.messages.values())
        self.differs("I7", f"{where} (MESSAGES, UNSEEN)", [int(status[b"MESSAGES"]), int(status[b"UNSEEN"])], [len(mailbox.messages), unseen])
        floor = account.uid_next.get(mailbox.uid_validity, 1)
        if int(status[b"UIDNEXT"]) < floor:
            self.fault("I4", f"{where}: UIDNEXT fell to {status[b'UIDNEXT'].decode()}, below {floor}")
        account.uid_next[mailbox.uid_validity] = int(status[b"UIDNEXT"])
        return mailbox

    def read_message(self, account, name, mailbox, items):
        uid, content = int(items[b"UID"]), items[b"BODY[]"] or b""
        where = f"{account.address} {name} UID {uid}"
        parts = messages.below_trace(content)
        sent = parts and self.ledger.messages.get(messages.key_of(parts[1]))
        if not sent or parts[1] != sent.content:
            self.fault("I2", f"{where}: {len(content)} bytes that nobody sent: {content[:80]!r}")
            return
        if parts[0] and not parts[0].startswith(b"Return-Path: <"):
            self.fault("I2", f"{where}: above the message stands {parts[0][:80]!r}")
        self.differs("I6", f"{where} RFC822.SIZE", int(items[b"RFC822.SIZE"]), len(content))
        told = messages.normal(items[b"ENVELOPE"]), messages.normal(items[b"BODYSTRUCTURE"])
        if sent.key not in self.structures:
            self.structures[sent.key] = messages.expected(sent.content)
        for what, got, want in zip(("ENVELOPE", "BODYSTRUCTURE"), told, self.structures[sent.key]):
            self.differs("I6", f"{where} {what}", got, want)
        if not account.tell(mailbox.uid_validity, uid, sent.key):
            self.fault("I4", f"{where}: is {sent.key}, was {account.told[(mailbox.uid_validity, uid)]}")
        mailbox.messages[uid] = (sent.key, frozenset(flag.decode() for flag in items[b"FLAGS"]) - {"\\Recent"})

    # --- The processes ---------------------------------------------------------------------------------------------------
    def check_start(self, host, seconds):
        if seconds > 5:
            self.fault("I11", f"service was back after {seconds:.1f} s")
        for alias in host.mailctl("alias", "list", as_json=True)["rows"] if self.ledger.aliases else []:
            self.ledger.aliases.discard(alias["pattern"])
        for alias in self.ledger.aliases:
            self.fault("I10", f"alias {alias} was acknowledged and is gone")
        self.ledger.aliases.clear()

    def check_itself(self, host):
        """What the host says when it reads and parses everything of its own anew."""
        command = [host.root / "bin/mailctl", "--json", "fsck", "run", "--deep"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if run.returncode != 0:
            self.fault("I9", f"fsck run --deep: exit {run.returncode}: {(run.stdout + run.stderr)[:1000]}")

    def check_resources(self, host):
        """Against the first time, once the last sessions have ended; a store that holds more needs a little more."""
        deadline = time.monotonic() + 5
        while True:
            descriptors, resident = map(sum, zip(*map(resources_of, host.processes())))
            if self.baseline is None:
                self.baseline = descriptors, resident
            if descriptors <= self.baseline[0] and resident <= self.baseline[1] * 1.5 + 32 * 1024:
                return
            if time.monotonic() > deadline:
                self.fault("I12", f"{descriptors} descriptors and {resident} KiB; at first {self.baseline[0]} and {self.baseline[1]} KiB")
                return
            time.sleep(0.02)


def resources_of(pid):
    """Open descriptors, the packs' segments apart (a store with more of them has more of them open), and KiB in memory."""
    directory, descriptors = pathlib.Path(f"/proc/{pid}/fd"), 0
    for number in os.listdir(directory):
        try:
            descriptors += not os.readlink(directory / number).endswith(".pk")
        except FileNotFoundError:
            continue   # closed meanwhile
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return descriptors, int(status.split("VmRSS:")[1].split()[0])


def differences(actual, expected):
    """Between what a client sees and what the ledger says, in words; none: the same."""
    found = [f"mailbox {name} is gone" for name in expected.keys() - actual.keys()]
    found += [f"mailbox {name} is there and should not" for name in actual.keys() - expected.keys()]
    for name in expected.keys() & actual.keys():
        got, want = actual[name], expected[name]
        if want.uid_validity is not None and got.uid_validity != want.uid_validity:
            found.append(f"{name}: UIDVALIDITY {got.uid_validity}, was {want.uid_validity}")
        for uid, entry in want.messages.items():
            if got.messages.get(uid) != entry:
                found.append(f"{name} UID {uid}: {show(got.messages.get(uid))}, should be {show(entry)}")
        more = [got.messages[uid] for uid in sorted(got.messages) if uid not in want.messages]
        if more != want.fresh:
            found.append(f"{name}: further messages {[show(entry) for entry in more]}, should be {[show(entry) for entry in want.fresh]}")
    return found


def show(entry):
    return f"{entry[0]} {' '.join(sorted(entry[1]))}".strip() if entry else "nothing"
