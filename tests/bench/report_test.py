#!/usr/bin/env python3
"""Tables and plot from made-up measurements."""
import pathlib
import sys
import unittest
import xml.dom.minidom

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import report  # noqa: E402


def answer(rate, cpu, p50=1.0, operations=1000):
    return {"rate": rate, "server_cpu_s_per_1k": cpu, "latency_ms": {"p50": p50}, "switches_per_op": 2, "operations": operations}


def row(ours, others, **more):
    made = report.Row("a < b", **more)
    for one in ours:
        made.add("Maild", one)
    for one in others:
        made.add("Dovecot", one)
    return made


class Report(unittest.TestCase):
    def test_ratios_are_of_medians(self):
        made = row([answer(10, 1), answer(1000, 9), answer(900, 2)], [answer(90, 8)])
        self.assertEqual((made.rate_ratio(), made.cpu_ratio()), (10, 4))

    def test_what_is_single_goes_by_its_time(self):
        made = row([answer(1, 1, p50=2.0, operations=1)], [answer(1, 1, p50=8.0, operations=1)], is_single=True)
        self.assertEqual(made.rate_ratio(), 4)
        self.assertIn("| 2 ms, ", made.line())

    def test_goals_are_met_or_missed(self):
        self.assertEqual(row([answer(80, 1)], [answer(10, 9)], goal_rate=8, goal_cpu=10).goal(), "8 × the rate: met; 1/10 of the CPU: missed")

    def test_no_cpu_where_too_little_was_used(self):
        self.assertIn("CPU –", row([answer(1, 0.5, operations=1)], [answer(1, 4, operations=1)]).line())

    def test_a_row_of_one_server_is_left_out(self):
        self.assertEqual(len(report.table("Dovecot", [row([answer(1, 1)], [])]).splitlines()), 2)

    def test_plot(self):
        for ours in (answer(1, 1), answer(64, 0), answer(1e-3, 100)):
            made = row([ours], [answer(1, 1)])
            image = xml.dom.minidom.parseString(report.plot([made]))
            self.assertEqual(len([one for one in image.getElementsByTagName("rect") if one.getElementsByTagName("title")]), 2 if made.cpu_ratio() else 1)
        self.assertEqual(image.getElementsByTagName("text")[-1].firstChild.data, "a < b")


unittest.main(verbosity=2)
