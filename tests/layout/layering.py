#!/usr/bin/env python3
"""Each file includes only headers of its own module and of the modules that its CMake call names in USES, and lower
layers never use higher ones (DESIGN: layers). Also: no cycle, and no heavy third-party header in include/."""
import pathlib
import re
import sys

top = pathlib.Path(sys.argv[1])
layers = [["base"], ["db", "ipc", "net", "mail"], ["auth", "oauth", "queue", "store", "directory", "policy", "report", "trace"], ["smtp", "lmtp", "imap", "pop3", "dnscare"],
          ["delivery", "relay"], ["sender"], ["control", "sendmail"], ["daemon"]]
level = {module: i for i, row in enumerate(layers) for module in row}
faults = []


def words(call, key):
    found = re.search(rf"\b{key}\b((?:\s+[\w./:-]+)*?)(?=\s+[A-Z_]+\b|\s*\))", call)
    return found.group(1).split() if found else []


uses, test_uses = {}, {}
for path in sorted(top.glob("src/*/CMakeLists.txt")):
    text = re.sub(r"#.*", "", path.read_text())
    call = re.search(r"maild_module\((\w+)(.*?)\)\s*$", text, re.S | re.M) or re.search(r"maild_module\((\w+)(.*?)\)", text, re.S)
    if not call:
        continue
    module, body = call.group(1), " " + call.group(2) + ")"
    uses[module] = set(words(body, "USES"))
    test_uses[module] = set(words(body, "TEST_USES"))
    if module not in level:
        faults.append(f"{path}: module {module} has no layer in tests/layout/layering.py")

for module, used in uses.items():
    for other in sorted(used):
        if level.get(other, 99) > level.get(module, 0):
            faults.append(f"src/{module}: uses {other}, which is a higher layer")


def reachable(module, seen):
    for other in uses.get(module, ()):
        if other not in seen:
            seen.add(other)
            reachable(other, seen)
    return seen


for module in uses:
    if module in reachable(module, set()):
        faults.append(f"src/{module}: uses itself through others")

include = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
heavy = re.compile(r"^(sqlite3\.h|openssl/|spdlog/|boost/asio|seccomp\.h|systemd/|argon2\.h|unicode/|toml|unbound|expat|zlib)")


def check(path, module, allowed):
    for kind, name in include.findall(path.read_text(errors="replace")):
        target = None
        if name.startswith("maild/"):
            target = name.split("/")[1]
        elif kind == '"' and "/" in name and name.split("/")[0] in level:
            target = name.split("/")[0]
            if target != module:
                faults.append(f"{path.relative_to(top)}: private header {name} of another module")
                continue
        if target and target != module and target not in allowed:
            faults.append(f'{path.relative_to(top)}: includes {name}, but {module} does not name {target} in USES')


for module in level:
    allowed = uses.get(module, set())
    for path in sorted(top.glob(f"include/maild/{module}/*.hpp")):
        check(path, module, allowed)
        for _, name in include.findall(path.read_text()):
            if heavy.match(name) and path.name != "task.hpp":
                faults.append(f"{path.relative_to(top)}: {name} does not belong into a public header")
    for path in sorted(top.glob(f"src/{module}/**/*.[ch]pp")):
        check(path, module, allowed)

print("\n".join(faults) or f"{len(uses)} modules, every include allowed")
sys.exit(1 if faults else 0)
