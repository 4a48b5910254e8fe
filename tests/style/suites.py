#!/usr/bin/env python3
"""Every port has a contract suite, every contract and unit test is built, every fuzz target has a corpus. TAP."""
import pathlib
import sys

root = pathlib.Path(sys.argv[1])
not_ports = {"capability", "search_query", "stream"}
# An `_internal` header is a part of its port.
cases = []
contract = (root / "tests/contract/meson.build").read_text()
unit = (root / "tests/unit/meson.build").read_text()
fuzz = (root / "tests/fuzz/meson.build").read_text()
for header in sorted((root / "src/ports").glob("*.h")):
    if header.stem not in not_ports and not header.stem.endswith("_internal"):
        cases.append((f"'{header.stem}'" in contract and (root / f"tests/contract/contract_{header.stem}.c").is_file(),
                      f"the port {header.stem} has a contract suite"))
for test in sorted((root / "tests/unit").glob("test_*.c")):
    cases.append((f"'{test.stem[5:]}'" in unit, f"{test.name} is built"))
for target in sorted((root / "tests/fuzz").glob("fuzz_*.c")):
    corpus = root / "tests/fuzz/corpus" / target.stem[5:]
    cases.append((f"'{target.stem[5:]}'" in fuzz and corpus.is_dir() and any(corpus.iterdir()),
                  f"{target.name} is built and has a corpus"))
print(f"1..{len(cases)}")
for i, (ok, name) in enumerate(cases, 1):
    print(f"{'ok' if ok else 'not ok'} {i} - {name}")
sys.exit(0 if all(ok for ok, _ in cases) else 1)
