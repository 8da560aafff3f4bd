#!/usr/bin/env python3
"""headers.py SOURCE COMPILER   every public header compiles alone, with our warnings."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

top, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
flags = ["-std=c++23", "-x", "c++", "-fsyntax-only", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror",
         "-Wno-pragma-once-outside-header", f"-I{top}/include", "-DBOOST_ASIO_SEPARATE_COMPILATION",
         "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_ASIO_DISABLE_BOOST_COROUTINE", "-DMAILD_VERSION=\"0\""]


def check(header):
    name = header.relative_to(top / "include")
    run = subprocess.run([compiler, *flags, "-"], input=f'#include "{name}"\n#include "{name}"\n', capture_output=True, text=True)
    return "" if run.returncode == 0 else f"{name}:\n{run.stderr}"


headers = sorted((top / "include").rglob("*.hpp"))
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    faults = [fault for fault in pool.map(check, headers) if fault]
print("\n".join(faults) or f"{len(headers)} headers compile alone")
sys.exit(1 if faults else 0)
