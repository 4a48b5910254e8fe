#!/usr/bin/env python3
"""Counts the cases of one or more builds from meson's JUnit files, and the steps of ./dev check; the last line is
`N passed, N failed`. Exits 1 where anything failed or nothing ran."""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

passed = failed = skipped = 0
names = []


def count_suite(suite, build):
    global passed, failed, skipped
    for case in suite.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            names.append(f"{build}: {suite.get('name')} / {case.get('name')}")
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1


for build in map(pathlib.Path, sys.argv[1:]):
    for log in sorted(build.glob("meson-logs/testlog*.junit.xml")):
        for suite in ElementTree.parse(log).getroot().iter("testsuite"):
            count_suite(suite, build.name)
    steps = build / "steps.txt"
    if steps.exists():
        for line in steps.read_text().splitlines():
            name, _, outcome = line.rpartition(" ")
            passed += outcome == "passed"
            if outcome != "passed":
                failed += 1
                names.append(name)
for name in names:
    print("failed:", name)
if skipped:
    print(f"{skipped} skipped: they need --long, or what this machine lacks")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
