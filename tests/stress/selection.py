"""SELECT, from nothing and from an older snapshot: a view from its replies."""
import imap
from view import Message, View, require


def select(client, mailbox):
    client.say(f'SELECT "{mailbox}"')
    client.view = Selection(client.kind).view_from(client.replies)
    client.learn()


def resync(client, mailbox, snapshot, has_list):
    """QRESYNC: what it says must make the snapshot the mailbox of now (RFC 7162 §3.2.5). With a list of known UIDs it speaks of
    these alone, and what is new is fetched; without one of all."""
    uids = sorted(snapshot.known)
    words = f" {uids[0]}:{uids[-1]}" if uids and has_list else ""   # the span may name what never was
    client.say(f'SELECT "{mailbox}" (QRESYNC ({snapshot.uid_validity} {snapshot.highest}{words}))')
    selection = Selection(client.kind, snapshot)
    view = client.view = selection.view_from(client.replies)
    said = f"QRESYNC of {mailbox} from {snapshot.highest}"
    require(view.uid_validity == snapshot.uid_validity, f"{said}: UIDVALIDITY is {view.uid_validity}, was {snapshot.uid_validity}")
    told = set(view.known())
    client.learn()
    # What has come since SELECT began is fetched like anything new; what was expunged since then is not there to be told of.
    untold = [uid for uid in view.known() if uid not in told and uid < selection.uid_next]
    require(words or not untold, f"{said} tells nothing of UIDs {untold}")


class Selection:
    """The replies to SELECT in their order: first the mailbox as it is, then already what happens in it."""

    def __init__(self, kind, snapshot=None):
        self.snapshot, self.view = snapshot, View(kind)
        self.left = snapshot and dict(snapshot.known)
        self.count = self.uid_next = 0   # as the mailbox was opened

    def view_from(self, replies):
        closed = [at for at, reply in enumerate(replies) if b"CLOSED" in reply]
        for reply in replies[closed[-1] + 1 if closed else 0:]:   # what came before was about another mailbox (RFC 7162 §3.2.11)
            self.take(reply)
        self.place()
        return self.view

    def take(self, reply):
        view = self.view
        if b"UIDVALIDITY" in reply:
            view.uid_validity = int(reply[reply.index(b"UIDVALIDITY") + 1])
        elif b"HIGHESTMODSEQ" in reply:
            view.highest = int(reply[reply.index(b"HIGHESTMODSEQ") + 1])
        elif b"UIDNEXT" in reply:
            self.uid_next = int(reply[reply.index(b"UIDNEXT") + 1])
        elif reply[:2] == [b"VANISHED", [b"EARLIER"]]:
            for uid in imap.numbers(reply[2].decode()):
                self.left.pop(uid, None)
        elif reply[0] == b"VANISHED":
            self.place()
            view.vanish(imap.numbers(reply[1].decode()))
        elif len(reply) > 1 and reply[1] == b"EXISTS":
            if not self.count:
                self.count = int(reply[0])
            else:
                self.place()
            view.exists(int(reply[0]))
        elif len(reply) > 1 and reply[1] == b"EXPUNGE":
            view.expunge(int(reply[0]))
        elif len(reply) > 2 and reply[1] == b"FETCH":
            self.place()
            view.fetch(int(reply[0]), imap.pairs(reply[2]), is_asked=False)

    def place(self):
        """What is left of the snapshot are the first messages, in the order of their UIDs."""
        if self.left:
            require(len(self.left) <= self.count, f"{len(self.left)} messages are left of {self.count}")
            for at, uid in enumerate(sorted(self.left)):
                self.view.messages[at] = Message(uid, self.left[uid])
        self.left = None
