#!/usr/bin/env python3
"""The share of a contract's quotes that quire-extract finds on their page, by layout.

    quotes.py [--count 100] [--seed 1] [--helper build/quire-extract]

The contracts are made by generate_contracts.py of ../shared (or $QUIRE_SHARED), which needs reportlab: where this Python
has none, a virtual environment in build/bench-venv gets it. White space counts as one space. Contracts that only open
with a password are left out, and so are quotes that are drawn beyond the edge of their page, where no reader sees them:
the generator turns the pages after a rotated one, too, but not what it draws on them. Exit status: 0 when every layout reaches its bound, 1 when one does not, 77 when skipped.
"""
import argparse
import collections
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
GENERATOR = pathlib.Path(os.environ.get("QUIRE_SHARED", ROOT.parent / "shared")) / "data/generate_contracts.py"
REPORTLAB = "reportlab==4.2.5"
BOUNDS = collections.defaultdict(lambda: 0.99, shuffled=0.95)
SKIPPED = 77


def python_with_reportlab():
    if importlib.util.find_spec("reportlab"):
        return sys.executable
    home = ROOT / "build/bench-venv"
    if not home.is_dir():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin/pip", "install", "--quiet", REPORTLAB], check=True)
    return home / "bin/python"


def pages_of(helper, path):
    lines = subprocess.run([helper, "--text", path], stdout=subprocess.PIPE, check=False).stdout.split(b"\n")
    said = [json.loads(line) for line in lines if line]
    return {page["page"]: page for page in said if "text" in page}


def one_space(text):
    return " ".join(text.split())


def holds(text, quote):
    return one_space(quote) in one_space(text)


def is_off_page(page, quote):
    return any(hidden["reason"] == "off_page" and holds(hidden["text"], quote) for hidden in page.get("hidden", []))


def count_quotes(directory, helper):
    found, asked, off_page, missing = collections.Counter(), collections.Counter(), collections.Counter(), []
    for line in (directory / "facts.ndjson").read_text().splitlines():
        contract = json.loads(line)
        if contract["password"]:
            continue
        pages = pages_of(helper, directory / contract["file"])
        for name, citation in contract["citations"].items():
            page = pages.get(citation["page"], {"text": ""})
            if is_off_page(page, citation["quote"]):
                off_page[contract["layout"]] += 1
                continue
            asked[contract["layout"]] += 1
            if holds(page["text"], citation["quote"]):
                found[contract["layout"]] += 1
            else:
                missing.append(f"{contract['layout']}: {contract['file']} page {citation['page']}: {name}")
    return found, asked, off_page, missing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", default="100")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--helper", default=ROOT / "build/quire-extract")
    options = parser.parse_args()
    if not GENERATOR.is_file():
        print(f"skipped: there is no {GENERATOR}")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        subprocess.run([python_with_reportlab(), GENERATOR, "--out", directory, "--n", options.count, "--seed", options.seed], check=True)
        found, asked, off_page, missing = count_quotes(directory, options.helper)
    for layout in asked:
        print(f"{layout:14} {found[layout]:5} of {asked[layout]:5}  {found[layout] / asked[layout]:.4f}  ({off_page[layout]} off their page)")
    print("\n".join(missing[:20]))
    return int(any(found[layout] < BOUNDS[layout] * asked[layout] for layout in asked))


if __name__ == "__main__":
    sys.exit(main())
