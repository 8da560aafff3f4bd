"""Tables and the plot of what tests/bench/run has measured: lists of maild_load's answers by row and server."""
import html
import math
import statistics


def median(answers, key):
    return statistics.median(answer[key] for answer in answers)


def operation_ms(answers):
    return statistics.median(answer["latency_ms"]["p50"] for answer in answers)


def rate(row, answers):
    """Operations a second; of what is done one after the other, by the time that one takes."""
    return 1000 / operation_ms(answers) if row.is_single else median(answers, "rate")


def cpu_ms(answers):
    return median(answers, "server_cpu_s_per_1k")


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def ratio(above, below):
    return number(above / below) if below > 0 and above > 0 else "–"


class Row:
    """One workload: its answers by server, ours first."""

    def __init__(self, name, goal_rate=0, goal_cpu=0, is_single=False):
        self.name, self.goal_rate, self.goal_cpu, self.is_single = name, goal_rate, goal_cpu, is_single
        self.answers = {}

    def add(self, server, answer):
        self.answers.setdefault(server, []).append(answer)

    def pair(self):
        (_, ours), (_, others) = list(self.answers.items())[:2]
        return ours, others

    def figures(self, answers):
        cpu = cpu_ms(answers)
        cpu_text = f"CPU {number(cpu)} ms" if cpu * len(answers) * answers[0]["operations"] >= 1 else "CPU –"
        speed = f"{number(operation_ms(answers))} ms" if self.is_single else f"{number(rate(self, answers))}/s"
        return f"{speed}, {cpu_text}"

    def rate_ratio(self):
        ours, others = self.pair()
        return rate(self, ours) / rate(self, others)

    def cpu_ratio(self):
        ours, others = self.pair()
        return cpu_ms(others) / cpu_ms(ours) if cpu_ms(ours) > 0 else 0

    def goal(self):
        wanted = [(f"{self.goal_rate:g} × the rate", self.goal_rate, self.rate_ratio()),
                  (f"1/{self.goal_cpu:g} of the CPU", self.goal_cpu, self.cpu_ratio())]
        return "; ".join(f"{text}: {'met' if got >= goal else 'missed'}" for text, goal, got in wanted if goal)

    def line(self):
        ours, others = self.pair()
        switches = f"{number(median(ours, 'switches_per_op'))} / {number(median(others, 'switches_per_op'))}"
        cells = [self.name, self.figures(ours), self.figures(others), number(self.rate_ratio()), number(self.cpu_ratio()), switches, self.goal()]
        return "| " + " | ".join(cells) + " |"


def table(other, rows):
    lines = [f"| workload | Maild | {other} | ratio, rate | ratio, CPU | context switches, each | goal |",
             "|---|---|---|---|---|---|---|"]
    return "\n".join(lines + [row.line() for row in rows if len(row.answers) == 2])


def short_table(title, columns, lines):
    """`lines`: (name, ours, theirs, unit)."""
    out = [f"| {title} | " + " | ".join(columns) + " | ratio |", "|---" * (len(columns) + 2) + "|"]
    for name, ours, theirs, unit in lines:
        out.append(f"| {name} | {number(ours)}{unit} | {number(theirs)}{unit} | {ratio(theirs, ours)} |")
    return "\n".join(out)


bar, gap, left, width = 9, 10, 330, 420
colours = {"rate": "#2a6f97", "CPU": "#e09f3e"}


def scale(value, greatest):
    """A ratio's place: each octave as wide as the next; from a half on."""
    value = max(value, 0.25)
    return left + (math.log2(value) + 2) / (math.log2(greatest) + 2) * width


def axis(greatest, height):
    parts, value = [], 0.25
    while value <= greatest:
        x = scale(value, greatest)
        style = "#000" if value == 1 else "#ddd"
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="30" y2="{height - 24}" stroke="{style}"/>')
        label = f"{value:g}" if value >= 1 else f"1/{1 / value:g}"
        parts.append(f'<text x="{x:.1f}" y="{height - 10}" text-anchor="middle">{label}</text>')
        value *= 2
    return parts


def legend():
    parts = []
    for place, (name, colour) in enumerate(colours.items()):
        x = left + place * 210
        text = "times the rate" if name == "rate" else "times less CPU an operation"
        parts.append(f'<rect x="{x}" y="10" width="10" height="10" fill="{colour}"/><text x="{x + 15}" y="19">{text}</text>')
    return parts


def plot(rows):
    """An SVG: two bars for each row, from 1 to its ratio, on a logarithmic scale."""
    rows = [row for row in rows if len(row.answers) == 2]
    values = [value for row in rows for value in (row.rate_ratio(), row.cpu_ratio())]
    greatest = 2
    while greatest < max(values, default=2):
        greatest *= 2
    height = 30 + len(rows) * (2 * bar + gap) + 30
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 40}" height="{height}" font-family="sans-serif" font-size="11">',
             f'<rect width="100%" height="100%" fill="#fff"/>', *legend(), *axis(greatest, height)]
    for place, row in enumerate(rows):
        y = 36 + place * (2 * bar + gap)
        parts.append(f'<text x="{left - 10}" y="{y + bar + 3}" text-anchor="end">{html.escape(row.name)}</text>')
        for offset, (colour, value) in enumerate(zip(colours.values(), (row.rate_ratio(), row.cpu_ratio()))):
            if value <= 0:
                continue
            start, end = sorted((scale(1, greatest), scale(value, greatest)))
            parts.append(f'<rect x="{start:.1f}" y="{y + offset * bar}" width="{max(end - start, 1):.1f}" height="{bar - 1}" fill="{colour}">'
                         f"<title>{number(value)}</title></rect>")
    return "\n".join(parts + ["</svg>"]) + "\n"
