#!/usr/bin/env python3
"""Shows what sanitizers have reported in DIR, and fails if there is anything."""
import pathlib
import sys

reports = sorted(pathlib.Path(sys.argv[1]).glob("report*"))
for report in reports:
    print(f"{report}:\n{report.read_text(errors='replace')}\n")
    report.unlink()   # the next run tells its own
sys.exit(1 if reports else 0)
