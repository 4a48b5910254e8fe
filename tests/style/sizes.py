#!/usr/bin/env python3
"""Reports the sizes of files and functions in src; fails where a file has more than 700 lines. Functions are found by the
layout that clang-format keeps: a name at the start of a line, an opening brace alone on one, a closing one."""
import pathlib
import sys

root = pathlib.Path(__file__).resolve().parents[2]
files, functions = [], []
for path in sorted((root / "src").rglob("*.[ch]")):
    lines = path.read_text().split("\n")
    name = path.relative_to(root).as_posix()
    files.append((len(lines) - 1, name))
    start = None
    for number, line in enumerate(lines):
        if line == "{" and number > 0:
            start = number
        elif line == "}" and start is not None:
            head = next((lines[i] for i in range(start - 1, -1, -1) if lines[i] and not lines[i][0].isspace()), "")
            functions.append((number - start - 1, f"{name}: {head.split('(')[0].split()[-1].lstrip('*') if '(' in head else head}"))
            start = None
files.sort(reverse=True)
functions.sort(reverse=True)
lengths = sorted(length for length, _ in functions)
print(f"{len(files)} files, {sum(length for length, _ in files)} lines; {len(functions)} functions: median "
      f"{lengths[len(lengths) // 2]} lines, 19 of 20 under {lengths[len(lengths) * 95 // 100] + 1}")
print("longest files:", ", ".join(f"{name} {length}" for length, name in files[:5]))
print("longest functions:", ", ".join(f"{name} {length}" for length, name in functions[:5]))
sys.exit(1 if files[0][0] > 700 else 0)
