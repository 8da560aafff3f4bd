"""dkimpy's side of signatures.py, run by the Python that Debian's package is made for: a request in JSON on a line, an
answer on a line; messages in base64, TXT records in the request."""
import base64
import json
import sys

import dkim


def answer(request):
    message = base64.b64decode(request["message"])
    records = {name.encode() + b".": text.encode() for name, text in request.get("records", {}).items()}

    def dnsfunc(name, timeout=5):
        return records.get(name if isinstance(name, bytes) else name.encode())

    if request["op"] == "verify":
        count = message[:message.index(b"\r\n\r\n")].lower().count(b"dkim-signature:")
        return [dkim.DKIM(message).verify(idx=i, dnsfunc=dnsfunc) for i in range(count)]
    key = base64.b64decode(request["key"])
    if request["op"] == "sign":
        header, body = request["canonicalize"]
        return dkim.sign(message, b"key", b"example.org", key, canonicalize=(header.encode(), body.encode()), length=request["length"],
                         signature_algorithm=request["algorithm"].encode()).decode()
    return b"".join(dkim.arc_sign(message, b"key", b"example.org", key, b"lists.example")).decode()


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
