"""Builds Maild and maild_load, and runs the latter."""
import json
import os
import pathlib
import subprocess
import sys
import time

import servers

top = pathlib.Path(__file__).resolve().parents[2]


def say(text):
    print(f"[{time.strftime('%H:%M:%S', time.gmtime())}] {text}", file=sys.stderr, flush=True)


def build(folder):
    subprocess.run([top / "conf/install-dependencies", "build", "test", "bench"], check=True)
    say("building")
    environment = {**os.environ, "CCACHE_BASEDIR": str(top), "CCACHE_NOHASHDIR": "1"}   # as tests/run has it
    for command in (["cmake", "-S", top, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
                     "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", "-DMAILD_BENCH=ON"],
                    ["ninja", "-C", folder, "maild", "mailctl", "maild_load"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


def command_line(build_folder, server, port, *arguments):
    """maild_load against a server's port; the server is charged. The first argument is the mode."""
    charged = ",".join(str(pid) for pid in server.roots())
    words = [build_folder / "tests/bench/maild_load", arguments[0], "--port", server.ports[port], "--charge", charged,
             "--account", f"user%n@{servers.domain}", "--password", servers.password, "--label", server.name, *arguments[1:]]
    return [str(word) for word in words]


def load(command):
    """maild_load's answers."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]
