#!/usr/bin/env python3
"""Runs the cases of one file under pytest and prints a TAP line for each: tap.py FILE [PYTEST ARGUMENT ...]"""
import sys

import pytest

ROWS_SHOWN, ROW_LENGTH = 60, 400


class TapReporter:
    def __init__(self):
        self.count = 0
        self.skipped = ""  # why the whole file was

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config):
        """Pytest's own report would stand between the lines."""
        config.pluginmanager.unregister(name="terminalreporter")

    def line(self, is_ok, report, note=""):
        self.count += 1
        name = report.nodeid.rpartition("::")[2].replace("#", "")
        print(f"{'ok' if is_ok else 'not ok'} {self.count} - {name}{note}", flush=True)

    def explain(self, report):
        for text in [report.longreprtext, *(text for _, text in report.sections)]:
            for row in text.splitlines()[-ROWS_SHOWN:]:
                print("#", row[:ROW_LENGTH])

    def pytest_runtest_logreport(self, report):
        if report.skipped:
            self.line(True, report, f" # SKIP {reason_of(report)}")
        elif report.failed:
            self.line(False, report, f" ({report.when})" if report.when != "call" else "")
            self.explain(report)
        elif report.when == "call":
            self.line(True, report)

    def pytest_collectreport(self, report):
        if report.skipped:
            self.skipped = reason_of(report)
        elif report.failed:
            self.explain(report)
            print("Bail out! a file of tests cannot be read", flush=True)

    def pytest_sessionfinish(self):
        print(f"1..0 # SKIP {self.skipped}" if self.skipped else f"1..{self.count}", flush=True)


def reason_of(report):
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""


if __name__ == "__main__":
    reporter = TapReporter()
    exit_code = pytest.main(["-p", "no:cacheprovider", "--tb=short", *sys.argv[1:]], plugins=[reporter])
    sys.exit(0 if reporter.skipped and exit_code == pytest.ExitCode.NO_TESTS_COLLECTED else exit_code)
