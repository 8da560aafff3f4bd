"""The language of the scripts, README.md beside this file: text to cases with steps. Nothing here opens a socket."""
import codecs
import dataclasses
import pathlib
import re
import shlex

SEGMENTS = ("as written", "joined", "octets", "cuts")
SETTINGS = {"covers", "segments", "host", "alone"}
RAW = {"C:", "S:", "S~", "S*", "S."}   # the rest of the line is text as it stands, with escapes
VERBS = RAW | {"connect", "on", "send", "wait", "closed", "silent", "half-close", "reset", "close", "unwrap", "starttls", "log-in", "logged",
               "log", "mailbox", "memory", "repeat", "end", "crowd", "timer", "mailctl", "trickle", "drop", "tls"}
WORD = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")(?:\*(\d+))?|(\S+))')


class Fault(Exception):
    """A script that cannot be read."""


@dataclasses.dataclass
class Step:
    number: int                        # of its line
    verb: str
    words: list                        # octets of what was quoted, str of bare words
    body: list = dataclasses.field(default_factory=list)   # of repeat


@dataclasses.dataclass
class Case:
    script: str
    name: str
    settings: dict
    steps: list
    each: bytes = b""

    def modes(self):
        """How the case's octets are cut. `exact`: only as written, because where the cut is, is what the case is about."""
        return SEGMENTS if self.settings["segments"] == "any" else SEGMENTS[:1]

    def label(self):
        return f"{self.script}: {self.name}" + (f" {self.each[:40]!r}" if self.each else "")


def unescape(text):
    return codecs.escape_decode(text.encode("latin-1"))[0]


def words_of(text):
    """Bare words, and quoted octets with their repetition."""
    words, position = [], 0
    while text[position:].strip():
        match = WORD.match(text, position)
        quoted, times, bare = match.groups()
        words.append(unescape(quoted[1:-1]) * int(times or 1) if quoted else bare)
        position = match.end()
    return words


def octets_of(words):
    return b"".join(word if isinstance(word, bytes) else word.encode() for word in words)


def step_of(number, line):
    verb, _, rest = line.partition(" ")
    if verb not in VERBS:
        raise Fault(f"line {number}: no such step: {verb}")
    if verb in ("S~", "S."):
        return Step(number, verb, [rest.encode("latin-1")])
    return Step(number, verb, [unescape(rest)] if verb in RAW else words_of(rest))


def nested(steps):
    """The steps between `repeat` and `end` become the repeat's own."""
    stack = [[]]
    for step in steps:
        if step.verb == "end":
            stack.pop()
            continue
        stack[-1].append(step)
        if step.verb == "repeat":
            stack.append(step.body)
    if len(stack) != 1:
        raise Fault("repeat without end, or the other way round")
    return stack[0]


def setting(settings, number, line):
    name, _, value = line.partition(" ")
    if name == "covers":
        settings[name] = {int(n) for n in value.split()}
    elif name == "segments" and value not in ("any", "exact"):
        raise Fault(f"line {number}: segments any, or segments exact")
    else:
        settings[name] = value.strip() or True


def parse(path):
    """The cases of one script; one for each value where a case has `each`."""
    settings = {"segments": "any", "host": "trial", "alone": False, "covers": set()}
    cases, values = [], []
    for number, line in enumerate(path.read_text(encoding="latin-1").splitlines(), 1):
        line = line.strip(" ")
        if not line or line.startswith("#"):
            continue
        name = line.split(" ")[0]
        if name == "case":
            cases.append(Case(path.name, line[5:], dict(settings), []))
            values.append([])
        elif name in SETTINGS:
            setting(cases[-1].settings if cases else settings, number, line)
        elif not cases:
            raise Fault(f"{path.name}: line {number}: a step before the first case")
        elif name == "each":
            values[-1] += [word if isinstance(word, bytes) else word.encode() for word in words_of(line[5:])]
        else:
            cases[-1].steps.append(step_of(number, line))
    expanded = []
    for case, each in zip(cases, values):
        case.steps = nested(case.steps)
        expanded += [dataclasses.replace(case, each=value) for value in each] or [case]
    return expanded


def parse_all(folder, wanted=()):
    paths = sorted(pathlib.Path(folder).glob("*.t"))
    chosen = [path for path in paths if not wanted or any(word in path.name for word in wanted)]
    return [case for path in chosen for case in parse(path)]


def options_of(words):
    """"alpn=imap,smtp" … among bare words, and the words that are no options."""
    options = dict(word.split("=", 1) for word in words if isinstance(word, str) and "=" in word)
    return options, [word for word in words if not (isinstance(word, str) and "=" in word)]


def arguments(words):
    """One text as a shell splits it, or words as they are."""
    return shlex.split(words[0].decode("latin-1")) if len(words) == 1 else words
