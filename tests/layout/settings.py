#!/usr/bin/env python3
"""Every member of a settings struct (src/daemon/config.hpp) is told to the roles (describe() in src/daemon/messages.cpp): what is not
stands in the file, is checked, and does nothing, for a role has its default."""
import pathlib
import re
import sys

STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)\n\};", re.S | re.M)
MEMBER = re.compile(r"^    [\w:<>, ]+?[ &](\w+)(?: =[^;]*|\{[^;]*\})?;", re.M)
DESCRIBED = re.compile(r"describe\(Codec& codec, (\w+)& c\) \{(.*?)\}\n", re.S)


def members(body):
    plain = re.sub(r"//[^\n]*", "", body)
    plain = re.sub(r"enum class \w+[^;]*;", "", plain)
    return [name for line in MEMBER.finditer(plain) for name in [line.group(1)] if "(" not in line.group(0).split("{")[0].split("=")[0]]


def main():
    daemon = pathlib.Path(sys.argv[1]) / "src/daemon"
    structs = {name: members(body) for name, body in STRUCT.findall((daemon / "config.hpp").read_text())}
    told = {name: set(re.findall(r"\bc\.(\w+)", body)) for name, body in DESCRIBED.findall((daemon / "messages.cpp").read_text())}
    faults = [f"{name}: no describe() tells it" for name in structs if name not in told]
    faults += [f"{name}::{member} is told to no role" for name, names in structs.items() for member in names
               if name in told and member not in told[name]]
    count = sum(map(len, structs.values()))
    if count < 100:
        faults.append(f"only {count} settings found: this test does not understand config.hpp any more")
    for fault in faults:
        print(fault)
    print(f"{count} settings of {len(structs)} structs, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
