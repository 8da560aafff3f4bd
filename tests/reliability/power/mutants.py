#!/usr/bin/env python3
"""Every mutant is noticed: the faults that power_cut looks for would be found if they were there.

    mutants.py DIRECTORY [NAME…]    the programs mutant_NAME in DIRECTORY; all of mutate.py's, or these"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import disk   # noqa: E402
import mutate   # noqa: E402

BUILD = pathlib.Path(os.environ.get("MAILD_BUILD", HERE.parents[2] / "build"))
MOST_CYCLES = "50"


def noticed_by_power_cut(program):
    with tempfile.TemporaryDirectory(dir=program.parent) as directory:
        os.link(program, f"{directory}/maild")
        os.link(BUILD / "mailctl", f"{directory}/mailctl")
        return subprocess.run([sys.executable, HERE.parent / "power_cut", "--until-caught", "--cycles", MOST_CYCLES], capture_output=True, text=True,
                              env={**os.environ, "MAILD_BUILD": directory})


def noticed_by_store_test(program):
    run = subprocess.run([program, "--gtest_filter=PackCrash.*", "--gtest_brief=1"], capture_output=True, text=True)
    run.returncode = 0 if "FAILED" in run.stdout else 1
    return run


def main():
    if missing := disk.what_is_missing("ext4"):
        print(f"SKIPPED: {missing}")
        return 77
    directory, survivors = pathlib.Path(sys.argv[1]), []
    for name in sys.argv[2:] or mutate.MUTANTS:
        notice = {"power_cut": noticed_by_power_cut, "store_test": noticed_by_store_test}[mutate.MUTANTS[name][1]]
        began = time.monotonic()
        run = notice(directory / f"mutant_{name}")
        lines = [line for line in run.stdout.splitlines() if "BROKEN" in line or "Failure" in line or "FAILED" in line]
        print(f"{name}: {'noticed' if run.returncode == 0 else 'SURVIVED'} by {notice.__name__.removeprefix('noticed_by_')} "
              f"after {time.monotonic() - began:.1f} s: {lines[0][:220] if lines else run.stdout[-2000:] + run.stderr[-2000:]}", flush=True)
        if run.returncode != 0 or not lines:
            survivors.append(name)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
