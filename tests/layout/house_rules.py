#!/usr/bin/env python3
"""What the house style fixes and a machine can see: file sizes, the top level, nothing left undone in the text, no SQL
put together from strings, no function that the hardening list forbids, no large or stray file."""
import pathlib
import re
import subprocess
import sys

top = pathlib.Path(sys.argv[1])
faults = []
max_lines = 600
top_level = {"CMakeLists.txt", "CMakePresets.json", "src", "include", "schema", "conf", "tests", "docker", "README.md", "LICENSE"}

listed = subprocess.run(["git", "-C", top, "ls-files"], capture_output=True, text=True)
files = listed.stdout.splitlines() if listed.returncode == 0 else [
    str(path.relative_to(top)) for path in top.rglob("*") if path.is_file() and "build" not in path.parts[len(top.parts)]]

for name in files:
    path = top / name
    if not path.is_file():
        continue
    first = name.split("/")[0]
    if first not in top_level and not first.startswith("."):
        faults.append(f"{name}: beyond the fixed top level")
    if path.stat().st_size > 1024 * 1024:
        faults.append(f"{name}: larger than 1 MiB")
    if not name.endswith((".cpp", ".hpp", ".sql", ".sh", ".py", ".toml", ".cmake")):
        continue
    text = path.read_text(errors="replace")
    lines = text.count("\n")
    if lines > max_lines:
        faults.append(f"{name}: {lines} lines, at most {max_lines}")
    if "tests/layout/" not in name and (found := re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)):
        faults.append(f"{name}: {found.group(1)} in the text; file an issue instead")
    if name.startswith(("src/", "include/")) and name.endswith((".cpp", ".hpp")):
        if found := re.search(r"\b(sprintf|vsprintf|strcpy|strcat|gets|alloca|system|popen|tmpnam)\s*\(", text):
            faults.append(f"{name}: {found.group(1)}() is not allowed")
        if "<regex>" in text:
            faults.append(f"{name}: std::regex is not allowed")
        if re.search(r'"\s*(SELECT|INSERT|UPDATE|DELETE)\b[^"]*"\s*\+', text):
            faults.append(f"{name}: SQL put together from strings")
        if name.endswith(".hpp") and "#pragma once" not in text:
            faults.append(f"{name}: no #pragma once")

print("\n".join(faults) or f"{len(files)} files, all within the rules")
sys.exit(1 if faults else 0)
