#!/usr/bin/env python3
"""What counts as growing faster than it may, and the tables and plots of it, from made-up measurements."""
import pathlib
import sys
import unittest
import xml.dom.minidom

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import curves  # noqa: E402

sizes = [10 ** exponent for exponent in range(2, 7)]


def curve(law, cost, **more):
    made = curves.Curve("a < b", law, "messages", **more)
    for size in sizes:
        made.add(size, cost(size), 2 * cost(size))
    return made


class Curves(unittest.TestCase):
    def test_what_the_law_allows_is_no_fault(self):
        for law, cost in (("constant", lambda n: 0.3), ("log n", lambda n: 0.3), ("log n", lambda n: 0.1 * len(str(n))), ("n", lambda n: n / 100),
                          ("n", lambda n: 5 + n / 1e5), ("n", lambda n: 0.3)):
            self.assertEqual(curve(law, cost).faults(), [])

    def test_what_grows_faster_is_one(self):
        for law, cost in (("constant", lambda n: n / 100), ("log n", lambda n: n / 100), ("log n", lambda n: n ** 0.5), ("n", lambda n: n * n / 1e4),
                          ("n", lambda n: 5 + n * n / 1e8)):
            found = curve(law, cost).faults()
            self.assertIn(f"more than 3 × what growing like {law} allows", found[-1])

    def test_one_slow_round_of_three_is_none(self):
        made = curve("log n", lambda n: 1)
        for size in sizes:
            made.add(size, 1)
        made.add(sizes[-1], 100)
        self.assertEqual(made.faults(), [])

    def test_what_is_too_little_to_be_measured_is_none(self):
        self.assertEqual(curve("constant", lambda n: 0.001 if n == 100 else 0.2).faults(), [])
        self.assertEqual(len(curve("constant", lambda n: 0.001 if n == 100 else 0.2, least=0.01).faults()), 4)

    def test_they_can_be_kept(self):
        groups = {"g": {"a < b": curve("n", lambda n: n, least=7)}}
        self.assertEqual(curves.from_json(curves.to_json(groups)), groups)

    def test_table(self):
        short = curves.Curve("c", "n", "messages")
        short.add(100, 0.5)
        lines = curves.table("with so many", [curve("n", lambda n: n), short, curves.Curve("d", "n", "messages")]).splitlines()
        self.assertEqual(len(lines), 4)
        self.assertIn("| 200 ms, CPU 100 ms | 2,000 ms, CPU 1,000 ms |", lines[2])
        self.assertEqual(lines[3], "| c | 0.5 ms | – | – | – | – | n |")

    def test_plot(self):
        for cost in (lambda n: n / 1e7, lambda n: 1, lambda n: n * n):
            text = curves.plot([curve("n", cost), curve("log n", cost), curve("constant", cost), curve("n", cost)])
            image = xml.dom.minidom.parseString(text)
            self.assertEqual(len(image.getElementsByTagName("circle")), 4 * 2 * len(sizes))
            high = float(image.documentElement.getAttribute("height"))
            for circle in image.getElementsByTagName("circle"):
                self.assertTrue(0 < float(circle.getAttribute("cy")) < high)

    def test_what_costs_nothing_to_speak_of_is_not_drawn(self):
        image = xml.dom.minidom.parseString(curves.plot([curve("n", lambda n: 0), curve("n", lambda n: 0.01)]))
        self.assertEqual(image.getElementsByTagName("circle"), [])


unittest.main(verbosity=2)
