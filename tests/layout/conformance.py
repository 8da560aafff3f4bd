#!/usr/bin/env python3
"""The public suites that tests here run lie beside the tree. Where MAILD_REQUIRE_CONFORMANCE is set (.ci/run), one that is
missing is a failure; elsewhere its tests skip themselves, and this says so by name."""
import os
import pathlib
import re
import sys

top = pathlib.Path(sys.argv[1])
beside = top.parent / "shared" / "conformance"
suites = {"addr-isemail", "arc-valimail", "authres-rfc8601", "dkim-stalwart", "dkim-verifier", "dmarc-mailauth", "imaptest-scripts", "james-mpt",
          "mailauth-rspamd", "mime-cpython", "mime-enmime", "mime-flanker", "mime-mime4j", "mime-mimekit", "mime-rubymail", "mime-stalwart", "psl",
          "record-parsers-mox", "reports-stalwart", "sasl-vectors", "spf-rfc7208", "spf-stalwart"}
named = {suite for path in top.glob("tests/*/*.[ch]pp") for suite in re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)+", path.read_text(errors="replace"))}
named |= {suite for path in top.glob("tests/*/*.[ch]pp") for suite in re.findall(r'conformance_suite\("([a-z0-9]+)"', path.read_text(errors="replace"))}
faults = [f"{suite}: no test names it" for suite in sorted(suites - named)]
missing = [suite for suite in sorted(suites) if not (beside / suite).is_dir()]
for suite in missing:
    print(f"{suite}: not here, its tests are skipped")
if missing and os.environ.get("MAILD_REQUIRE_CONFORMANCE"):
    faults.append("the suites are required here")
print("\n".join(faults) or f"{len(suites) - len(missing)} of {len(suites)} suites are here")
sys.exit(1 if faults else 0)
