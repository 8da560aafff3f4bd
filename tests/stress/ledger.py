"""What all clients together have learnt: which message was given which UID. A UID never means two messages."""
import collections
import threading

from view import require


class Ledger:
    def __init__(self):
        self.lock, self.keys = threading.Lock(), {}
        self.sizes = collections.Counter()   # of each mailbox, as somebody saw it last

    def tell(self, uid_validity, uid, key):
        with self.lock:
            known = self.keys.setdefault((uid_validity, uid), key)
        require(known == key, f"UID {uid} of {uid_validity} is {known}, and now {key}")

    def copied(self, source, source_uids, target, target_uids):
        """COPYUID (RFC 4315 §3): the same messages under other UIDs, in the same order."""
        require(len(source_uids) == len(target_uids), f"COPYUID {source_uids} {target_uids}")
        require(target_uids == sorted(target_uids), f"COPYUID gives {target_uids}")
        for old, new in zip(source_uids, target_uids):
            with self.lock:
                key = self.keys.get((source, old))
            if key:
                self.tell(target, new, key)
