#!/usr/bin/env python3
"""Writes a file as a C array: embed.py NAME INPUT OUTPUT. YAML becomes JSON first."""
import json
import sys

name, source, target = sys.argv[1:]
with open(source, "rb") as f:
    data = f.read()
if source.endswith(".yaml"):
    import yaml
    data = json.dumps(yaml.safe_load(data), separators=(",", ":"), ensure_ascii=False).encode()
rows = [data[i:i + 20] for i in range(0, len(data), 20)]
with open(target, "w") as f:
    f.write("#include <stddef.h>\n\n")
    f.write(f"extern const char {name}[];\nextern const size_t {name}_length;\n\n")
    f.write(f"const char {name}[] = {{\n")
    for row in rows:
        f.write("".join(f"{b if b < 128 else b - 256}," for b in row) + "\n")
    f.write("0};\n")
    f.write(f"const size_t {name}_length = {len(data)};\n")
