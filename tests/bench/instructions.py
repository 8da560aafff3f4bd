#!/usr/bin/env python3
"""instructions.py PROGRAM [--record]

Counts the instructions of every hot pure part (valgrind's callgrind runs maild_parts) and compares them with
instructions.tsv: more than a tenth above what is recorded fails. Counts do not depend on what else the machine does, so a
part that got slower by its code is seen in any run, however busy. They do depend on the compiler, its flags, the C library
and the processor's vectors, so a record is compared only by a build of the same kind; others are skipped (77).
--record writes instructions.tsv: after a change that was meant, and in the same commit."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

record = pathlib.Path(__file__).with_name("instructions.tsv")
tolerance = 0.10
skip = 77


def output_of(program, option):
    return subprocess.run([program, option], check=True, capture_output=True, text=True).stdout


def count(program):
    """Name of each part -> instructions of one run of it."""
    parts = [line.split() for line in output_of(program, "--list").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=maild_bench_part",
                   "--dump-after=maild_bench_part", f"--callgrind-out-file={folder}/out", program]
        subprocess.run(command, check=True, capture_output=True, text=True)
        counts = {}
        for number, (name, runs) in enumerate(parts, 1):
            text = pathlib.Path(folder, f"out.{number}").read_text()
            counts[name] = int(re.search(r"^(?:totals|summary): (\d+)", text, re.M).group(1)) // int(runs)
    return counts


def read_record():
    lines = record.read_text().splitlines()
    build = lines[0].removeprefix("# ")
    return build, {name: int(number) for name, number in (line.split("\t") for line in lines[1:])}


def write_record(build, counts):
    record.write_text(f"# {build}\n" + "".join(f"{name}\t{number}\n" for name, number in counts.items()))


def compare(recorded, counts):
    """Faults, and remarks that are none."""
    faults, remarks = [], []
    for name, number in counts.items():
        if name not in recorded:
            faults.append(f"{name}: {number} instructions, and not recorded")
            continue
        ratio = number / recorded[name]
        line = f"{name}: {number} instructions, {ratio:.2f} times the {recorded[name]} that are recorded"
        if ratio > 1 + tolerance:
            faults.append(line)
        elif ratio < 1 - tolerance:
            remarks.append(line)
    faults += [f"{name}: recorded, but there is no such part" for name in recorded if name not in counts]
    return faults, remarks


def main():
    program = sys.argv[1]
    if shutil.which("valgrind") is None:
        print("skipped: no valgrind")
        return skip
    build = output_of(program, "--build").strip()
    if "--record" in sys.argv:
        write_record(build, count(program))
        return 0
    recorded_build, recorded = read_record()
    if build != recorded_build:
        print(f"skipped: this build is another kind than the recorded one\n  this:     {build}\n  recorded: {recorded_build}")
        return skip
    faults, remarks = compare(recorded, count(program))
    for line in remarks:
        print("faster (instructions.py PROGRAM --record keeps it so):", line)
    for line in faults:
        print("slower:", line)
    if faults:
        print("If that was meant, and it is worth it: instructions.py PROGRAM --record")
    return 1 if faults else 0


sys.exit(main())
