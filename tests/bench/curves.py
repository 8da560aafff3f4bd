"""How a cost grows with a size: what was measured, whether it grew faster than it may, and the table and the plot of it."""
import dataclasses
import html
import json
import math
import statistics

import report

# What a cost may grow like. A session knows the numbers of all messages of its mailbox (RFC 9051 §2.3.1.2), and what asks for all is paid for each.
laws = {"constant": lambda n: 1, "log n": lambda n: math.log2(n) + 1, "n": lambda n: n}
generous = 3          # times what the law allows, for caches that are outgrown and other work on the machine
least_ms = 0.1        # CPU below it counts as this much: so little is noise


@dataclasses.dataclass
class Curve:
    name: str
    law: str                 # a key of `laws`; what the cost must not grow faster than
    of: str                  # the size's unit: "messages"
    unit: str = "ms"
    least: float = least_ms
    points: dict = dataclasses.field(default_factory=dict)   # by size: lists of (cost, time)

    def add(self, size, cost, wall=None):
        """`cost` is judged, the time by the clock is only shown."""
        self.points.setdefault(size, []).append((cost, wall))

    def cost(self, size):
        return statistics.median(cost for cost, _ in self.points[size])

    def wall(self, size):
        times = [wall for _, wall in self.points.get(size, ()) if wall is not None]
        return statistics.median(times) if times else None

    def faults(self):
        """Each pair of sizes between which it grew more than generously, in words."""
        grows = laws[self.law]
        sizes = sorted(self.points)
        found = []
        for place, greater in enumerate(sizes):
            for smaller in sizes[:place]:
                before, after = max(self.cost(smaller), self.least), self.cost(greater)
                allowed = before * grows(greater) / grows(smaller) * generous
                if after > allowed:
                    found.append(f"{self.name}: {report.number(after)} {self.unit} with {greater:,} {self.of}, {report.number(before)} with {smaller:,}: "
                                 f"more than {generous} × what growing like {self.law} allows ({report.number(allowed)})")
        return found

    def cell(self, size):
        if size not in self.points:
            return "–"
        wall = self.wall(size)
        cost = f"{report.number(self.cost(size))} {self.unit}" if self.cost(size) > 0 else "–"
        return cost if wall is None else f"{report.number(wall)} ms, CPU {cost}"


def to_json(groups):
    return json.dumps({group: [dataclasses.asdict(curve) for curve in named.values()] for group, named in groups.items()})


def from_json(text):
    groups = {}
    for group, listed in json.loads(text).items():
        for values in listed:
            values["points"] = {int(size): [tuple(pair) for pair in pairs] for size, pairs in values["points"].items()}
            groups.setdefault(group, {})[values["name"]] = Curve(**values)
    return groups


def table(title, curves):
    """A row for each curve, a column for each size."""
    curves = [curve for curve in curves if curve.points]
    sizes = sorted({size for curve in curves for size in curve.points})
    head = [title, *(f"{size:,}" for size in sizes), "may grow like"]
    lines = [head, ["---"] * len(head)] + [[curve.name, *map(curve.cell, sizes), curve.law] for curve in curves]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# The plot: small ones in rows, each with its own axes, both logarithmic.
columns, width, height = 3, 300, 190
left, right, above, below = 52, 14, 34, 34
colours = {"time": "#2a6f97", "cost": "#e09f3e"}


class Frame:
    """One small plot: places of values in it."""

    def __init__(self, number, sizes, values):
        self.x, self.y = number % columns * width, 30 + number // columns * height
        self.sizes = [math.log10(sizes[0]), max(math.log10(sizes[-1]), math.log10(sizes[0]) + 1)]
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.values = [low, max(high, low + 2)]

    def across(self, size):
        return self.x + left + (math.log10(size) - self.sizes[0]) / (self.sizes[1] - self.sizes[0]) * (width - left - right)

    def up(self, value):
        share = (math.log10(value) - self.values[0]) / (self.values[1] - self.values[0])
        return self.y + height - below - share * (height - above - below)


def power(exponent):
    return f"{10.0 ** exponent:,g}" if -4 < exponent < 5 else f"1e{exponent}"


def axes(frame, curve, sizes):
    parts = [f'<text x="{frame.x + left}" y="{frame.y + above - 12}" font-weight="bold">{html.escape(curve.name)}</text>']
    step = 1 if frame.values[1] - frame.values[0] <= 4 else 2
    for exponent in range(frame.values[0], frame.values[1] + 1, step):
        y = frame.up(10.0 ** exponent)
        parts.append(f'<line x1="{frame.x + left}" x2="{frame.x + width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{frame.x + left - 5}" y="{y + 4:.1f}" text-anchor="end">{power(exponent)}</text>')
    for size in sizes:
        x = frame.across(size)
        parts.append(f'<text x="{x:.1f}" y="{frame.y + height - below + 14}" text-anchor="middle">{size if size < 10_000 else f"{size:.0e}".replace("e+0", "e")}</text>')
    return parts


def line(frame, points, colour, unit):
    places = [(frame.across(size), frame.up(value)) for size, value in points]
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="1.5"/>']
    for (x, y), (size, value) in zip(places, points):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"><title>{size:,}: {report.number(value)} {unit}</title></circle>')
    return parts


def allowed(frame, curve, first):
    """What the law allows, from the first point on: dashed, as far as it is within the frame."""
    size, value = first
    end, grows = 10 ** frame.sizes[1], laws[curve.law]
    steps = [size * (end / size) ** (step / 60) for step in range(61)]
    points = [(at, value * grows(at) / grows(size)) for at in steps]
    within = [(at, one) for at, one in points if one <= 10.0 ** frame.values[1]]
    text = " ".join(f"{frame.across(at):.1f},{frame.up(one):.1f}" for at, one in within)
    return [f'<polyline points="{text}" fill="none" stroke="#999" stroke-dasharray="3 3"/>']


def draw(number, curve):
    sizes = sorted(curve.points)
    costs = [(size, curve.cost(size)) for size in sizes if curve.cost(size) > 0]
    times = [(size, curve.wall(size)) for size in sizes if curve.wall(size)]
    values = [value for _, value in costs + times]
    if not values:
        return []
    frame = Frame(number, sizes, values)
    parts = axes(frame, curve, sizes)
    if costs:
        parts += allowed(frame, curve, costs[0]) + line(frame, costs, colours["cost"], curve.unit)
    return parts + line(frame, times, colours["time"], "ms")


def legend():
    parts, x = [], left
    for colour, text, dash in ((colours["time"], "time, ms", ""), (colours["cost"], "CPU, ms (or what the title says)", ""),
                               ("#999", "how CPU may grow", ' stroke-dasharray="3 3"')):
        parts.append(f'<line x1="{x}" x2="{x + 18}" y1="15" y2="15" stroke="{colour}" stroke-width="2"{dash}/><text x="{x + 23}" y="19">{text}</text>')
        x += 60 + 6 * len(text)
    return parts


def plot(curves):
    """An SVG of small plots."""
    curves = [curve for curve in curves if len(curve.points) > 1 and max(map(curve.cost, curve.points)) >= curve.least]
    rows = -(-len(curves) // columns)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * width}" height="{40 + rows * height}" font-family="sans-serif" font-size="11">',
             '<rect width="100%" height="100%" fill="#fff"/>', *legend()]
    for number, curve in enumerate(curves):
        parts += draw(number, curve)
    return "\n".join(parts + ["</svg>"]) + "\n"
