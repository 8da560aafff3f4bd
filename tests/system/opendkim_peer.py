"""OpenDKIM's side of dkim_signing.py, in network and mount namespaces of its own: a DNS on port 53 that has the records of
standard input (JSON, name to text), a resolv.conf that names it, and opendkim-testmsg for each file of a folder. Prints JSON: what it
said of each, nothing where all signatures are good."""
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile

import zone

folder, records = pathlib.Path(sys.argv[1]), json.load(sys.stdin)
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with tempfile.TemporaryDirectory() as scratch:
    resolv_conf = pathlib.Path(scratch) / "resolv.conf"
    resolv_conf.write_text("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", resolv_conf, pathlib.Path("/etc/resolv.conf").resolve()], check=True)
    zone.Zone({name: [("TXT", text)] for name, text in records.items()}, port=53)

    def ask(path):
        run = subprocess.run(["opendkim-testmsg", "-t", scratch], stdin=path.open("rb"), capture_output=True, text=True, errors="replace", timeout=60)
        return path.name, "" if run.returncode == 0 else f"exit {run.returncode}: {run.stdout}{run.stderr}"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print(json.dumps(dict(pool.map(ask, sorted(folder.glob("*.eml"))))))
