#!/usr/bin/env python3
"""Holds the one-way rule of docs/architecture.md: which folder of src may include which. TAP."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]) / "src"
ports_and_base = {"ports", "base"}
product = ports_and_base | {"access", "privacy"}
allowed = {
    "base": set(),
    "net": {"base"},
    "ports": {"base"},
    "extract": {"base"},
    "embedded": ports_and_base | {"net"},
    "remote": ports_and_base | {"net"},
    "search": ports_and_base,
    "access": ports_and_base,
    "documents": product,
    "api": product | {"net", "documents"},
    "cmd": product | {"net", "documents", "api"},
}
# The exceptions: the wiring picks adapters; the protocol of the helper is spoken at both ends; `quire index` works on the
# files of the embedded engine.
wiring = {"cmd/wiring.c", "cmd/wiring.h"}
shared_headers = {"extract/protocol.h": {"embedded"}, "search/search_index_embedded.h": {"cmd"}, "search/json/query_json.h": {"cmd"}}
# The floors of the search engine, the lowest first; the adapter itself stands above them all.
floors = ["analysis", "segment", "index", "query", "answer", "json"]
# What one folder shows the next: a single header.
faces = {"documents": "documents/documents.h", "api": "api/api.h"}
include = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)



def floor_of(name):
    part = name.split("/")[1]
    return floors.index(part) if part in floors else len(floors)


failures = {}
for path in sorted(root.rglob("*.[ch]")):
    name = path.relative_to(root).as_posix()
    folder = name.split("/")[0]
    for target in include.findall(path.read_text()):
        to = target.split("/")[0]
        if "/" not in target or to == folder:
            if "/" not in target:
                failures.setdefault(folder, []).append(f"{name}: {target} is not written from src/")
            elif folder == "search" and floor_of(target) > floor_of(name):
                failures.setdefault(folder, []).append(f"{name} includes {target}, which stands above it")
            continue
        if name in wiring and to in ("embedded", "remote"):
            continue
        if folder in shared_headers.get(target, ()):
            continue
        if to not in allowed.get(folder, set()):
            failures.setdefault(folder, []).append(f"{name} includes {target}")
        elif to in faces and target != faces[to]:
            failures.setdefault(folder, []).append(f"{name} includes {target}, which is private to {to}")

folders = sorted(allowed)
print(f"1..{len(folders)}")
for i, folder in enumerate(folders, 1):
    wrong = failures.get(folder, [])
    print(f"{'not ok' if wrong else 'ok'} {i} - {folder} includes only what it may")
    for line in wrong:
        print(f"# {line}")
sys.exit(1 if failures else 0)
