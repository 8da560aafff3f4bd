"""Whether the table at the end of README.md is true: every line of the list is there once, what proves it exists, every
script says the same as the table, and the sum is right."""
import re

import script

LINES = range(1, 91)
STATES = ("covered", "partly", "not yet")
ROW = re.compile(r"^\| *(\d+) *\|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
SUM = re.compile(r"^\*\*(\d+) of (\d+) that apply\*\*", re.MULTILINE)
TEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")


def rows(here):
    return [(int(number), what, proofs, state.strip()) for number, what, proofs, state in ROW.findall((here / "README.md").read_text())]


def known_tests(top):
    names = set()
    for path in (top / "tests").rglob("*_test.cpp"):
        names.update(".".join(found) for found in TEST.findall(path.read_text()))
    return names


def of_proof(proof, number, top, here, tests):
    """What is wrong with one proof: a script here, a path below tests/, or Suite.Case of a unit test."""
    if proof.endswith(".t"):
        path = here / proof
        if not path.exists():
            return f"{number}: no script {proof}"
        covered = set().union(*(case.settings["covers"] for case in script.parse(path)))
        return None if number in covered else f"{number}: {proof} does not say that it covers it"
    if "/" in proof:
        return None if (top / "tests" / proof).exists() else f"{number}: no tests/{proof}"
    return None if proof in tests else f"{number}: no test {proof}"


def faults(here, top):
    table, tests, found = rows(here), known_tests(top), []
    numbers = [number for number, *_ in table]
    if numbers != list(LINES):
        found.append(f"README.md: lines missing or out of order: {sorted(set(LINES) ^ set(numbers))}")
    for number, _, proofs, state in table:
        names = re.findall(r"`([^`]+)`", proofs)
        found += [fault for name in names if (fault := of_proof(name, number, top, here, tests))]
        if not state.startswith(STATES):
            found.append(f"{number}: the state is none of {', '.join(STATES)}")
        if state.startswith("not yet") == bool(names):
            found.append(f"{number}: \"not yet\" has no proof, everything else has")
    for path in sorted(here.glob("*.t")):
        for number in set().union(*(case.settings["covers"] for case in script.parse(path))):
            if not any(row[0] == number and f"`{path.name}`" in row[2] for row in table):
                found.append(f"{path.name} covers {number}, which the table does not say")
    said, right = SUM.findall((here / "README.md").read_text()), counted(table)
    if said != [tuple(map(str, right))]:
        found.append(f"README.md: the sum is {right[0]} of {right[1]}, and it says {said}")
    return found


def counted(table):
    applying = [state for *_, state in table if not state.startswith("not yet")]
    return sum(state.startswith("covered") for state in applying), len(applying)


def summary(here):
    covered, applying = counted(rows(here))
    return f"{covered} of {applying} that apply"
