#!/usr/bin/env python3
"""What docker/ and conf/ say of the tree is true of it: the files that the image copies are there, it has the packages
of every library that the programs load, and it exposes the ports that are listened on. 77 where dpkg is missing, or
the programs are not built."""
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

top, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
faults = []
dockerfile = (top / "docker/Dockerfile").read_text().replace("\\\n", " ")

for line in re.findall(r"^COPY (.*)", dockerfile, re.M):
    if not line.startswith("--from="):
        faults += [f"docker/Dockerfile: no {name} to copy" for name in line.split()[:-1] if not (top / name).exists()]

config = tomllib.loads((top / "conf/maild.toml").read_text())
listened = {listener["port"] for listener in config["listener"] if "port" in listener}
exposed = {int(port) for port in re.search(r"^EXPOSE (.*)", dockerfile, re.M).group(1).split()}
if listened != exposed:
    faults.append(f"docker/Dockerfile: exposes {sorted(exposed)}, conf/maild.toml listens on {sorted(listened)}")

missing = [name for name in ("maild", "mailctl", "sendmail") if not (build / name).exists()]
if shutil.which("dpkg") is None:
    missing.append("dpkg, to ask for the packages of libraries")
if missing:
    print("\n".join(faults) or f"skipped, not here: {', '.join(missing)}")
    sys.exit(1 if faults else 77)
installed = set(re.findall(r"\S+", re.findall(r"apt-get install -y --no-install-recommends(.*?)&&", dockerfile, re.S)[0]))
# In every Debian image.
installed |= {"libc6", "libgcc-s1", "libstdc++6", "libcrypt1"}


def packages(library):
    """The packages that have a file of this name; /lib is a link to /usr/lib."""
    found = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True).stdout
    return {line.split(":")[0] for line in found.splitlines()}


for program in ("maild", "mailctl", "sendmail"):
    header = subprocess.run(["readelf", "-d", build / program], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", header):
        if not packages(library) & installed:
            faults.append(f"docker/Dockerfile: {program} loads {library} of {sorted(packages(library))}, which is not installed")

print("\n".join(faults) or "the image has what it needs")
sys.exit(1 if faults else 0)
